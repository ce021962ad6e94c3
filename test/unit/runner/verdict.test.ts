import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import GONE from '../../../src/lib/app-folder/gone.sh';
import ASK_HEALTH from '../../../src/lib/runner/ask-health.sh';
import CONFIG from '../../../src/lib/runner/config.sh';
import FAIR from '../../../src/lib/runner/fair.sh';
import INTENT from '../../../src/lib/runner/intent.sh';
import VERDICT from '../../../src/lib/runner/verdict.sh';
import { inNextVmShell } from '../../support/vm-shell.js';

interface Container {
  readonly service: string;
  readonly state?: string;
  readonly health?: '' | 'healthy' | 'starting' | 'unhealthy';
  readonly exit?: number;
  readonly restarts?: number;
  readonly started?: string;
  /** As Docker has it. */
  readonly policy?: string;
  readonly ports?: boolean;
  /** When its last health check began. */
  readonly check?: string;
}

/** A container that was there when the run began. */
interface Began {
  readonly service: string;
  readonly restarts?: number;
  readonly started?: string;
}

const OLD = '2026-11-01T00:00:00Z';
const NEW = '2026-11-28T12:00:00Z';

function looked(each: Container): string {
  const { service, state = 'running', health = '', exit = 0, restarts = 0, started = OLD, policy = 'always' } = each;
  const fields = [service, state, health, exit, restarts, 'false', started, `${policy} ${each.ports ? 1 : ''}`];
  return [...fields, `/app-${service}-1`, `id-${service}`, each.check ?? ''].join('|');
}

interface Verdict {
  readonly good: boolean;
  readonly reason: string;
  readonly looks: number;
  readonly restarted: readonly string[];
}

interface Before {
  /** At this look somebody has set the clock back to this. */
  readonly setBack?: readonly [look: number, date: string];
  readonly began?: readonly Began[];
  readonly intents?: Readonly<Record<string, string>>;
  readonly touched?: '' | '1';
  /** Services that app:stop stopped. */
  readonly stopped?: readonly string[];
}

/**
 * Runs the runner's verdict.
 * @param looks what Docker says, look after look; the last one stays
 */
function verdict(
  looks: readonly (readonly Container[])[],
  { began = [], intents = {}, touched = '', setBack, stopped = [] }: Before = {},
): Verdict {
  const files = looks.map((look, index) => `cat >$folder/look.${index + 1} <<'E'\n${look.map(looked).join('\n')}\nE\n`);
  const docker = `
case $1 in
  ps) echo some ;;
  restart) echo "$2" >>"$folder/restarted" ;;
  inspect)
    n=$(cat "$folder/looks" 2>/dev/null || echo 0)
    n=$((n + 1))
    echo $n >"$folder/looks"
    ${setBack === undefined ? '' : `[ $n != ${setBack[0]} ] || { echo ${setBack[1]} >"$folder/date"; touch -d '2037-01-01 00:00' "$folder/fresh"; }`}
    [ $n -le ${looks.length} ] || n=${looks.length}
    cat "$folder/look.$n" ;;
esac`;
  const lines = (list: readonly string[]): string => list.map((line) => `${line}\n`).join('');
  const script = `
work=$folder base=$folder/base release=$folder/release project=app only= watcher= eager=0 stability=3 patience=12 touched=${touched} clock=100
mkdir $release $base
${stopped.length === 0 ? '' : `printf '%s\\n' ${stopped.map((each) => `'${each}'`).join(' ')} >$base/stopped`}
${files.join('')}
cat >$work/began <<'E'
${lines(began.map(({ service, restarts = 0, started = OLD }) => `id-${service}|${restarts}|${started}`))}E
[ -n '${Object.keys(intents).join('')}' ] && cat >$release/intents <<'E'
${lines(Object.entries(intents).map(([service, word]) => `${service} ${word}`))}E
note() { :; }
timeout() { shift; "$@"; }
date() { cat "$folder/date"; }
echo 2026-11-28T12:00:30.000000000 >$folder/date
${GONE}${CONFIG}${INTENT}${FAIR}${ASK_HEALTH}${VERDICT}
engine_socket=/nowhere mode=deploy askers= asking=
clock() { :; }
await_event() { clock=$((clock + 1)); }
verify && echo good || echo "$reason"
cat $work/looks
cat $work/restarted 2>/dev/null || :`;
  const [said = '', count = '', ...restarted] = inNextVmShell({ docker }, script);
  return { good: said === 'good', reason: said === 'good' ? '' : said, looks: Number(count), restarted };
}

