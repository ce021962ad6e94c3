import { describe, expect, it } from 'vitest';
import { type Answers, type RunnerApp, runnerApp, said, says, seen } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const PS_ALL = 'ps -a --no-trunc*config-hash*{{.State}}';
const up = (...argv: readonly string[]): string => `compose up -d --no-build --no-deps ${argv.join(' ')}`;

/** A Docker with what `$state/all` says (service hash id state); `up` of a service adds one of the new configuration. */
function world(app: RunnerApp, all: readonly string[], more: Answers = {}): Answers {
  app.write('../state/all', all.map((line) => `${line}\n`).join(''));
  return {
    ...more,
    [PS_ALL]: 'cat "$state/all"',
    'compose up -d --no-build --no-deps --no-recreate --scale': 'echo "web new fresh running" >>"$state/all"',
    'compose up': ':',
    'compose restart': ':',
    'rm -f': 'shift 2; for id; do grep -v " $id " "$state/all" >"$state/left"; mv "$state/left" "$state/all"; done',
    stop: ':',
    'inspect --format {{index*RestartPolicy': says(seen({ service: 'web', health: 'healthy', id: 'fresh' })),
  };
}

const SETUP = `fair_since; list_before() { :; }; await_event() { sleep .05; }; front_sync() { :; }
printf '%s\\n' 'web new' 'db dbhash' >"$work/hashes"
front_switch() { echo "switch $*"; }
`;

describe.each(vmShells())('a service that is rolled, in $name', { timeout: 60_000 }, (shell) => {
  it('has the new container beside the old one, asked only when it is healthy, before the old one goes', () => {
    const app = runnerApp(shell);
    app.docker(world(app, ['web old one running', 'web old dead exited', 'db dbhash db running']));
    const { docker, lines } = app.run(`${SETUP}drain=0; roll web 1; echo "$?"`);
    expect(docker.filter((each) => !each.startsWith('ps') && !each.startsWith('inspect'))).toEqual([
      'rm -f dead',
      up('--no-recreate', '--scale', 'web=2', 'web'),
      'stop one',
      'rm -f one',
    ]);
    expect(docker.findIndex((each) => each.startsWith('inspect'))).toBeLessThan(docker.indexOf('stop one'));
    expect(lines).toEqual(['switch web fresh', '0']);
  });

  it('adds as many as it has replicas, beside all that are there, and none that is there already', () => {
    const app = runnerApp(shell);
    app.docker(world(app, ['web old one running', 'web old two running', 'web new half running']));
    const { docker } = app.run(`${SETUP}drain=0; roll web 3; roll web 2`);
    expect(docker.filter((each) => each.startsWith('compose'))).toEqual([
      up('--no-recreate', '--scale', 'web=5', 'web'),
    ]);
  });

  it('keeps the old one where the new one is not started, not healthy, or cannot be switched to', () => {
    const app = runnerApp(shell);
    const tell = 'roll web 1 || echo "$cause: $reason [$only]"';
    const all = ['web old one running'];
    app.docker({
      ...world(app, all),
      'compose up -d --no-build --no-deps --no-recreate --scale': 'echo "no \\"image\\"" >&2; exit 1',
    });
    const notStarted = app.run(`${SETUP}step=start-up; ${tell}`);
    app.docker({
      ...world(app, all),
      'inspect --format {{index*RestartPolicy': says(seen({ service: 'web', health: 'unhealthy' })),
    });
    const unhealthy = app.run(`${SETUP}${tell}`);
    app.docker(world(app, all));
    const notSwitched = app.run(`${SETUP}front_switch() { return 1; }; ${tell}`);
    app.docker({ ...world(app, all), 'compose up -d --no-build --no-deps --no-recreate --scale': ':' });
    const nothing = app.run(`${SETUP}${tell}`);
    app.docker({ ...world(app, all), [PS_ALL]: 'exit 1' });
    const silent = app.run(`${SETUP}${tell}`);
    const runs = [notStarted, unhealthy, notSwitched, nothing, silent];
    expect(runs.flatMap(({ lines }) => lines)).toEqual([
      'up-failed: docker compose up failed: no "image" []',
      'unhealthy: web is unhealthy []',
      'proxy-failed: the proxy could not be switched to the new web []',
      'no-container: web has no new container []',
      'docker-silent: Docker does not answer []',
    ]);
    expect(runs.flatMap(({ docker }) => docker.filter((each) => /^(stop|rm)/.test(each)))).toEqual([]);
  });

  it('lets the old one finish for as long as it was told to', () => {
    const app = runnerApp(shell);
    app.docker(world(app, ['web old one running']));
    const { lines, journal } = app.run(`${SETUP}sleep() { echo "sleep $1"; }; drain=7; roll web 1`);
    expect(lines).toEqual(['switch web fresh', 'sleep 7']);
    expect(said(journal)).toContain('web: the old container finishes what it has begun');
  });
});

