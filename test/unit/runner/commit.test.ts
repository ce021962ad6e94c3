import { lstatSync, mkdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseHistory } from '../../../src/lib/app-folder/history.js';
import { runnerApp, says } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

describe.each(vmShells())('the end of a run, in $name', { timeout: 60_000 }, (shell) => {
  it('makes the release the live one, and notes its containers beside it', () => {
    const app = runnerApp(shell);
    symlinkSync('releases/r1', join(app.base, 'current'));
    app.docker({ 'ps -a --no-trunc': says('own\tweb|hash|shop-web|1', '"/x"\t"a=b"') });
    const { lines } = app.run(
      'live_release; echo "$live_now"; make_current; wait $noting; live_release; echo "$live_now"',
    );
    expect(lines).toEqual(['r1', 'r2']);
    expect(readlinkSync(join(app.base, 'current'))).toBe('releases/r2');
    expect(app.read('releases/r2/containers')).toBe('web|hash|shop-web|1\n');
    expect(app.has('.current')).toBe(false);
  });

  it('moves out of the way what is in the place of the link, and keeps what is known of containers when Docker is silent', () => {
    const app = runnerApp(shell);
    mkdirSync(join(app.base, 'current'));
    app.write('current/file', 'of somebody');
    app.write('releases/r2/containers', 'before\n');
    app.docker({ ps: 'exit 1' });
    app.run('make_current; wait $noting');
    expect(lstatSync(join(app.base, 'current')).isSymbolicLink()).toBe(true);
    expect(app.read('current.before-run2/file')).toBe('of somebody');
    expect(app.read('releases/r2/containers')).toBe('before\n');
  });

  it('is in the history before it is in the journal, and the transaction is closed last', () => {
    const app = runnerApp(shell);
    app.write('releases.jsonl', '{"id":"r0","half');
    app.write('holder', 'me');
    const { journal, code, lines } = app.run(`phase switch
append() { [ "$1" != "$journal" ] || wc -l <"$base/releases.jsonl"; [ -e "$transaction" ] && echo open; printf '%s\\n' "$2" >>"$1"; }
step=verify gap='"web":1.5'
finish restored unhealthy 'web said "no" \\ $(id)
twice'
echo never`);
    expect([code, lines]).toEqual([0, ['open', '2', 'open']]);
    expect(app.has('transaction')).toBe(false);
    expect([app.read('holder'), app.read('held')]).toEqual(['', 'me']);
    const reason = 'web said "no" \\ $(id) twice';
    const [record] = parseHistory(app.read('releases.jsonl').split('\n').slice(1).join('\n'));
    expect(record).toMatchObject({
      id: 'r2',
      run: 'run2',
      verdict: 'restored',
      step: 'verify',
      cause: 'unhealthy',
      reason,
    });
    expect(record?.gaps).toEqual({ web: 1.5 });
    expect(journal.at(-1)).toMatchObject({ end: 'restored', step: 'verify', cause: 'unhealthy', reason });
  });

  it('refuses nobody while it still writes: who reads its end may begin with the next one', () => {
    const app = runnerApp(shell);
    app.write('holder', 'me');
    const { lines } = app.run(`phase switch
sync() { [ ! -s "$base/holder" ] || echo noted; [ ! -e "$transaction" ] || grep -c '"end"' "$journal"; }
finish live '' ''`);
    expect(lines).toEqual(['1']);
  });

  it('takes with it what was to change of the secrets, and that alone', () => {
    const app = runnerApp(shell);
    app.write('shared/secrets/apply', 'version=2.env\n');
    app.run('finish live "" ""');
    expect(app.has('shared/secrets/apply')).toBe(true);
    app.run('finish live "" ""', { mode: 'secrets' });
    expect(app.has('shared/secrets/apply')).toBe(false);
  });

  it.each([
    ['live', 'deploy', '', 'deployed'],
    ['restored', 'deploy', '1', 'restored'],
    ['unhealthy', 'deploy', '1', 'failed'],
    ['refused', 'deploy', '', 'failed'],
    ['refused', 'deploy', '1', undefined],
    ['refused', 'rollback', '', undefined],
    ['live', 'rollback', '', 'deployed'],
  ])('is written down for whoever tells: %s of %s, attended: %s', (verdict, mode, attended, event) => {
    const app = runnerApp(shell);
    app.write('holder', '{"who":"Bo \\"B\\"","from":"laptop","since":"2026-11-29T00:00:00Z","id":"r2","ref":"x"}');
    app.run(`attended='${attended}' mode=${mode} step=verify
record='"id":"r2","ref":"v2","kind":"tag","commit":"abc","subject":"a, \\"who\\":\\"x","who":"Ann","from":"GitHub"'
finish ${verdict} unhealthy 'web said "no"'`);
    const told = app.has('events/events.jsonl') ? (JSON.parse(app.read('events/events.jsonl')) as unknown) : {};
    const by = mode === 'deploy' ? { who: 'Ann', from: 'GitHub' } : { who: 'Bo "B"', from: 'laptop' };
    const members = {
      ref: 'v2',
      commit: 'abc',
      subject: 'a, "who":"x',
      mode,
      verdict,
      reason: 'web said "no"',
      run: 'run2',
      ...by,
    };
    expect(told).toEqual(event === undefined ? {} : expect.objectContaining({ event, ...members }));
    expect(app.has('events/new')).toBe(event !== undefined);
  });

  it('is written down when it was cut off, although somebody was there', () => {
    const app = runnerApp(shell);
    app.run(`attended=1 mode=deploy step=verify\nfinish refused interrupted killed`);
    expect(app.read('events/events.jsonl')).toContain('"event":"failed"');
  });
});
