import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { endlessDump, waitedForDump } from '../../support/dump-world.js';
import { type RunnerApp, runnerApp, said, says, seen } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const CONFIG = JSON.stringify({ name: 'shop', services: { web: { image: 'x' }, db: { image: 'y' } } }, null, 2);
const health = (value: string): string =>
  says(seen({ service: 'web', health: value }), seen({ service: 'db', health: 'healthy' }));

/** A Docker whose web is unhealthy, once it was started with a version that the file `bad` names. */
const WORLD = {
  version: ':',
  'compose config --format json': says(...CONFIG.split('\n')),
  'compose config --hash': says('web hash', 'db hash'),
  'compose up':
    'rm -f "$state/sick"; [ ! -e "$state/bad" ] || case $all in *"$(cat "$state/bad")"*) : >"$state/sick" ;; esac',
  'ps -aq': 'echo id-web; echo id-db',
  'ps -q': 'echo id-db',
  'ps -a': says('own\tweb|hash|x|1'),
  ps: ':',
  'inspect --format {{.ID}}|{{.RestartCount}}': ':',
  'inspect --format {{index*RestartPolicy': `if [ -e "$state/sick" ]; then\n${health('unhealthy')}\nelse\n${health('healthy')}\nfi`,
  events: 'exec sleep 5',
  logs: 'echo "wrong password"',
  'exec -i id-db sh': 'sh',
};
const FUNCTIONS =
  'find_engine() { engine_is=1; }; await_event() { command sleep .05; }; sleep() { :; }; gaps() { :; }; watch_gap() { note_began; }; note_containers() { echo noted >"$release/containers"; }\n';
const FOLLOW = 'echo "$ZEBU_OLD>$ZEBU_NEW" >>"$ZEBU_TOLD"';

