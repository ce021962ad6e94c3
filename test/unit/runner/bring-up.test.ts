import { describe, expect, it } from 'vitest';
import { runnerApp, said, says, seen } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const CONFIG = JSON.stringify({ name: 'shop', services: { web: { image: 'x' } } }, null, 2);

/** A Docker in which one start makes a healthy container of what Compose asks for. */
const WELL = {
  version: ':',
  'compose config --format json': says(...CONFIG.split('\n')),
  'compose config --hash': says('web hash'),
  'compose up': 'echo "Container shop-web-1 Started"',
  'ps -aq': 'echo id-web',
  'ps --no-trunc': 'echo "web id-old"',
  'ps -a': says('own\tweb|hash|x|1'),
  'inspect --format {{.ID}}|{{.RestartCount}}': 'echo "id-old|0|2026-01-01T00:00:00Z"',
  'inspect --format {{index*RestartPolicy': says(seen({ service: 'web', health: 'healthy' })),
  'inspect --format {{index*config-hash': says('web\thash\tsha256:1\t shop_default \tshop-web-1'),
  events: 'exec sleep 5',
  logs: 'echo "last words"',
};
const ENGINE = 'find_engine() { engine_is=1; }; await_event() { sleep .05; }\n';

describe.each(vmShells())('a release that is brought up, in $name', { timeout: 60_000 }, (shell) => {
  it('is started, judged, and only then live: in this order', () => {
    const app = runnerApp(shell);
    app.docker(WELL);
    const { docker, journal, lines } = app.run(`${ENGINE}prune() { :; }
steady bring_up '' && go_live`);
    const at = (call: string): number => docker.findIndex((each) => each.startsWith(call));
    expect(docker[at('compose up')]).toBe('compose up -d --no-build --remove-orphans');
    expect(at('ps --no-trunc')).toBeLessThan(at('compose up'));
    expect(at('compose up')).toBeLessThan(docker.findIndex((each) => each.startsWith('inspect --format {{index')));
    expect(journal.filter(({ state }) => state === 'begin').map(({ step }) => step)).toEqual([
      ...['start-up', 'verify', 'in-force', 'commit'],
    ]);
    expect(journal.at(-1)).toMatchObject({ end: 'live', cause: '', reason: '' });
    expect([lines, app.has('releases/r2/verified'), app.read('current/verified')]).toEqual([[], true, '']);
  });

  it('is blamed on the container that made the start fail, else on what Compose said last', () => {
    const app = runnerApp(shell);
    const failing = {
      ...WELL,
      'compose up': 'echo "dependency failed to start: container \\"shop-db-1\\" is unhealthy" >&2; exit 1',
    };
    app.docker(failing);
    const tell = `${ENGINE}bring_up '' || echo "$cause: $reason [$bad]"`;
    expect(app.run(tell).lines).toEqual([
      'up-failed: docker compose up failed: dependency failed to start: container "shop-db-1" is unhealthy []',
    ]);
    app.docker({
      ...failing,
      'inspect --format {{index*RestartPolicy': says(
        seen({ service: 'web', health: 'healthy' }),
        seen({ service: 'db', state: 'exited', exit: 7 }),
      ),
    });
    expect(app.run(tell).lines).toEqual(['unhealthy: db exited with code 7 [shop-db-1 ]']);
    // Of a first release that was not even begun.
    app.docker({ ...WELL, 'compose up': 'echo "network proxy not found" >&2; exit 1', 'ps -aq': ':' });
    expect(app.run(tell).lines).toEqual(['up-failed: docker compose up failed: network proxy not found []']);
  });

  it('has its own name where Docker was cut off before Compose gave it that', () => {
    const app = runnerApp(shell);
    const left = seen({ service: 'web', health: 'healthy' }).replace('/shop-web-1', '/0123456789ab_shop-web-1');
    const other = seen({ service: 'db', health: 'healthy' }).replace('/shop-db-1', '/cafe_of_mine');
    app.docker({ ...WELL, rename: ':', 'inspect --format {{index*RestartPolicy': says(left, other) });
    const { docker } = app.run(`${ENGINE}in_force() { :; }\nbring_up ''`);
    const renamed = docker.filter((each) => each.startsWith('rename'));
    expect(renamed).toEqual([expect.stringMatching(/^rename \S+ shop-web-1$/)]);
  });

  it('is not started where its files cannot be read', () => {
    const app = runnerApp(shell);
    app.docker({ ...WELL, 'compose config --format json': 'echo "yaml: \\"a\\"" >&2; exit 15' });
    app.write('releases/r2/gives', '');
    const { lines, docker } = app.run(`${ENGINE}bring_up '' || echo "$cause: $reason"`);
    expect(lines).toEqual(['compose-invalid: the Compose files cannot be read: yaml: "a"']);
    expect(docker.filter((each) => each.startsWith('compose up'))).toEqual([]);
  });

  it('is tried again, three times at most, while what was in the way of a start can be put out of it', () => {
    const app = runnerApp(shell);
    app.docker({ ...WELL, 'compose up': 'exit 1' });
    const { docker } = app.run(`${ENGINE}mend_start() { return 0; }; bring_up ''`);
    expect(docker.filter((each) => each.startsWith('compose up'))).toHaveLength(4);
  });

  it('is compared with its own settings, not with those of one that failed before they were read', () => {
    const app = runnerApp(shell);
    app.docker({
      ...WELL,
      'compose up': '[ -e "$state/again" ] || { : >"$state/again"; exit 1; }',
      'compose config --hash':
        '[ -e "$state/second" ] || { : >"$state/second"; sleep .5; echo "web stale"; exit; }; echo "web hash"',
    });
    const { lines } = app.run(`${ENGINE}start_release; start_release; sleep .6; wait; cat "$work/hashes"`);
    expect(lines).toEqual(['web hash']);
  });
});