describe('what app:stop stopped', { timeout: 60_000 }, () => {
  it('is as it was asked for, and nothing else that stopped is', () => {
    const look: readonly Container[] = [
      { service: 'web', health: 'healthy' },
      { service: 'worker', state: 'exited', exit: 143 },
    ];
    expect(verdict([look], { stopped: ['cron', 'worker'] })).toMatchObject({ good: true });
    expect(verdict([look], { stopped: ['work'] })).toMatchObject({ reason: 'worker exited with code 143' });
    expect(verdict([look])).toMatchObject({ good: false });
  });

  it('is no longer, where somebody has started it since', () => {
    const look = (started: string): readonly Container[] => [{ service: 'worker', state: 'exited', exit: 1, started }];
    const stopped = [`worker|${OLD}`];
    expect(verdict([look(OLD)], { stopped })).toMatchObject({ good: true });
    expect(verdict([look(NEW)], { stopped })).toMatchObject({ reason: 'worker exited with code 1' });
  });
});

describe('restarts', { timeout: 60_000 }, () => {
  it('of before the run do not count', () => {
    const worker = { service: 'worker', restarts: 3 };
    expect(verdict([[worker]], { began: [worker] })).toMatchObject({ good: true });
  });

  it('of this run do, after the third', () => {
    const look = (restarts: number): readonly Container[] => [
      { service: 'worker', state: 'restarting', restarts, exit: 4, started: NEW },
    ];
    const seen = verdict([look(1), look(2), look(3)]);
    expect(seen).toMatchObject({ reason: 'worker restarts again and again (3 times, last exit code 4)', looks: 3 });
  });

  it('of one that was there count from what it had', () => {
    const began = [{ service: 'worker', restarts: 7 }];
    const look = (restarts: number): readonly Container[] => [{ service: 'worker', restarts, started: NEW }];
    expect(verdict([look(8), look(9)], { began })).toMatchObject({ good: true });
    expect(verdict([look(8), look(9), look(10)], { began })).toMatchObject({
      reason: 'worker restarts again and again (3 times)',
    });
  });

  it('count from nothing where somebody started it by hand', () => {
    const began = [{ service: 'worker', restarts: 7 }];
    expect(verdict([[{ service: 'worker', restarts: 1, started: NEW }]], { began })).toMatchObject({ good: true });
  });

  it('of one that looped before are not waited for a minute each: it is started anew, once, and judged by that', () => {
    const began = [{ service: 'worker', restarts: 12 }];
    const before: readonly Container[] = [{ service: 'worker', state: 'restarting', restarts: 12 }];
    const look = (restarts: number): readonly Container[] => [
      { service: 'worker', state: 'restarting', restarts, started: NEW, exit: 1 },
    ];
    expect(verdict([before, look(1), look(2), look(3)], { began })).toEqual({
      good: false,
      reason: 'worker restarts again and again (3 times, last exit code 1)',
      looks: 4,
      restarted: ['id-worker'],
    });
    const mended: readonly Container[] = [{ service: 'worker', started: NEW }];
    expect(verdict([before, mended], { began })).toMatchObject({ good: true, restarted: ['id-worker'] });
  });

  it('is not started anew before what was replaced is ready', () => {
    const began = [{ service: 'worker', restarts: 12 }];
    const worker: Container = { service: 'worker', state: 'restarting', restarts: 12 };
    const db: Container = { service: 'db', health: 'starting', started: NEW };
    const seen = verdict([[worker, db]], { began });
    expect(seen).toMatchObject({ reason: 'not healthy within 12 s: worker db ', restarted: [] });
    const ready: Container = { ...db, health: 'healthy' };
    const after = [{ service: 'worker', started: NEW }, ready];
    expect(verdict([[worker, db], [worker, ready], after], { began })).toMatchObject({
      good: true,
      restarted: ['id-worker'],
    });
  });
});

