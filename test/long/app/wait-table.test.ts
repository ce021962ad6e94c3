import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { makeBaseImage } from '../../support/base-image.js';
import { guestShell, put, type Shell } from '../../support/guest-shell.js';
import { makeProject, type Project } from '../../support/project.js';
import { RUNNER_FUNCTIONS } from '../../support/runner-app.js';

/** What both said of it: `good`, or why not. */
interface Tried {
  readonly compose: string;
  readonly zebu: string;
}

/** How one service is written, and what it does. */
interface Combination {
  readonly restart: (typeof RESTARTS)[number];
  readonly check: (typeof CHECKS)[number];
  /** Another service waits for it to complete successfully. */
  readonly awaited: boolean;
  readonly ports: boolean;
  readonly does: (typeof DOES)[number];
}

const RESTARTS = ['', 'no', 'on-failure:1', 'always', 'unless-stopped', 'none', 'on-failure', 'any', 'job'] as const;
const CHECKS = ['', 'good', 'bad', 'disabled'] as const;
const DOES = ['runs', 'exits 0', 'exits 3'] as const;

const ALL: readonly Combination[] = RESTARTS.flatMap((restart) =>
  CHECKS.flatMap((check) =>
    [false, true].flatMap((awaited) =>
      [false, true].flatMap((ports) => DOES.map((does) => ({ restart, check, awaited, ports, does }))),
    ),
  ),
);

function composeFile({ restart, check, awaited, ports, does }: Combination): string {
  const own = ['none', 'on-failure', 'any'].includes(restart)
    ? { deploy: { restart_policy: { condition: restart, ...(restart === 'on-failure' ? { max_attempts: 1 } : {}) } } }
    : restart === 'job'
      ? { deploy: { mode: 'replicated-job' } }
      : restart === ''
        ? {}
        : { restart };
  const command = does === 'runs' ? ['/bin/stay'] : ['sh', '-c', `exit ${does.slice(-1)}`];
  const healthcheck =
    check === ''
      ? {}
      : {
          healthcheck:
            check === 'disabled'
              ? { disable: true }
              : { test: ['CMD', check === 'good' ? 'true' : 'false'], interval: '300ms', retries: 2 },
        };
  const services = {
    one: { image: 'base:1', command, ...own, ...healthcheck, ...(ports ? { ports: ['80'] } : {}) },
    ...(awaited
      ? { two: { image: 'base:1', depends_on: { one: { condition: 'service_completed_successfully' } } } }
      : {}),
  };
  return JSON.stringify({ services });
}

/** Whether zebu says good where `up --wait` fails, on purpose: it is not meant to stay, and has ended well. */
function endedWell({ restart, check, awaited, ports, does }: Combination): boolean {
  if (does !== 'exits 0' || awaited) return false;
  if (restart === 'always' || restart === 'unless-stopped' || restart === 'any') return false;
  return restart !== '' || (!ports && check !== 'good' && check !== 'bad');
}

/** Whether `--wait` is content although it does not stay up: it was seen running, once. */
const seenRunning = ({ does, restart, check, awaited }: Combination): boolean =>
  !awaited &&
  does !== 'runs' &&
  check !== 'good' &&
  check !== 'bad' &&
  /^(always|unless-stopped|any|on-failure.*)$/.test(restart);

/**
 * Compose of that time fails for every service whose check is disabled, for it has none; and knows no jobs. Whether it finds
 * the end of one that is started again and again is a matter of the moment it looks.
 */
const unknownThere = ({ check, restart, awaited, does }: Combination): boolean =>
  (check === 'disabled' && !awaited) ||
  restart === 'job' ||
  (awaited && does !== 'runs' && /^(always|unless-stopped|any)$/.test(restart));

/** Numbers from 0 to 1, the same for the same seed. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const SEED = Number(process.env['ZEBU_TEST_SEED'] ?? Date.now() % 1_000_000);
const ROUNDS = Number(process.env['ZEBU_TEST_ROUNDS'] ?? 60);
const AT_ONCE = 6;

/** What `docker compose up --wait` says of the Compose file in the release's folder, and what a run of the runner. */
const JUDGE = `${RUNNER_FUNCTIONS}
note() { :; }
project=$app tree=$release/tree only='' stability=2 limit=60
cd "$tree" || exit 1
# The limit does not hold for what a dependant waits for: where that never ends, Compose never does.
if timeout 60 docker compose -p "$project" up -d --wait --wait-timeout 20 >"$work/said" 2>&1; then compose=good; else compose=$(tail -n 1 "$work/said"); fi
docker compose -p "$project" down -t 0 >/dev/null 2>&1
docker compose -p "$project" config --format json >"$work/config"
note_intents
: >"$work/began"
watch_gap
timeout 30 docker compose -p "$project" up -d >"$work/said" 2>&1
patience=20
if verify; then zebu=good; else zebu=$reason; fi
kill $watcher
docker compose -p "$project" down -t 0 >/dev/null 2>&1
printf '%s\\t%s\\t%s\\n' "\${app#waits}" "$compose" "$zebu"
`;

describe(`what is meant to end, beside docker compose up --wait (ZEBU_TEST_SEED=${SEED})`, () => {
  let project: Project;
  let guest: Shell;

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'waits',
      files: { 'compose.yml': 'services: {}' },
      config: { vm: { memory_mb: 2048 } },
    });
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
    makeBaseImage(guest);
    await put(guest, Buffer.from(JUDGE), '/tmp/judge');
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  /** `good` or why not, of Compose and of zebu, for each: most of the time is waiting, so they wait beside each other. */
  function tried(combinations: readonly Combination[]): readonly Tried[] {
    const parts = combinations.map(
      (combination, index) => `base=$folder/waits${index}
mkdir -p "$base/releases/r1/tree" "$base/journals" "$base/shared/secrets"
cat >"$base/releases/r1/tree/compose.yml" <<'E'
${composeFile(combination)}
E
sh /tmp/judge deploy "$base" r1 r1 worker >"$base/said" 2>"$base/errors" &`,
    );
    const script = `folder=$(mktemp -d)
${parts.join('\n')}
wait
cat "$folder"/waits*/said
cat "$folder"/waits*/errors >&2
rm -rf "$folder"`;
    const lines = guest.run(script).split('\n');
    return combinations.map((_, index) => {
      const [, compose = '', zebu = ''] = (lines.find((line) => line.startsWith(`${index}\t`)) ?? '').split('\t');
      return { compose, zebu };
    });
  }

  const random = numbers(SEED);
  const chosen = Array.from({ length: ROUNDS }, () => ALL[Math.floor(random() * ALL.length)] as Combination);

  const groups = Array.from({ length: Math.ceil(ROUNDS / AT_ONCE) }, (_, group) =>
    chosen.slice(group * AT_ONCE, (group + 1) * AT_ONCE),
  );

  it.each(groups.map((each, index) => [index + 1, each] as const))('is judged as it is there: group %i', (_, group) => {
    const wrong = tried(group).flatMap(({ compose, zebu }, index) => {
      const combination = group[index] as Combination;
      const good = zebu === 'good';
      const right = endedWell(combination)
        ? good
        : seenRunning(combination)
          ? !good
          : unknownThere(combination) || (zebu !== '' && good === (compose === 'good'));
      return right ? [] : [{ combination, compose, zebu }];
    });
    expect(wrong).toEqual([]);
  });
});
