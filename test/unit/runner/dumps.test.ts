import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dumpWorld, rowsSettings } from '../../support/dump-world.js';
import { runnerApp, said, type RunnerApp } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const BEFORE = 'dump_before && echo done || echo "$cause: $reason"; echo "made: $dump_made"';

describe.each(vmShells())('dumps and a deploy, in $name', { timeout: 60_000 }, (shell) => {
  const setup = (when: string, settings?: string, more: Readonly<Record<string, string>> = {}): RunnerApp => {
    const app = runnerApp(shell);
    const { docker, folder } = dumpWorld(app);
    app.docker({ ...more, ...docker });
    symlinkSync('releases/r1', join(app.base, 'current'));
    app.write('releases.jsonl', '{"id":"r1","ref":"v1","commit":"c1","verdict":"live"}\n');
    app.write('holder', '{"who":"ann","from":"laptop"}');
    app.plan('r2', { dump_when: when }, settings ?? rowsSettings(folder));
    return app;
  };

  it('have one before the switch, whole, with its manifest', () => {
    const app = setup('always');
    const { lines, journal } = app.run(BEFORE);
    const [id = ''] = app.list('data/dumps');
    expect(lines).toEqual(['done', `made: ${id}`]);
    expect(said(journal).at(-1)).toBe(`dump ${id}: zebu data:restore ${id}`);
    expect(gunzipSync(readFileSync(join(app.base, 'data/dumps', id, 'rows.dump.gz'))).toString()).toBe('now\n');
    const manifest = app.read(`data/dumps/${id}/manifest`);
    expect(manifest).toMatch(/^store=rows\|command\|db\|rows\.dump\.gz\|\d+\|[0-9a-f]{64}\|1\n/);
    for (const line of [`id=${id}`, 'why=deploy', 'who=ann', 'from=laptop', 'release=r1', 'ref=v1', 'commit=c1'])
      expect(manifest.split('\n')).toContain(line);
    expect(app.list('data')).toEqual(['dumps', 'lock', 'order']);
    expect(app.read('data/order')).toBe(`${id}\n`);
  });

  it('have none that is not asked for, and none of what nothing changes', () => {
    expect(setup('never').run(BEFORE).lines).toEqual(['done', 'made: ']);
    const app = setup('migrations');
    app.write('releases/r2/intents', 'web stays\n');
    expect(app.run(BEFORE).lines).toEqual(['done', 'made: ']);
    app.write('releases/r2/intents', 'migrate awaited\n');
    expect(app.run(BEFORE).lines[1]).toMatch(/^made: \d{8}T\d{6}Z$/);
  });

  it('are refused when it fails, with the last words, and nothing is left', () => {
    const failing = `data_stores='rows|command|db|1'\ndata_1_dump() { echo half; echo "no 'way'" >&2; return 3; }\n`;
    const app = setup('always', failing);
    expect(app.run(BEFORE).lines).toEqual(["dump-failed: the dump of rows (command) failed: no 'way'", 'made: ']);
    expect(app.list('data/dumps')).toEqual([]);
    expect(app.has('data/making')).toBe(false);
  });

  it('are refused when there is no room for it', () => {
    const app = setup('always');
    app.plan('r2', { dump_when: 'always', min_free: '1000000000' }, rowsSettings(join(app.base, '../kept')));
    expect(app.run(BEFORE).lines[0]).toMatch(/^no-space: no space left for the dump of rows: deploy.min_free_mb/);
    expect(app.has('data/making')).toBe(false);
  });

  it('are given up when the room is gone while they are made, and leave nothing', () => {
    const app = setup('always');
    const endless = 'data_1_dump() { cat /dev/urandom; }\nroom() { echo 1000000; }\n';
    app.plan('r2', { dump_when: 'always' }, rowsSettings(join(app.base, '../kept')) + endless);
    expect(app.run(BEFORE).lines[0]).toMatch(/^no-space: no space left for the dump of rows: deploy.min_free_mb/);
    expect(app.list('data/dumps')).toEqual([]);
    expect(app.has('data/making')).toBe(false);
  });

  it('wait for one that is under way, and not for ever', () => {
    const app = setup('never');
    const script = `mkdir -p "$base/data"
await_dump 5 && echo free
flock "$base/data/lock" sleep 2 &
sleep 0.5
await_dump 1 || echo "$cause: $reason"
await_dump 20 && echo free`;
    const { lines, journal } = app.run(script);
    expect(lines).toEqual(['free', 'data-busy: a dump is under way, for longer than 1 s', 'free']);
    expect(said(journal)).toContain('the dump that is under way to end');
  });

  it('are waited for by it', () => {
    const app = setup('always');
    const { lines } = app.run(`phase switch
with_dump_lock 1 echo got || echo "not: $?"
phase prepare
with_dump_lock 1 echo got`);
    expect(lines).toEqual(['not: 75', 'got']);
  });

  it('that are under way when a run replaces what runs, for longer than it waits, are not kept', () => {
    const overtaken = `data_stores='rows|command|db|1'\ndata_1_dump() { echo half; touch "$base/data/overtaken"; return 3; }\n`;
    const app = setup('always', overtaken);
    expect(app.run(BEFORE).lines[0]).toBe(
      'data-busy: the dump was not done when a run began to replace what runs, and is not kept',
    );
    expect([app.list('data/dumps'), app.has('data/making')]).toEqual([[], false]);
    // Also where it has all of it by then.
    app.plan('r2', { dump_when: 'always' }, overtaken.replace('return 3; ', ''));
    expect(app.run(BEFORE).lines[0]).toMatch(/^data-busy: /);
    expect(app.list('data/dumps')).toEqual([]);
    // Of one before it says nothing.
    app.plan('r2', { dump_when: 'always' }, rowsSettings(join(app.base, '../kept')));
    expect(app.run(BEFORE).lines[0]).toBe('done');
  });

  it('are told so by whoever waited for them, which goes on with its own reason', () => {
    const app = setup('never');
    const { lines, journal } = app.run(`mkdir -p "$base/data"
cause=probation reason=sick
begin_switch 1 && ls "$base/data"
flock "$base/data/lock" sleep 3 &
sleep 0.5
: >>"$base/data/lock"
begin_switch 1 && echo "$cause: $reason"; ls "$base/data"`);
    expect(lines).toEqual(['probation: sick', 'lock', 'overtaken']);
    expect(said(journal).at(-1)).toBe('the dump that is under way is waited for no longer, and will not be kept');
    const full = app.run('put() { return 1; }; begin_switch 1 || echo "$cause: $reason"');
    expect(full.lines).toEqual(['no-space: no space left in the VM']);
  });

  it('are remembered to change data where something migrates, and there is something to go back to', () => {
    const app = setup('never');
    app.write('releases/r2/intents', 'migrate awaited\n');
    const { lines } = app.run(
      'note_migration; echo "<$migrated>"; migrated= previous=; note_migration; echo "<$migrated>"',
    );
    expect(lines).toEqual(['<1>', '<>']);
  });

  it('keep the last, and those that are young enough', () => {
    const app = setup('always');
    for (const [id, t] of [
      ['20200101T000000Z', 1],
      ['20200102T000000Z', 2],
      ['20300101T000000Z', 3],
    ] as const)
      app.write(`data/dumps/${id}/manifest`, `id=${id}\nt=${t}\nbytes=1\n`);
    app.write('data/order', '20300101T000000Z\n20200102T000000Z\n');
    // What is in no order is older than all that is; a clock that was set back changes nothing.
    expect(app.run('dumps_in_order').lines).toEqual(['20200101T000000Z', '20300101T000000Z', '20200102T000000Z']);
    app.run('data_keep_last=1 data_keep_days=0; forget_dumps');
    expect(app.list('data/dumps')).toEqual(['20200102T000000Z']);
    app.run('data_keep_last=1 data_keep_days=3650; forget_dumps');
    expect(app.read('data/order')).toBe('20200102T000000Z\n');
  });
});
