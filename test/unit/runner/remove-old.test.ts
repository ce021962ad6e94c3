import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type RunnerApp, runnerApp, said, says } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const ID = (digit: string): string => `sha256:${digit.repeat(64)}`;
const PS = { 'ps -a': ':', 'volume ls': ':', 'image prune': ':', 'builder prune': ':' };

// What Docker says is in use is in in-use.test.ts, and which came after which in app-folder/order.test.ts.
describe.each(vmShells())('what a deploy removes, in $name', { timeout: 60_000 }, (shell) => {
  /** Releases, oldest first, the last one live: id → whether it was verified. */
  const releases = (app: RunnerApp, list: Readonly<Record<string, boolean>>): void => {
    for (const [id, verified] of Object.entries(list)) {
      app.plan(id);
      if (verified) app.write(`releases/${id}/verified`, '');
      app.write(`releases/${id}/images.yml`, `services:\n  "web":\n    image: "zebu/shop-web:${id}"\n`);
    }
    app.write(
      'order',
      Object.keys(list)
        .map((id) => `${id}\n`)
        .join(''),
    );
    symlinkSync(`releases/${Object.keys(list).at(-1)}`, join(app.base, 'current'));
  };

  it('is what no rollback needs: the verified ones beyond those that are kept, and all that failed but the newest', () => {
    const app = runnerApp(shell);
    releases(app, { a: true, b: false, c: true, d: false, e: true, r1: true, r2: true });
    app.docker({ ...PS, 'image rm': ':' });
    app.program('git', { '': ':' });
    const { docker, journal, calls } = app.run('keep=3; prune; wait $removing');
    expect(app.list('releases')).toEqual(['d', 'e', 'r1', 'r2']);
    expect(docker).toContain('image rm zebu/shop-web:c zebu/shop-web:b zebu/shop-web:a');
    expect(calls).toContainEqual(['git', `--git-dir=${app.base}/repo.git`, 'update-ref', '-d', 'refs/zebu/a']);
    expect(said(journal)).toEqual(['3 old releases removed']);
  });

  it('leaves the files of a large release for the next one, and nothing else of it', () => {
    const app = runnerApp(shell);
    releases(app, { a: true, b: true, c: true, r1: true, r2: true });
    for (const id of ['a', 'b', 'c']) {
      app.write(`releases/${id}/tree/file`, id);
      for (const each of ['index', 'mark', ...(id === 'a' ? [] : ['written'])])
        app.write(`releases/${id}/${each}`, 'x');
      app.write(`releases/${id}/settings.env`, 'A=1\n');
    }
    app.docker({ ...PS, 'image rm': ':' });
    app.program('git', { '': ':' });
    app.run('keep=2; prune; wait $removing');
    expect(app.list('releases')).toEqual(['r1', 'r2']);
    expect([app.list('spare'), app.read('spare/tree/file')]).toEqual([
      ['index', 'mark', 'tree', 'written'],
      expect.stringMatching(/^[bc]$/),
    ]);
    // What else is large is no release any more, and goes when the run is over; what is small is gone.
    const [left, none] = ['b', 'c'].filter((id) => app.has(`.gone.${id}`));
    expect([app.read(`.gone.${left}/tree/file`), none, app.has('.gone.a')]).toEqual([left, undefined, false]);
    expect(app.read('spare/tree/file')).not.toBe(left);
    // Who asks for room gets it.
    app.docker({ ...PS, 'image ls': ':' });
    app.run('keep_now=2; prune_now');
    expect([app.has('spare'), app.has(`.gone.${left}`)]).toEqual([false, false]);
  });

  it('is no image that another release names, of this app or of another one', () => {
    const app = runnerApp(shell);
    releases(app, { a: true, r1: true, r2: true });
    const pinned = (image: string): string => `services:\n  "web":\n    image: "${image}"\n`;
    app.write(
      'releases/a/images.yml',
      pinned('zebu/shop-web:1') +
        pinned(`redis:7@${ID('1')}`) +
        pinned(`caddy:2@${ID('2')}`) +
        pinned('zebu/shop-web:2'),
    );
    app.write('releases/r1/images.yml', pinned('zebu/shop-web:1'));
    app.write('../other/releases/x/images.yml', pinned(`caddy:2@${ID('2')}`));
    app.docker({
      ...PS,
      'image ls --digests': says(`redis@${ID('1')} <none>`, `redis@${ID('1')} 7`, `caddy@${ID('2')} <none>`),
      'image rm': 'exit 1',
    });
    app.program('git', { '': ':' });
    const { docker } = app.run('keep=2; prune; wait $removing');
    expect(docker.filter((each) => each.startsWith('image rm'))).toEqual([`image rm zebu/shop-web:2 redis@${ID('1')}`]);
  });

  it('is any image of the app where no release here has noted one, and each once', () => {
    const app = runnerApp(shell);
    app.docker({ ...PS, 'image ls': says('zebu/shop-web:lost', 'zebu/shop-web:lost'), 'image rm': ':' });
    const { docker } = app.run('prune_images');
    expect(docker.filter((each) => each.startsWith('image rm'))).toEqual(['image rm zebu/shop-web:lost']);
  });

  it('is waited for before anything else begins: the books, and a probation', () => {
    const app = runnerApp(shell);
    releases(app, { a: true, r1: true, r2: true });
    const books = `cat ${app.base}/journals/run2.jsonl ${app.base}/releases.jsonl >"$state/then"`;
    app.docker({ ...PS, 'image rm': `sleep 1; ${books}` });
    app.program('git', { '': ':' });
    const { journal } = app.run('keep=2; prune; finish live "" ""');
    const then = readFileSync(join(app.state, 'then'), 'utf8');
    expect([then.includes('"verdict":"live"'), then.includes('"end":')]).toEqual([false, false]);
    expect(journal.at(-1)).toMatchObject({ end: 'live' });
  });

  it('is build cache beyond its size once a day, and journals beyond the last two hundred', () => {
    const app = runnerApp(shell);
    releases(app, { r1: true, r2: true });
    const names = Array.from({ length: 205 }, (_, index) => `run${1000 + index}`);
    for (const each of names) app.write(`journals/${each}.jsonl`, '');
    app.write('order', [...names, 'run2'].map((each) => `${each}\n`).join(''));
    app.docker(PS);
    const { docker } = app.run('prune; prune');
    expect(docker.filter((each) => each.startsWith('builder'))).toEqual(['builder prune -f --keep-storage 1GB']);
    expect(app.list('journals')).toHaveLength(200);
    expect([app.has('journals/run1005.jsonl'), app.has('journals/run1006.jsonl')]).toEqual([false, true]);
  });

  it('is told by app:prune on standard output, by limits of its own', () => {
    const app = runnerApp(shell);
    releases(app, { a: true, b: true, r1: true, r2: true });
    app.docker({
      ...PS,
      'image ls --format': says('zebu/shop-web:r1', 'zebu/shop-web:lost', 'zebu/shop-web:r2'),
      'image rm': ':',
    });
    app.program('git', { '': ':' });
    const { lines, docker, code } = app.run(`keep_now=1 cache_now=0GB
df() { n=$((n + 1)); printf 'head\\n/dev/sda 1 1 %s 1%% /\\n' $((1024 * (free += 100))); }; free=0; prune_now`);
    expect(code).toBe(0);
    expect(lines.slice(0, 3).toSorted()).toEqual(['removed=a', 'removed=b', 'removed=r1']);
    expect(lines.slice(3)).toEqual([expect.stringMatching(/^freed_mb=\d+$/), expect.stringMatching(/^free_mb=\d+$/)]);
    expect(docker).toContain('image rm zebu/shop-web:r1 zebu/shop-web:lost');
    expect(docker).toContain('builder prune -f --keep-storage 0GB');
  });

  it('is nothing when Docker does not say what is in use', () => {
    const app = runnerApp(shell);
    releases(app, { a: true, r1: true, r2: true });
    app.docker({ 'ps -a': 'exit 1' });
    const { journal, lines } = app.run('keep=1; prune; echo "$?"');
    expect([said(journal), lines]).toEqual([['Docker does not say what is in use: nothing was removed'], ['1']]);
    expect(app.list('releases')).toEqual(['a', 'r1', 'r2']);
  });
});
