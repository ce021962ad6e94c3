/** Why a run ended is a code of one closed set, and nothing goes by the words beside it. */
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CAUSES } from '../../../src/lib/app-folder/causes.js';
import LINEWISE from '../../../src/lib/guest/linewise.sh';
import GONE_FUNCTIONS from '../../../src/lib/app-folder/gone.sh';
import ORDER from '../../../src/lib/app-folder/order.sh';
import { parseHistory } from '../../../src/lib/app-folder/history.js';
import BRING_UP from '../../../src/lib/runner/bring-up.sh';
import COMMIT from '../../../src/lib/runner/commit.sh';
import CONFIG from '../../../src/lib/runner/config.sh';
import ENGINE from '../../../src/lib/runner/engine.sh';
import FACTS from '../../../src/lib/runner/facts.sh';
import FAIR from '../../../src/lib/runner/fair.sh';
import FRONT from '../../../src/lib/runner/front.sh';
import HOOKS from '../../../src/lib/runner/hooks.sh';
import IMAGES from '../../../src/lib/runner/images.sh';
import INTENT from '../../../src/lib/runner/intent.sh';
import JOURNAL from '../../../src/lib/runner/journal.sh';
import MAIN from '../../../src/lib/runner/main.sh';
import PREFLIGHT from '../../../src/lib/runner/preflight.sh';
import PROBATION from '../../../src/lib/runner/probation.sh';
import PROBES from '../../../src/lib/runner/probes.sh';
import REASON from '../../../src/lib/runner/reason.sh';
import RECOVER from '../../../src/lib/runner/recover.sh';
import RECALLED from '../../../src/lib/runner/recalled.sh';
import RUNS_ALREADY from '../../../src/lib/runner/runs-already.sh';
import UNCHANGED from '../../../src/lib/runner/unchanged.sh';
import SECRETS from '../../../src/lib/runner/secrets.sh';
import REGISTRIES from '../../../src/lib/runner/registries.sh';
import START from '../../../src/lib/runner/start.sh';
import UNREAD from '../../../src/lib/runner/unread.sh';
import ASK_HEALTH from '../../../src/lib/runner/ask-health.sh';
import VERDICT from '../../../src/lib/runner/verdict.sh';
import { parseJournalLine } from '../../../src/lib/runs/journal-events.js';
import { endError } from '../../../src/lib/runs/outcome.js';
import { ROOT } from '../../support/cli.js';
import { reword } from '../../support/reworded.js';
import { runIn, vmShells } from '../../support/shells.js';

const files = globSync(['src/lib/runner/*.sh', 'src/lib/dumps/*.sh', 'src/lib/app-folder/registry-login.sh'], {
  cwd: ROOT,
}).toSorted();
/** Without its comments. */
const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8').replaceAll(/^ *#.*\n/gm, '');

/** Where a cause is written down in the runner. */
const WRITTEN = [
  /cause=([a-z][a-z0-9-]*)/g,
  /\brefuse_restore ([a-z][a-z0-9-]*) /g,
  /\bblame ([a-z][a-z0-9-]*) /g,
  /\bfinish \w+ ([a-z][a-z0-9-]*) /g,
  /\bfinish \$\w+ ([a-z][a-z0-9-]*) /g,
  /\bclose_journal \w+ \d ([a-z][a-z0-9-]*) /g,
  /(?:^ *|\|\| |&& |; )(?:restore|keep_secrets|keep_restored) ([a-z][a-z0-9-]*) /gm,
  /\bask [\w-]+ "\$\w+" ([a-z][a-z0-9-]*)/g,
  /\\"cause\\":\\"([a-z][a-z0-9-]*)\\"/g,
];

