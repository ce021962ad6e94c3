import { readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseHistory } from '../../../src/lib/app-folder/history.js';
import { registryFunctions } from '../../../src/lib/app-folder/registries.js';
import { endlessDump, waitedForDump } from '../../support/dump-world.js';
import { type Answers, type RunnerApp, runnerApp, said, says, seen } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const CONFIG = {
  services: { db: { image: 'postgres:18' }, web: { build: { context: '/x' }, image: 'shop-web' } },
};
const ID = (digit: string): string => `sha256:${digit.repeat(64)}`;

/** A Docker in which all is well. */
const world = (app: RunnerApp): Answers => ({
  version: ':',
  'compose build': 'echo built',
  'compose config --format json': says(...app.config(CONFIG).split('\n')),
  'compose config --hash': says('db one', 'web two'),
  'compose up': 'echo started',
  'compose --dry-run': ':',
  'ps -aq': 'echo id-db; echo id-web',
  'ps -q': ':',
  'ps -a --no-trunc*Mounts': says('own\tdb|one|x|1', 'own\tweb|two|x|1'),
  'inspect --format {{.ID}}|{{.RestartCount}}': ':',
  'inspect --format {{index*RestartPolicy': says(
    seen({ service: 'db', health: 'healthy', digest: 'one', image: ID('1') }),
    seen({ service: 'web', health: 'healthy', digest: 'two', image: ID('2') }),
  ),
  'image inspect --format {{.Id}}{{range': says(
    `${ID('2')} shop-web:latest`,
    `${ID('1')} postgres:18 postgres@${ID('f')}`,
  ),
  'image inspect --format {{.Id}}': says(ID('1'), ID('2')),
  'image tag': ':',
  tag: ':',
  events: 'exec sleep 5',
  logs: 'echo "last words"',
  'volume ls': ':',
  'image prune': ':',
  'builder prune': ':',
});

const steps = (app: RunnerApp): readonly (string | undefined)[] =>
  app
    .journal()
    .filter(({ state }) => state === 'begin')
    .map(({ step }) => step);