describe('unhealthy', { timeout: 60_000 }, () => {
  const web = (check: string): Container => ({ service: 'web', health: 'unhealthy', check });
  const db = (health: 'healthy' | 'starting'): Container => ({ service: 'db', health, started: NEW });
  const began = [{ service: 'web' }, { service: 'db' }];
  const before = '2026-11-28T11:59:00.000000000';
  const beside = '2026-11-28T12:00:10.000000000';
  const after = '2026-11-28T12:00:31.000000000';

  it('fails at once in what was started in this run', () => {
    const atOnce = { reason: 'web is unhealthy', looks: 1 };
    expect(verdict([[{ ...web(before), started: NEW }]], { began })).toMatchObject(atOnce);
    expect(verdict([[web(before)]])).toMatchObject(atOnce);
  });

  it('fails at once where nothing was started: it will not mend itself', () => {
    expect(verdict([[web(before)]], { began })).toMatchObject({ reason: 'web is unhealthy', looks: 1 });
  });

  it('of before does not count while what was replaced is not ready, nor from a check that began before it was', () => {
    const healed: readonly Container[] = [{ service: 'web', health: 'healthy', check: after }, db('healthy')];
    const stale = [web(beside), db('healthy')];
    const seen = verdict([[web(before), db('starting')], stale, stale, healed], { began });
    expect(seen).toMatchObject({ good: true, looks: 4 });
  });

  it('counts from the first check after that', () => {
    const looks = [
      [web(before), db('starting')],
      [web(beside), db('healthy')],
      [web(after), db('healthy')],
    ];
    expect(verdict(looks, { began })).toMatchObject({ reason: 'web is unhealthy', looks: 3 });
  });

  it('of before does not count where the data was touched and nothing replaced', () => {
    const touched = { began, touched: '1' } as const;
    expect(verdict([[web(before)], [{ service: 'web', health: 'healthy' }]], touched)).toMatchObject({ good: true });
    expect(verdict([[web(before)], [web(after)]], touched)).toMatchObject({ reason: 'web is unhealthy', looks: 2 });
  });

  it('counts from then on where somebody sets the clock back meanwhile, and not by the time that was taken back', () => {
    const setBack = [3, '2026-11-27T12:00:40.000000000'] as const;
    const known = web(before);
    const stale: readonly Container[] = [web(beside), db('healthy')];
    const fails: readonly Container[] = [web('2026-11-27T12:00:41.000000000'), db('healthy')];
    const look = [[known, db('starting')], stale, stale];
    expect(verdict([...look, stale, fails], { began, setBack })).toMatchObject({
      reason: 'web is unhealthy',
      looks: 5,
    });
    const healed: readonly Container[] = [{ service: 'web', health: 'healthy' }, db('healthy')];
    // A check that began before that, on the old clock, is a day ahead of everything.
    expect(verdict([...look, stale, stale, healed], { began, setBack })).toMatchObject({ good: true, looks: 6 });
  });

  it('fails when no other check comes', () => {
    const seen = verdict([[web(before), db('healthy')]], { began });
    expect(seen).toMatchObject({ reason: 'not healthy within 12 s: web ' });
  });
});

/** What the Compose file says of a service that does nothing but what its restart policy and the like say. */
function intents(services: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const json = JSON.stringify({ name: 'shop', services, volumes: { data: { name: 'shop_data' } } }, null, 2);
  const run = spawnSync(
    'sh',
    ['-c', `work=$(mktemp -d)\ncat >$work/config\n${CONFIG}${INTENT}\nintents\nrm -r $work`],
    {
      input: json,
      encoding: 'utf8',
    },
  );
  expect(run.stderr).toBe('');
  return Object.fromEntries(
    run.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  );
}

const OWN_CHECK = { test: ['CMD', 'true'], interval: '2s' };
const PORTS = [{ mode: 'ingress', target: 80, published: '8080', protocol: 'tcp' }];