describe.each(vmShells())('going back, in $name', { timeout: 60_000 }, (shell) => {
  const at = `${ENGINE}step=verify; cause=unhealthy reason='web said "no"' bad=shop-web-1; restore "$cause" "$reason"`;

  it('brings up the release before as it was, after the last words of what failed, and says why it did', () => {
    const app = runnerApp(shell);
    app.docker(WELL);
    app.plan('r1', { project: 'shop', files: '-f before.yml' });
    app.write('releases/r2/tree/.zebu/hooks/post-failure', '#!/bin/sh\necho "$ZEBU_VERDICT $ZEBU_RELEASE"\n', 0o755);
    app.write('.reserve', 'room');
    const { calls, journal } = app.run(at);
    const up = calls.find((each) => each.includes('up'));
    expect(up).toEqual(expect.arrayContaining(['-f', 'before.yml', `${app.base}/releases/r1/tree`]));
    expect(said(journal)).toEqual(expect.arrayContaining(['last lines of shop-web-1', 'last words', 'web said "no"']));
    expect(journal.at(-1)).toMatchObject({
      end: 'restored',
      step: 'verify',
      cause: 'unhealthy',
      reason: 'web said "no"',
    });
    expect(app.read('releases.jsonl')).toContain('"id":"r2"');
    expect(app.has('.reserve')).toBe(false);
  });

  it('has nothing to go back to where nothing was live, or what was is gone or itself', () => {
    for (const [before, more] of [
      ['previous=', '; there is no earlier release to go back to'],
      ['previous=gone', '; there is no earlier release to go back to'],
      ['previous=r2', ''],
    ] as const) {
      const app = runnerApp(shell);
      app.docker(WELL);
      const { docker, journal } = app.run(`${before}; ${at}`);
      expect(docker.filter((each) => each.startsWith('compose up'))).toEqual([]);
      expect(journal.at(-1)).toMatchObject({ end: 'unhealthy', reason: `web said "no"${more}` });
    }
  });

  it('says both when that fails, too', () => {
    const app = runnerApp(shell);
    app.docker({
      ...WELL,
      'inspect --format {{index*RestartPolicy': says(seen({ service: 'web', health: 'unhealthy' })),
    });
    const { journal } = app.run(at);
    expect(journal.at(-1)).toMatchObject({
      ...{ end: 'unhealthy', cause: 'unhealthy' },
      reason: 'web said "no"; going back to r1 failed too: web is unhealthy',
    });
  });
});