describe.each(vmShells())('a whole run, in $name', { timeout: 60_000 }, (shell) => {
  const setup = (more: Answers = {}): RunnerApp => {
    const app = runnerApp(shell);
    app.docker({ ...more, ...Object.fromEntries(Object.entries(world(app)).filter(([key]) => !(key in more))) });
    app.program('sync', { '': ':' });
    symlinkSync('releases/r1', join(app.base, 'current'));
    app.write('releases/r1/verified', '');
    app.write('releases/r2/tree/compose.yml', 'services: {}\n');
    return app;
  };
  const live = (app: RunnerApp): string => readlinkSync(join(app.base, 'current'));
  const ups = (docker: readonly string[]): readonly string[] => docker.filter((each) => each.startsWith('compose up'));

  it('does not roll back under a dump that is kept: twenty seconds it waits, and then that is none', () => {
    const app = setup();
    endlessDump(app);
    const { calls } = app.start('rollback');
    expect([waitedForDump(calls), app.has('data/overtaken')]).toEqual([['20'], true]);
    expect(app.journal().at(-1)).toMatchObject({ end: 'live' });
  });

  it('builds, pins, starts, judges and makes it live, in this order, and leaves nothing open', () => {
    const app = setup();
    for (const each of ['pre-build', 'pre-deploy', 'post-deploy'])
      app.write(`releases/r2/tree/.zebu/hooks/${each}`, '#!/bin/sh\necho "$ZEBU_HOOK"\n', 0o755);
    const { code, docker } = app.start('deploy');
    expect(code).toBe(0);
    expect(steps(app)).toEqual([
      ...['check', 'hook', 'build', 'hook', 'start-up', 'verify', 'in-force', 'commit', 'hook', 'prune'],
    ]);
    expect(app.journal().at(-1)).toMatchObject({ end: 'live', cause: '', reason: '' });
    expect(live(app)).toBe('releases/r2');
    expect(docker.indexOf('compose build')).toBeLessThan(docker.indexOf(`tag ${ID('2')} zebu/shop-web:222222222222`));
    expect(ups(docker)).toEqual(['compose up -d --no-build --remove-orphans']);
    expect(app.read('releases/r2/images.yml')).toContain(`image: "postgres:18@${ID('f')}"`);
    expect([app.has('transaction'), app.has('holder'), app.has('.reserve')]).toEqual([false, false, true]);
    expect(parseHistory(app.read('releases.jsonl'))).toMatchObject([{ run: 'run2', verdict: 'live' }]);
  });

  it('touches nothing that runs when the build fails, a hook says no, or the files cannot be read', () => {
    for (const [more, cause, reason, hook] of [
      [
        { 'compose build': 'echo "process \\"npm ci\\" failed" >&2; exit 17' },
        'build-failed',
        'the build failed: process "npm ci" failed',
        '',
      ],
      [{ 'compose config --format json': 'echo "yaml: line 3" >&2; exit 15' }, 'compose-invalid', 'yaml: line 3', ''],
      [
        {},
        'hook-failed',
        '.zebu/hooks/pre-deploy failed with exit status 4: not now',
        '#!/bin/sh\necho not now\nexit 4\n',
      ],
    ] as const) {
      const app = setup(more);
      if (hook !== '') app.write('releases/r2/tree/.zebu/hooks/pre-deploy', hook, 0o755);
      const { docker, code } = app.start('deploy');
      expect(app.journal().at(-1)).toMatchObject({ end: 'refused', cause, reason });
      expect([code, ups(docker), live(app), app.has('transaction')]).toEqual([0, [], 'releases/r1', false]);
    }
  });

  it('is logged in at registries while it builds and pulls, or touches nothing', () => {
    const login = { host: 'ghcr.io', user: 'bot', name: 'TOKEN', authority: '' };
    const registries = (app: RunnerApp): void => {
      const functions = registryFunctions([login]);
      app.plan('r2', { registries: 'ghcr.io', registry_secrets: 'TOKEN', secrets: '1.env' }, functions);
      app.write('shared/secrets/1.env', "TOKEN='the-token'\n", 0o600);
    };
    const known = 'case $DOCKER_CONFIG in */.run.*|/dev/shm/*) echo "$1 logged in" ;; *) echo "$1 logged out" ;; esac';
    const app = setup({
      login: 'cat >/dev/null',
      'compose build': known,
      'compose up': known,
    });
    registries(app);
    app.start('deploy');
    expect(steps(app).slice(0, 4)).toEqual(['check', 'login', 'build', 'start-up']);
    expect(said(app.journal()).filter((line) => line.includes('logged'))).toEqual([
      'compose logged in',
      'compose logged out',
    ]);
    expect(app.journal().at(-1)).toMatchObject({ end: 'live' });

    const other = setup({ login: 'cat >/dev/null; echo "unauthorized: the-token is wrong" >&2; exit 1' });
    registries(other);
    const { docker } = other.start('deploy');
    expect(other.journal().at(-1)).toMatchObject({
      end: 'refused',
      step: 'login',
      cause: 'registry-denied',
      reason: 'ghcr.io does not accept bot with TOKEN: unauthorized: [redacted] is wrong',
    });
    expect(docker.filter((each) => /^compose (build|pull|up)/.test(each))).toEqual([]);
    expect(live(other)).toBe('releases/r1');
  });

  it('goes back when what it started is not well', () => {
    const app = setup({
      'compose up': 'case $all in */releases/r2/*) : >"$state/sick" ;; *) rm -f "$state/sick" ;; esac',
      'inspect --format {{index*RestartPolicy': `if [ -e "$state/sick" ]; then ${says(seen({ service: 'web', state: 'exited', exit: 9 }))}\nelse ${says(seen({ service: 'db', health: 'healthy' }), seen({ service: 'web', health: 'healthy' }))}\nfi`,
    });
    const { docker } = app.start('deploy');
    expect(app.journal().at(-1)).toMatchObject({
      end: 'restored',
      step: 'verify',
      cause: 'unhealthy',
      reason: 'web exited with code 9',
    });
    expect([ups(docker).length, live(app)]).toEqual([2, 'releases/r1']);
  });

  it.each([
    ['while it builds', 'compose build', 'refused', 0],
    ['while it starts the release', 'compose up', 'restored', 2],
  ])('is undone by who watches it when it is killed %s', (_, at, end, starts) => {
    const app = setup();
    const kill = `[ -e "$state/killed" ] || { : >"$state/killed"; kill -9 "$(cat '${app.base}/worker')"; }`;
    app.docker({ ...world(app), [at]: kill });
    const { docker } = app.start('deploy', { noisy: true });
    expect(app.journal().at(-1)).toMatchObject({ end, cause: 'interrupted' });
    expect(ups(docker)).toHaveLength(starts);
    expect([app.has('transaction'), live(app)]).toEqual([false, 'releases/r1']);
  });

  it('goes to an earlier release without building, pinning or asking for anything of it', () => {
    const app = setup();
    app.write('releases/r2/verified', '');
    const { docker } = app.start('rollback');
    expect(steps(app)).toEqual(['start-up', 'verify', 'in-force', 'commit', 'prune']);
    expect(docker.filter((each) => /^(compose build|tag|image inspect .*range)/.test(each))).toEqual([]);
    expect(live(app)).toBe('releases/r2');
  });

  it('is refused while what an earlier one left cannot be undone', () => {
    const app = setup();
    app.write('transaction', 'false\n');
    const { docker, code } = app.start('deploy');
    expect(app.journal().at(-1)).toMatchObject({ end: 'refused', step: 'heal', cause: 'not-recovered' });
    expect([docker, code, live(app), app.has('transaction')]).toEqual([[], 0, 'releases/r1', true]);
  });
});