describe('what a service is meant for', { timeout: 60_000 }, () => {
  it.each([
    ['nothing', {}, 'plain'],
    ['a health check of its own', { healthcheck: OWN_CHECK }, 'serves'],
    ['published ports', { ports: PORTS }, 'serves'],
    ['a health check that is disabled', { healthcheck: { disable: true } }, 'plain'],
    ['a health check that is NONE', { healthcheck: { test: ['NONE'] } }, 'plain'],
    ['a check named NONE that is none', { healthcheck: { test: ['CMD', 'NONE'] } }, 'serves'],
    ['published ports and a disabled health check', { ports: PORTS, healthcheck: { disable: true } }, 'serves'],
    ['restart: "no", whatever else', { restart: 'no', ports: PORTS, healthcheck: OWN_CHECK }, 'said'],
    ['restart: on-failure', { restart: 'on-failure:3', healthcheck: OWN_CHECK }, 'said'],
    ['restart_policy', { deploy: { restart_policy: { condition: 'none' } }, ports: PORTS }, 'said'],
    ['other things of deploy', { deploy: { resources: { limits: { memory: '1' } } } }, 'plain'],
    ['a job', { deploy: { mode: 'replicated-job' }, restart: 'always', healthcheck: OWN_CHECK }, 'job'],
    ['a global job', { deploy: { mode: 'global-job' } }, 'job'],
    ['replicas', { deploy: { mode: 'replicated', replicas: 2 } }, 'plain'],
  ])('is told by %s', (_, service, word) => {
    expect(intents({ service })).toEqual({ service: word });
  });

  it('is to complete where another one waits for that, before anything else', () => {
    const on = (condition: string): object => ({ depends_on: { one: { condition, required: true } } });
    const one = { restart: 'always', ports: PORTS, healthcheck: OWN_CHECK };
    expect(intents({ one, two: on('service_completed_successfully') })).toEqual({ one: 'awaited', two: 'plain' });
    expect(intents({ one, two: on('service_healthy') })).toEqual({ one: 'stays', two: 'plain' });
  });
});

describe('one that has ended', { timeout: 60_000 }, () => {
  const ended = (word: string, more: Partial<Container>): Verdict =>
    verdict([[{ service: 'init', state: 'exited', ...more }, { service: 'web' }]], { intents: { init: word } });

  it.each([
    ['awaited', 'always'],
    ['awaited', 'no'],
    ['job', 'always'],
    ['said', 'no'],
    ['said', 'on-failure'],
    ['plain', 'no'],
  ])('with 0 is good where it is %s, with the policy %s', (word, policy) => {
    expect(ended(word, { policy })).toMatchObject({ good: true });
    // What its image brings does not decide.
    expect(ended(word, { policy, health: 'unhealthy', ports: true })).toMatchObject({ good: true });
    expect(ended(word, { policy, exit: 3 })).toMatchObject({ reason: 'init exited with code 3' });
  });

  it.each([
    ['serves', 'no'],
    ['said', 'always'],
    ['plain', 'unless-stopped'],
  ])('is not where it %s, with the policy %s', (word, policy) => {
    expect(ended(word, { policy })).toMatchObject({ reason: 'init exited with code 0' });
  });

  it('is told by Docker alone of a release that was deployed before this was noted', () => {
    const old = (more: Partial<Container>): Verdict =>
      verdict([[{ service: 'init', state: 'exited', policy: 'no', ...more }]]);
    expect(old({})).toMatchObject({ good: true });
    expect(old({ ports: true })).toMatchObject({ reason: 'init exited with code 0' });
    expect(old({ health: 'healthy' })).toMatchObject({ reason: 'init exited with code 0' });
  });
});

describe('one that runs', { timeout: 60_000 }, () => {
  it('is waited for where another one waits for its end, whatever its health check says', () => {
    const run = verdict(
      [[{ service: 'init', health: 'unhealthy', policy: 'no' }], [{ service: 'init', state: 'exited' }]],
      {
        intents: { init: 'awaited' },
      },
    );
    expect(run).toMatchObject({ good: true, looks: 2 });
  });

  it('is judged by its health check, unless it is a job', () => {
    const look: readonly Container[] = [{ service: 'init', health: 'unhealthy', policy: 'no' }];
    expect(verdict([look], { intents: { init: 'job' } })).toMatchObject({ good: true });
    expect(verdict([look], { intents: { init: 'plain' } })).toMatchObject({ reason: 'init is unhealthy' });
  });
});