describe.each(vmShells())('another version of the secrets, in $name', { timeout: 60_000 }, (shell) => {
  const setup = (more: Readonly<Record<string, string>> = {}): RunnerApp => {
    const app = runnerApp(shell);
    app.docker(WORLD);
    app.plan('r1', { secrets: '1.env' });
    app.write('shared/secrets/1.env', "DB='old'\nOTHER='a'\n");
    app.write('shared/secrets/2.env.new', "DB='new'\nOTHER='b'\n", 0o600);
    app.write('shared/secrets/2.json.new', '{}');
    const apply = {
      version: '2.env',
      affected: 'web',
      commands: '1',
      name_1: 'DB',
      service_1: 'db',
      command_1: FOLLOW,
      rotated: 'DB',
      ...more,
    };
    app.write(
      'shared/secrets/apply',
      Object.entries(apply)
        .map(([name, value]) => `${name}='${value}'\n`)
        .join(''),
    );
    return app;
  };
  const apply = (app: RunnerApp, script = 'apply_secrets'): ReturnType<RunnerApp['run']> =>
    app.run(`${FUNCTIONS}${script}`, { mode: 'secrets', load: false, env: { ZEBU_TOLD: join(app.base, 'told') } });
  const after = (app: RunnerApp): Readonly<Record<string, unknown>> => ({
    versions: app.list('shared/secrets').filter((each) => /^\d/.test(each)),
    plan: /secrets='?([^'\n]*)/.exec(app.read('releases/r1/plan'))?.[1],
    told: app.has('told') ? app.read('told').trim().split('\n') : [],
    open: app.has('transaction') || app.has('shared/secrets/apply'),
  });

  it('is told to the data, then to the services that use it and to no other, judged, and then the one of the release', () => {
    const app = setup();
    const { docker, journal } = apply(app);
    expect(journal.at(-1)).toMatchObject({ end: 'live', cause: '', reason: '' });
    expect(journal.filter(({ state }) => state === 'begin').map(({ step }) => step)).toEqual([
      ...['rotate', 'start-up', 'verify', 'commit'],
    ]);
    expect(docker.filter((each) => each.startsWith('compose up'))).toEqual(['compose up -d --no-build --no-deps web']);
    expect(after(app)).toEqual({
      versions: ['1.env', '2.env', '2.json'],
      plan: '2.env',
      told: ['old>new'],
      open: false,
    });
    // What the data was made with holds for every release, also for one that goes back to older secrets.
    expect(app.read('shared/secrets/bound.env')).toBe("DB='new'\n");
    expect(statSync(join(app.base, 'shared/secrets/bound.env')).mode & 0o777).toBe(0o600);
  });

  it('holds for every release where it was rotated, and brings what was rotated before along', () => {
    const app = setup({ commands: '0', rotated: 'OTHER' });
    app.write('shared/secrets/bound.env', "DB='before'\n", 0o600);
    expect(apply(app).journal.at(-1)).toMatchObject({ end: 'live' });
    expect(app.read('shared/secrets/bound.env')).toBe("DB='new'\nOTHER='b'\n");
    const only = setup({ commands: '0', rotated: '' });
    expect(apply(only).journal.at(-1)).toMatchObject({ end: 'live' });
    expect(only.has('shared/secrets/bound.env')).toBe(false);
  });

  it('waits a minute for a dump that is under way, and has it not kept', () => {
    const app = setup();
    endlessDump(app);
    const { calls, journal } = apply(app);
    expect([waitedForDump(calls), app.has('data/overtaken')]).toEqual([['60'], true]);
    expect(journal.at(-1)).toMatchObject({ end: 'live', reason: '' });
  });

  it('is taken back, in the data and in the services, where they are not well with it', () => {
    const app = setup();
    app.write('../state/bad', '2.env');
    const { journal, docker } = apply(app);
    expect(journal.at(-1)).toMatchObject({
      end: 'restored',
      step: 'verify',
      cause: 'unhealthy',
      reason: 'web is unhealthy',
    });
    expect(said(journal)).toEqual(expect.arrayContaining(['last lines of shop-web-1', 'wrong password']));
    expect(docker.filter((each) => each.startsWith('compose up'))).toHaveLength(2);
    expect(after(app)).toEqual({
      ...{ versions: ['1.env', '2.json.undone', '2.undone'], plan: '1.env', told: ['old>new', 'new>old'], open: false },
    });
    expect(app.has('shared/secrets/bound.env')).toBe(false);
  });

  it('changes no service where the data does not follow', () => {
    const app = setup({ command_1: 'echo "no \\"role\\""; exit 2' });
    const { journal } = apply(app);
    expect(journal.at(-1)).toMatchObject({
      ...{ end: 'restored', step: 'rotate', cause: 'rotate-failed' },
      reason: 'rotate.command of DB failed with exit status 2: no "role"',
    });
    expect(after(app)).toMatchObject({ plan: '1.env', told: [], open: false });
  });

  it('says both where the data cannot be taken back, and keeps the value that it may want', () => {
    const app = setup({ command_1: `[ "$ZEBU_NEW" = new ] || exit 6; ${FOLLOW}` });
    app.write('../state/bad', '2.env');
    const { journal } = apply(app);
    expect(journal.at(-1)).toMatchObject({ end: 'unhealthy', cause: 'unhealthy' });
    expect(journal.at(-1)?.reason).toMatch(/^web is unhealthy; the data could not be taken back: .* exit status 6/);
    expect(app.read('shared/secrets/2.undone')).toContain("DB='new'");
  });

  it('is refused where what is to change was not stored, or there is no room to begin', () => {
    const lost = setup();
    const { journal, docker } = apply(lost, 'rm "$base/shared/secrets/apply"; apply_secrets');
    expect(journal.at(-1)).toMatchObject({ end: 'refused', cause: 'not-stored' });
    expect(docker).toEqual([]);
    const full = setup();
    const ended = apply(full, 'put() { return 1; }; apply_secrets').journal.at(-1);
    expect(ended).toMatchObject({ end: 'refused', cause: 'no-space' });
    expect(after(full)).toEqual({ versions: ['1.env'], plan: '1.env', told: [], open: false });
  });

  it.each([
    ['before the data was told', 'follow_one() { kill -9 $$; }', []],
    ['while the services were replaced', 'recreate() { kill -9 $$; }', ['old>new', 'new>old']],
    ['before the release was told', 'bind_secrets() { kill -9 $$; }', ['old>new']],
  ])('is undone, or finished once it was verified, when the run is killed %s', (_, killed, told) => {
    const app = setup();
    expect(apply(app, `exec 2>/dev/null; ${killed}; apply_secrets`).code).toBeNull();
    const kept = killed.startsWith('bind_secrets');
    const { journal } = app.run(`${FUNCTIONS}recover`, {
      mode: 'recover',
      load: false,
      env: { ZEBU_TOLD: join(app.base, 'told') },
    });
    expect(journal.at(-1)).toMatchObject(
      kept ? { end: 'live', cause: 'resumed' } : { end: 'restored', cause: 'interrupted' },
    );
    const { told: followed, ...rest } = after(app);
    expect(rest).toEqual({
      versions: kept ? ['1.env', '2.env', '2.json'] : ['1.env', '2.json.undone', '2.undone'],
      ...{ plan: kept ? '2.env' : '1.env', open: false },
    });
    // Whether a command that was interrupted had been done nobody knows: done or not, the old value is in force.
    expect((followed as readonly string[]).at(-1)).toBe(told.length === 0 ? 'new>old' : told.at(-1));
  });
});