describe('the causes of the runner', () => {
  it('are those of the table, all of them', () => {
    const used = files.flatMap((file) =>
      WRITTEN.flatMap((pattern) => [...textOf(file).matchAll(pattern)].map(([, cause]) => cause)),
    );
    expect([...new Set(used)].toSorted()).toEqual(Object.keys(CAUSES).toSorted());
  });

  it('are set wherever words are', () => {
    const without = files.flatMap((file) =>
      [...textOf(file).matchAll(/^(\w+)\(\) \{.*?(?:^\}|\}$)/gms)].flatMap(([body, name]) => {
        const says = /(?<!print ")\breason=(?!'')["'$]/.test(body);
        return says && !/\bcause=[a-z$]|\bblame /.test(body) ? [`${file}: ${name}`] : [];
      }),
    );
    expect(without).toEqual([]);
  });

  it('are passed on with every end', () => {
    const ends = files.flatMap((file) => [...textOf(file).matchAll(/\bfinish (\w+|\$\w+) (\S+) ?(\S*)/g)]);
    expect(ends.length).toBeGreaterThan(15);
    for (const [line, , cause, words] of ends.filter(([line]) => !line.includes('VERDICT'))) {
      expect(cause, line).toMatch(/^[a-z0-9-]+$|^"\$(\w*cause|1)"$/);
      expect(words, line).not.toBe('');
    }
  });

  it('are never asked of the words', () => {
    const asking =
      /\bcase "?\$\{?(?:reason|failed|why|remark|stuck)\b|\bgrep\b[^|;]*"\$(?:reason|failed|why|remark|stuck)"|"?\$(?:reason|failed|why|remark)"? (?:!?=|-eq) "?[^"\s]/;
    expect(
      files.flatMap((file) =>
        textOf(file)
          .split('\n')
          .filter((line) => asking.test(line)),
      ),
    ).toEqual([]);
  });
});

/** The functions of what is run from top to bottom. */
const MAIN_FUNCTIONS = MAIN.slice(0, MAIN.indexOf('\n[ "$mode" = recover ]'));

const PARTS = [
  GONE_FUNCTIONS,
  START,
  LINEWISE,
  JOURNAL,
  REASON,
  ENGINE,
  CONFIG,
  UNREAD,
  INTENT,
  FAIR,
  ASK_HEALTH,
  VERDICT,
  PROBES,
  IMAGES,
  REGISTRIES,
  PREFLIGHT,
  FRONT,
  FACTS,
  RUNS_ALREADY,
  UNCHANGED,
  RECALLED,
  BRING_UP,
  COMMIT,
  RECOVER,
  PROBATION,
  HOOKS,
  SECRETS,
  MAIN_FUNCTIONS,
];
const PLAIN = PARTS.join('');
const OTHER = reword(PLAIN);

/** Everything outside the runner, as long as it is well. */
const WELL = `
release=$base/releases/r2 project=app record='"id":"r2","ref":"v2","kind":"tag","commit":"c","who":"ann","from":"laptop"'
masks=/dev/null askers= asking= timeout=3 stability=0 previous= tree=$base/tree directory=tree files= probes=0 client_wait=0 snapshot_wait=0 min_free=1 min_memory=1
keep=3 strategy= strategies= routes= release_service= secrets= lenient= noting= patience=1
find_engine() { engine_is=engine; }
docker_back() { :; }
docker() { :; }
load() { release=$1; }
masked() { cat; }
say_left() { :; }
sync() { :; }
note_containers() { :; }
watch_gap() { :; }
say_gap() { :; }
await_listing() { :; }
measure_gap() { :; }
in_force() { :; }
prune() { :; }
spare() { :; }
await_event() { sleep .1; }
# What a look at the containers sees.
inspect() { printf '%s\\n' "$containers"; }
mend_start() { return 1; }
start_release() { :; }
ids=x containers='web|running|healthy|0|0|false|x|stays|/app-web-1|id|'
: >$work/began; : >$work/taken-back; : >$work/excused; : >$work/tried
excused_until=0
fair_since() { fresh=any excused_until=0; : >"$work/excused"; : >"$work/tried"; }
`;

const BAD = `containers='web|running|unhealthy|0|0|false|x|stays|/app-web-1|id|'`;
const GONE = `containers='web|exited||255|0|false|x|stays|/app-web-1|id|'`;
const SLOW = `containers='web|created||0|0|false|x|stays|/app-web-1|id|'`;
const UP_FAILS = `start_release() { step=start-up; logged echo 'no such thing'; return 1; }`;
const EARLIER = `previous=r1; mkdir -p $base/releases/r1; : >$base/releases/r1/plan`;

/** Where another program has the only word. */
const PASSED_ON = /^Compose|between its books$/;

/** What happens, and what the end of the journal is to say. */
const SCENARIOS: readonly (readonly [what: string, script: string, verdict: string, cause: string, code: string])[] = [
  ['nothing', 'steady bring_up ""; go_live', 'live', '', ''],
  [
    'a container that is unhealthy, and nothing to go back to',
    `${BAD}; steady bring_up "" || restore "$cause" "$reason"`,
    'unhealthy',
    'unhealthy',
    'DEPLOY_UNHEALTHY',
  ],
  [
    'a container that is unhealthy',
    `${EARLIER}; ${BAD}; steady bring_up "" || { ${'containers=${containers%unhealthy*}healthy${containers#*unhealthy}'}; restore "$cause" "$reason"; }`,
    'restored',
    'unhealthy',
    'DEPLOY_RESTORED',
  ],
  [
    'a container that is not ready in time',
    `${SLOW}; steady bring_up "" || restore "$cause" "$reason"`,
    'unhealthy',
    'not-ready',
    'DEPLOY_UNHEALTHY',
  ],
  [
    'a container that exits with 255',
    `${GONE}; steady bring_up "" || restore "$cause" "$reason"`,
    'unhealthy',
    'exited-255',
    'DEPLOY_UNHEALTHY',
  ],
  [
    'a start that fails, where all is well',
    `${UP_FAILS}; bring_up "" || restore "$cause" "$reason"`,
    'unhealthy',
    'up-failed',
    'DEPLOY_UNHEALTHY',
  ],
  [
    'a start that fails, with a container that is not ready',
    `${UP_FAILS}; ${SLOW}; bring_up "" || restore "$cause" "$reason"`,
    'unhealthy',
    'up-failed',
    'DEPLOY_UNHEALTHY',
  ],
  [
    'a start that fails, with a container that Docker has lost',
    `${UP_FAILS}; ${GONE}; bring_up "" || restore "$cause" "$reason"`,
    'unhealthy',
    'up-failed',
    'DEPLOY_UNHEALTHY',
  ],
  [
    'a start that fails for a container',
    `${UP_FAILS}; ${BAD}; bring_up "" || restore "$cause" "$reason"`,
    'unhealthy',
    'unhealthy',
    'DEPLOY_UNHEALTHY',
  ],
  [
    'no container',
    `inspect() { :; }; bring_up "" || restore "$cause" "$reason"`,
    'unhealthy',
    'no-container',
    'DEPLOY_UNHEALTHY',
  ],
  [
    'Docker that does not answer',
    `inspect() { return 1; }; bring_up "" || restore "$cause" "$reason"`,
    'unhealthy',
    'docker-silent',
    'DEPLOY_UNHEALTHY',
  ],
  ['a client that went away', `client_wait=1; ask_client; go_live`, 'live', 'client-gone', ''],
  [
    'a probe from outside that failed',
    `client_wait=9; { echo failed; echo 'status 502'; } >$base/client.$run; ask_client || restore "$cause" "$reason"`,
    'unhealthy',
    'probe-failed',
    'DEPLOY_UNHEALTHY',
  ],
  [
    'a snapshot that nobody takes',
    `snapshot_wait=1; ask_snapshot || finish refused "$cause" "$reason"`,
    'refused',
    'snapshot-missing',
    'DEPLOY_REFUSED',
  ],
  [
    'too little memory',
    `step=check min_memory=999999999; check_room || finish refused "$cause" "$reason"`,
    'refused',
    'no-memory',
    'DEPLOY_REFUSED',
  ],
  [
    'too little space',
    `step=check min_free=999999999999; prune_images() { :; }; gone() { :; }; prune_build_cache() { :; }; check_room || finish refused "$cause" "$reason"`,
    'refused',
    'no-space',
    'NO_SPACE',
  ],
  [
    'Compose files that cannot be read',
    `compose() { echo 'services.web: unknown key' >&2; return 1; }; check_config || finish refused "$cause" "$reason"`,
    'refused',
    'compose-invalid',
    'COMPOSE_INVALID',
  ],
  [
    'Compose that has no room to read them',
    `compose() { echo 'write /tmp/x: no space left on device' >&2; return 1; }; check_config || finish refused "$cause" "$reason"`,
    'refused',
    'no-space',
    'NO_SPACE',
  ],
  [
    'a hook that fails',
    `step=hook hook=.zebu/hooks/pre-build; logged sh -c 'echo boom; exit 3'; blame_hook; finish refused "$cause" "$reason"`,
    'refused',
    'hook-failed',
    'DEPLOY_REFUSED',
  ],
  [
    'a hook that finds the disk full',
    `step=hook hook=.zebu/hooks/pre-build; logged sh -c 'echo "cp: x: No space left on device"; exit 1'; blame_hook; finish refused "$cause" "$reason"`,
    'refused',
    'no-space',
    'NO_SPACE',
  ],
  [
    'a run that was killed before anything was touched',
    `begin check ''; phase prepare; recover`,
    'refused',
    'interrupted',
    'DEPLOY_REFUSED',
  ],
  [
    'a run that was killed while it switched',
    `${EARLIER}; : >$release/plan; begin start-up ''; phase switch; recover`,
    'restored',
    'interrupted',
    'DEPLOY_RESTORED',
  ],
  [
    'a first run that was killed while it switched',
    `: >$release/plan; begin start-up ''; phase switch; recover`,
    'live',
    'resumed',
    '',
  ],
  ['a run that was killed when it was verified', `begin verify ''; phase live; recover`, 'live', 'resumed', ''],
  [
    'a run that was killed between its books',
    `begin verify ''; phase live; close_journal() { exit; }; ( finish restored unhealthy "$base is bad" ); close_journal() { clock; append "$journal" "{\\"end\\":\\"$1\\",\\"step\\":\\"$step\\",\\"cause\\":\\"$3\\",\\"reason\\":\\"$4\\"}"; }; recover`,
    'restored',
    'unhealthy',
    'DEPLOY_RESTORED',
  ],
  [
    'secrets that did not arrive',
    `previous=r2; load() { return 1; }; apply_secrets`,
    'refused',
    'not-stored',
    'DEPLOY_REFUSED',
  ],
];

const shells = vmShells();

// Between them they are in every shell, and each scenario in both wordings: what is to come of it is the same.
describe.each([
  { words: 'its own words', program: PLAIN, shell: shells[0] },
  { words: 'other words', program: OTHER.program, shell: shells.at(-1) },
])('a run with $words, in $shell.name', { timeout: 120_000 }, ({ program, shell }) => {
  let base: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'zebu-causes-'));
    for (const each of ['journals', 'releases/r2', 'shared/secrets', 'tree'])
      mkdirSync(join(base, each), { recursive: true });
    writeFileSync(join(base, 'journals/r2.jsonl'), '');
  });
  afterEach(() => rmSync(base, { recursive: true }));

  it.each(SCENARIOS)('ends as it should after %s', (what, script, verdict, cause, code) => {
    if (shell === undefined) throw new Error('there is a shell');
    // More than fits into an argument.
    writeFileSync(join(base, 'program'), program);
    const { stderr } = runIn(
      shell,
      `set -- deploy ${base} r2 r2 worker\n. ${base}/program\n${ORDER}${WELL}\n${script}\n`,
    );
    expect(stderr).toBe('');
    const lines = readFileSync(join(base, 'journals/r2.jsonl'), 'utf8').trim().split('\n');
    expect(lines.at(-1)).toContain(`"cause":"${cause}"`);
    const end = parseJournalLine(lines.at(-1) ?? '');
    if (end?.kind !== 'end') throw new Error(`no end: ${lines.join('\n')}`);
    expect(end).toMatchObject({ verdict, cause: cause === '' ? undefined : cause });
    expect(end.reason.includes('reworded')).toBe(
      program === OTHER.program && end.reason !== '' && !PASSED_ON.test(what),
    );
    expect(endError(end, 'r2')?.code ?? '').toBe(code);
    const [record] = parseHistory(readFileSync(join(base, 'releases.jsonl'), 'utf8'));
    expect(record).toMatchObject({ verdict, cause, reason: end.reason });
  });
});

it('has other words for all of them', () => {
  expect(OTHER.words).toBeGreaterThan(40);
});
