import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseHistory } from '../../../src/lib/app-folder/history.js';
import COMMIT from '../../../src/lib/runner/commit.sh';
import GONE from '../../../src/lib/app-folder/gone.sh';
import ORDER from '../../../src/lib/app-folder/order.sh';
import FAIR from '../../../src/lib/runner/fair.sh';
import GAP from '../../../src/lib/runner/gap.sh';
import IN_USE from '../../../src/lib/runner/in-use.sh';
import JOURNAL from '../../../src/lib/runner/journal.sh';
import PRUNE from '../../../src/lib/runner/remove-old.sh';
import RECOVER from '../../../src/lib/runner/recover.sh';
import START from '../../../src/lib/runner/start.sh';
import ASK_HEALTH from '../../../src/lib/runner/ask-health.sh';
import VERDICT from '../../../src/lib/runner/verdict.sh';
import { runIn, vmShells } from '../../support/shells.js';

const DAY = 86_400;

// The machine's own clock cannot be set for a test: `date` is a stand-in of the shell, and moments of files are set.
describe.each(vmShells())('a clock that is set during a run, in $name', { timeout: 120_000 }, (shell) => {
  let base: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'zebu-clock-'));
    for (const each of ['journals', 'releases/r1', 'shared/secrets']) mkdirSync(join(base, each), { recursive: true });
    writeFileSync(join(base, 'shift'), '0');
  });
  afterEach(() => rmSync(base, { recursive: true }));

  /** A run from its start on, with all it knows of time; `set DAYS` sets the clock. */
  const run = (script: string): readonly string[] => {
    const program = `
date() { if [ "$1" = +%s ]; then echo $(( $(command date +%s) + $(cat ${base}/shift) )); else command date "$@"; fi; }
set_clock() { echo $(( $1 * ${DAY} )) >${base}/shift; }
set -- deploy ${base} r1 r1 worker
log_out() { :; }
${START}
release=$base/releases/r1 project=app record='"id":"r1","ref":"v1","kind":"tag","commit":"c","who":"ann","from":"laptop"' previous=
masks=/dev/null timeout=10 askers= asking=
${JOURNAL}${GONE}${ORDER}${FAIR}${ASK_HEALTH}${VERDICT}${GAP}${COMMIT}${RECOVER}${IN_USE}${PRUNE}
${script}`;
    const { stdout, stderr } = runIn(shell, program);
    expect(stderr).toBe('');
    return stdout.split('\n').filter((line) => line !== '');
  };
  const record = (): ReturnType<typeof parseHistory>[number] | undefined =>
    parseHistory(readFileSync(join(base, 'releases.jsonl'), 'utf8'))[0];

  it.each([1, -1])('takes no time and gives none: %s day', (days) => {
    const lines = run(
      `note begin ''; clock; at=$clock; set_clock ${days}; clock; echo $((clock - at)); ( finish live '' )`,
    );
    expect(Number(lines[0])).toBeLessThan(5);
    expect(record()?.seconds).toBeLessThan(5);
    const moments =
      readFileSync(join(base, 'journals/r1.jsonl'), 'utf8')
        .match(/(?<="t":)\d+/g)
        ?.map(Number) ?? [];
    expect(Math.max(...moments) - Math.min(...moments)).toBeLessThan(5);
  });

  it.each([1, -1])('ends no wait early, and keeps none waiting: %s day', (days) => {
    // Never healthy: the verdict comes after its patience, however the clock is set in between.
    const [said, looks] = run(`
inspect() { n=$((n + 1)); [ $n != 2 ] || set_clock ${days}; echo 'web|created||0|0|false|x|stays|/app-web-1|id|'; }
n=0 watcher= only= fresh=any patience=3
# Looked at ten times a second.
await_event() { sleep .1; }
verify && echo good || echo "$reason"
echo $n`);
    expect(said).toBe('not healthy within 3 s: web ');
    expect(Number(looks)).toBeGreaterThan(3);
  });

  it.each([1, -1])('makes no gap of a day, and says that it is not known: %s day', (days) => {
    const events = `echo 'web old' >$work/before
{ echo '1795000000000000000 web old die'; echo "$((1795000002 + $1 * ${DAY}))000000000 web new start"; } >$work/events
inspect() { echo 'web|running||0|0|false|x|stays|/web-1|new|'; }
watcher= clock_set=
measure_gap; echo "gap=$gap"; say_gap; ( finish live '' )`;
    expect(run(`set -- 0\n${events}`)).toEqual(['gap="web":2.0']);
    expect(record()?.gaps).toEqual({ web: 2 });
    rmSync(join(base, 'releases.jsonl'));
    expect(run(`set -- ${days}; set_clock ${days}\n${events}`)).toEqual(['gap=']);
    expect(record()?.gaps).toEqual({});
    expect(readFileSync(join(base, 'journals/r1.jsonl'), 'utf8')).toContain(
      'for how long nobody answered is not known',
    );
  });

  it.each([1, -1])('does not lengthen or turn round what a run took that is recovered after it: %s day', (days) => {
    writeFileSync(join(base, 'releases/r1/plan'), '');
    run(`phase prepare; note begin ''`);
    expect(existsSync(join(base, 'transaction'))).toBe(true);
    writeFileSync(join(base, 'shift'), String(days * DAY));
    run(`load() { :; }\nrecover`);
    expect(record()).toMatchObject({ verdict: 'refused' });
    expect(record()?.seconds).toBeGreaterThanOrEqual(0);
    expect(record()?.seconds).toBeLessThan(60);
    expect(existsSync(join(base, 'transaction'))).toBe(false);
  });

  it('has a run that another boot ended take no less than nothing', () => {
    writeFileSync(join(base, 'releases/r1/plan'), '');
    run(`phase prepare; note begin ''`);
    const open = readFileSync(join(base, 'transaction'), 'utf8');
    expect(open).toMatch(/ tx_boot=[0-9a-f-]{36} tx_uptime=\d+$/m);
    writeFileSync(join(base, 'transaction'), open.replace(/tx_boot=\S+/, 'tx_boot=another'));
    writeFileSync(join(base, 'shift'), String(-DAY));
    run(`load() { :; }\nrecover`);
    expect(record()?.seconds).toBe(0);
  });

  it('keeps nothing from being tidied up: a mark of the future is none', () => {
    const looks = (hours: number | string): readonly string[] =>
      run(`note begin ''; clock
echo "${typeof hours === 'string' ? hours : `$((clock + ${hours * 3600}))`}" >"$base/.build-cache"
begin() { :; }
prune_build_cache() { echo pruned; }
keep=1 id=none; prune`);
    expect(looks(-1)).toEqual([]);
    expect(looks(48)).toEqual(['pruned']);
    expect(looks(-48)).toEqual(['pruned']);
    // An older zebu wrote nothing into it, and a power cut may leave anything.
    expect(looks('')).toEqual(['pruned']);
    expect(looks('1e9')).toEqual(['pruned']);
  });
});