describe.each(vmShells())('a release that is rolled out, in $name', { timeout: 60_000 }, (shell) => {
  const rollOut = (app: RunnerApp, strategies: readonly string[], roll: string, more = ''): readonly string[] => {
    app.docker(world(app, ['web old one running']));
    app.write('strategies', strategies.map((line) => `${line}\n`).join(''));
    return app
      .run(
        `${SETUP}cp "$base/strategies" "$work/strategies"; echo ${roll} >"$work/roll"; printf '%s\\n' web >"$work/changed"
printf '%s hash id\\n' web late >"$work/running"
await() { echo "await $*" >>"$state_calls"; }
state_calls=/dev/null
front_switch() { :; }
${more}
drain=0; roll_out`,
      )
      .docker.filter((each) => each.startsWith('compose'));
  };

  it('goes service by service: what is recreated in as few steps as can be, what is rolled between', () => {
    const app = runnerApp(shell);
    const lines = [
      'db|recreate||1||',
      'cache|recreate||1||',
      'web|rolling||1|db:service_healthy|',
      'late|recreate||1||web',
    ];
    expect(rollOut(app, lines, 'web')).toEqual([
      up('db', 'cache'),
      up('--no-recreate', '--scale', 'web=2', 'web'),
      up('--remove-orphans', 'late'),
      'compose restart --no-deps late',
    ]);
  });

  it('replaces nothing that is as it should be, whichever of its digests it has', () => {
    const app = runnerApp(shell);
    const lines = ['db|recreate||1||', 'api|recreate||1|db:service_started|', 'web|recreate||1|db:service_started|'];
    app.write('steady', 'api\n');
    expect(rollOut(app, lines, '', 'cp "$base/steady" "$work/steady"')).toEqual([
      up('db'),
      up('--no-recreate', 'api'),
      up('web'),
      up('--no-recreate', '--remove-orphans', 'web'),
    ]);
  });

  it('removes what does not belong to it also when a rolled service is the last one', () => {
    const app = runnerApp(shell);
    expect(rollOut(app, ['web|rolling||1||'], 'web').at(-1)).toBe(up('--no-recreate', '--remove-orphans', 'web'));
  });
});

describe.each(vmShells())('what a rolled service depends on, in $name', { timeout: 60_000 }, (shell) => {
  it('is waited for as it asks: until it is healthy or has completed, at most as long as a deploy may take', () => {
    const app = runnerApp(shell);
    const look = (name: string): string => `cat "$base/${name}"`;
    app.write(
      'well',
      [seen({ service: 'db', health: 'healthy' }), seen({ service: 'job', state: 'exited' })].join('\n'),
    );
    app.write(
      'bad',
      [seen({ service: 'db', health: 'starting' }), seen({ service: 'job', state: 'exited', exit: 3 })].join('\n'),
    );
    const { lines } = app.run(`await_event() { sleep .3; }; timeout=1
inspect() { ${look('well')}; }
await db:service_healthy job:service_completed_successfully other:service_started; echo "$?"
inspect() { ${look('bad')}; }
await job:service_completed_successfully || echo "$cause: $reason [$bad]"
await db:service_healthy || echo "$cause: $reason"
inspect() { return 1; }
await db:service_healthy || echo "$cause"`);
    expect(lines).toEqual([
      ...[
        '0',
        'unhealthy: job exited with code 3 [shop-job-1 ]',
        'not-ready: db is not ready within 1 s',
        'docker-silent',
      ],
    ]);
  });
});
