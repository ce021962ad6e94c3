/**
 * Whole deploys against what a person would write by hand, on the same guest in the same run: `git push` and one `ssh` that
 * checks out, builds and starts, over a connection that is open already; and it waits for health, as a deploy does. What the machine's
 * processors did meanwhile is that of client, guest and all: it says something where nothing else runs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zebu } from './lab.ts';
import { inApp, median, timed, type App } from './app.ts';
import { openLaptop } from './laptop.ts';

interface Row {
  readonly name: string;
  /** What is not measured; gives what is to be deployed. */
  readonly before: () => string;
  readonly once: (tag: string) => void;
  /** The row it is compared with, round by round. */
  readonly over?: string;
  readonly aim?: number;
}

interface Spent {
  readonly seconds: number;
  readonly busy: number;
}

/** Seconds that all processors have been busy since the machine was started. */
function busySeconds(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? ''
  )
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softirq) / 100;
}

async function spend(work: () => void): Promise<Spent> {
  const before = busySeconds();
  const seconds = await timed(work);
  return { seconds, busy: busySeconds() - before };
}

const HAND = 'git push && ssh docker compose build && up -d --wait';
const ZEBU = 'zebu app:deploy';

/** A release with the health check of many a public Compose file. */
function slowRelease(app: App): string {
  const file = join(app.cwd, 'compose.yml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/interval: 1s.*\}/, 'interval: 10s, timeout: 5s }'));
  const tag = app.release();
  writeFileSync(file, text);
  return tag;
}

function rows(app: App): readonly Row[] {
  const laptop = openLaptop(app);
  laptop.pull();
  laptop.up();
  let last = '';
  const release = (): string => (last = app.release());
  const same = (): string => last;
  return [
    { name: `a changed file: ${HAND}`, before: release, once: () => app.byHand() },
    {
      name: 'a changed file: DOCKER_HOST=ssh://… docker compose up --build --wait',
      before: () => {
        release();
        laptop.pull();
        return last;
      },
      once: () => laptop.up(),
      over: `a changed file: ${HAND}`,
    },
    {
      name: `a changed file: ${ZEBU}`,
      before: release,
      once: (tag) => app.byZebu(tag),
      over: `a changed file: ${HAND}`,
      aim: 1,
    },
    {
      name: `nothing changed: ${ZEBU}`,
      before: same,
      once: (tag) => app.byZebu(tag),
      over: `nothing changed: ${HAND}`,
      aim: 0.6,
    },
    { name: `nothing changed: ${HAND}`, before: same, once: () => app.byHand() },
    {
      name: 'back to the release before: zebu app:rollback',
      before: same,
      once: () => void zebu(['app:rollback'], app.cwd),
      over: `a changed file: ${HAND}`,
      aim: 0.8,
    },
    { name: `a health check every 10 s: ${HAND}`, before: () => slowRelease(app), once: () => app.byHand() },
    {
      name: `a health check every 10 s: ${ZEBU}`,
      before: () => slowRelease(app),
      once: (tag) => app.byZebu(tag),
      over: `a health check every 10 s: ${HAND}`,
      aim: 1,
    },
  ];
}

/** @param rounds of each, one after the other in turn */
export function benchDeploy(rounds: number): Promise<void> {
  return inApp(async (app) => {
    app.release();
    const measured = new Map<string, Spent[]>();
    const all = rows(app);
    for (let round = 0; round < rounds; round++) {
      for (const { name, before, once } of all) {
        const tag = before();
        measured.set(name, [...(measured.get(name) ?? []), await spend(() => once(tag))]);
      }
    }
    console.log(
      `\nDeploys of one service, ${rounds} rounds in turn: medians, and ratios to the same by hand, round by round`,
    );
    for (const { name, over, aim } of all) {
      const own = measured.get(name) ?? [];
      const floor = over === undefined ? own : (measured.get(over) ?? []);
      const ratio = (of: (each: Spent) => number): number =>
        median(own.map((each, round) => of(each) / of(floor[round] ?? each)));
      const [wall, busy] = [ratio(({ seconds }) => seconds), ratio((each) => each.busy)];
      const verdict = aim === undefined ? '' : `  aim <= ${aim}x  ${wall <= aim ? 'met' : 'MISSED'}`;
      console.log(
        `${name.padEnd(70)} ${median(own.map(({ seconds }) => seconds)).toFixed(2)} s ${wall.toFixed(2)}x  processors ${median(own.map((each) => each.busy)).toFixed(2)} s ${busy.toFixed(2)}x${verdict}`,
      );
    }
  });
}
