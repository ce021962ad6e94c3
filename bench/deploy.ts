/**
 * Whole deploys against what a person would write by hand, on the same guest in the same run: `git push` and one `ssh` that
 * checks out, builds and starts, over a connection that is open already; and it waits for health, as a deploy does. What the machine's
 * processors did meanwhile is that of client, guest and all: it says something where nothing else runs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zebu } from './lab.ts';
import { inApp, type App } from './app.ts';
import { openLaptop } from './laptop.ts';
import { busy, printRounds, type Case, type Spent } from './spent.ts';

function spend(work: () => void): Spent {
  const [before, started] = [busy(), performance.now()];
  work();
  return { wall: performance.now() - started, cpu: busy() - before };
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

const CHANGED = `a changed file: ${HAND}`;
const SAME = `nothing changed: ${HAND}`;
const SLOW = `a health check every 10 s: ${HAND}`;

const measured = (app: App) => ({
  byHand: (): Spent => spend(() => app.byHand()),
  byZebu: (tag: string): Spent => spend(() => app.byZebu(tag)),
});

/** By hand and by zebu, each after its own: what runs is what it made. @param between what is measured between the two */
export function changedAndSame(
  app: App,
  aims: { readonly changed: number; readonly same: number },
  between: readonly Case[] = [],
): readonly Case[] {
  let last = '';
  const release = (): string => (last = app.release());
  const { byHand, byZebu } = measured(app);
  return [
    { name: CHANGED, once: () => (release(), byHand()) },
    { name: SAME, once: byHand, over: SAME },
    ...between,
    { name: `a changed file: ${ZEBU}`, once: () => byZebu(release()), aim: aims.changed },
    { name: `nothing changed: ${ZEBU}`, once: () => byZebu(last), over: SAME, aim: aims.same },
  ];
}

function cases(app: App): readonly Case[] {
  const laptop = openLaptop(app);
  laptop.pull();
  laptop.up();
  return [
    ...changedAndSame(app, { changed: 1, same: 0.6 }, [
      {
        name: 'a changed file: DOCKER_HOST=ssh://… docker compose up --build --wait',
        once: () => {
          app.release();
          laptop.pull();
          return spend(() => laptop.up());
        },
      },
    ]),
    {
      name: 'back to the release before: zebu app:rollback',
      once: () => spend(() => void zebu(['app:rollback'], app.cwd)),
      aim: 0.8,
    },
  ];
}

/**
 * Not among the rounds above: each check of a container is a program in it, and what is deployed next would be spared those of the
 * container that it takes the place of.
 */
function slowCases(app: App): readonly Case[] {
  const { byHand, byZebu } = measured(app);
  return [
    { name: SLOW, once: () => (slowRelease(app), byHand()) },
    { name: `a health check every 10 s: ${ZEBU}`, once: () => byZebu(slowRelease(app)), aim: 1 },
  ];
}

/** @param rounds of each, one after the other in turn */
export function benchDeploy(rounds: number): Promise<void> {
  return inApp((app) => {
    app.release();
    printRounds('deploys of one service', cases(app), rounds);
    printRounds('the same, asked for its health every 10 s', slowCases(app), rounds);
  });
}
