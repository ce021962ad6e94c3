/** A shell on a terminal, in which lines are typed as by a person, and everything that it shows is kept with its time. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from './home.js';

export const COLUMNS = 80;
const ROWS = 24;

/** Seconds since the session began, and what was written then. */
export type Shown = readonly [seconds: number, text: string];

/** A question, and what is typed when it is asked. */
export interface Answer {
  readonly seen: string;
  readonly typed: string;
}

export interface Typed {
  readonly line: string;
  readonly exit: number;
  readonly seconds: number;
  /** From the prompt on, the line itself included. */
  readonly shown: readonly Shown[];
}

export interface Session {
  /** Types one line and waits for the next prompt. */
  type(line: string, options?: { readonly answers?: readonly Answer[]; readonly limitMs?: number }): Promise<Typed>;
  close(): Promise<void>;
}

/** What terminals are told of by shells: a prompt comes, and how the command before it ended. */
const PROMPT = /\u001B\]133;D;(\d+)\u0007\u001B\]133;A\u0007/;
const PS1 = String.raw`\[\e]133;D;$?\a\e]133;A\a\]$ `;

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** @param started milliseconds of when the time of what is shown begins */
export async function openSession(home: Home, folder: string, started = Date.now()): Promise<Session> {
  const argv = home.within(folder, 'env', `PS1=${PS1}`, 'bash', '--norc', '--noprofile', '-i');
  const line = `stty rows ${ROWS} cols ${COLUMNS}; exec ${argv.map(quoted).join(' ')}`;
  const child = spawn('script', ['-qec', line, '/dev/null'], { env: home.env });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let shown: Shown[] = [];
  let ended = false;
  child.once('close', () => (ended = true));
  child.stdout.setEncoding('utf8').on('data', (text: string) => shown.push([(Date.now() - started) / 1000, text]));
  child.stdin.on('error', () => {});
  const text = (): string => shown.map(([, each]) => each).join('');
  const prompt = async (limitMs: number, answers: readonly Answer[], from: number): Promise<number> => {
    const left = [...answers];
    const until = Date.now() + limitMs;
    let seen = from;
    for (;;) {
      const all = text();
      const [next] = left;
      const at = next === undefined ? -1 : all.indexOf(next.seen, seen);
      if (next !== undefined && at !== -1) {
        seen = at + next.seen.length;
        left.shift();
        // A question is there before somebody listens.
        await sleep(500);
        child.stdin.write(next.typed);
      }
      const [, exit] = PROMPT.exec(all.slice(from)) ?? [];
      if (exit !== undefined) {
        if (left.length > 0) throw new Error(`was not asked ${left[0]?.seen ?? ''}:\n${all}`);
        return Number(exit);
      }
      if (ended || Date.now() > until) throw new Error(`no prompt came:\n${all}`);
      await sleep(50);
    }
  };
  await prompt(10_000, [], 0);
  return {
    type: async (typed, { answers = [], limitMs = 300_000 } = {}) => {
      // From the prompt that is there.
      const before = text();
      const begun = Date.now();
      shown = [[(begun - started) / 1000, before.slice(before.search(PROMPT))]];
      const from = text().length;
      child.stdin.write(`${typed}\n`);
      const exit = await prompt(limitMs, answers, from);
      const all = shown;
      const end = text().slice(from).search(PROMPT) + from;
      // The prompt that ends it belongs to the next one.
      shown = [[(Date.now() - started) / 1000, text().slice(end)]];
      const kept: Shown[] = [];
      let length = 0;
      for (const [at, each] of all) {
        if (length < end) kept.push([at, each.slice(0, end - length)]);
        length += each.length;
      }
      return { line: typed, exit, seconds: (Date.now() - begun) / 1000, shown: kept };
    },
    close: async () => {
      child.stdin.write('exit\n');
      await closed;
    },
  };
}
