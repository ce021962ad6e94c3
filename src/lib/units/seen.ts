import * as z from 'zod';
import type { ResultOf } from '@zebu/kit';

/** What is wrong with a file of a unit. */
export const unitFileState = z.enum(['disabled', 'edited', 'masked', 'missing', 'ok', 'stopped']);

export const seenUnit = z.object({
  name: z.string().describe('`pull`: its files are zebu-pull@APP.service and what starts it.'),
  files: z
    .record(z.string(), unitFileState)
    .describe('Name of a file below /etc/systemd/system → ok, or what is wrong.'),
  running: z.boolean().describe('It is at work just now.'),
  lastStart: z.number().nullable().describe('Unix time in seconds; null when it did not run since the VM started.'),
  lastEnd: z.number().nullable().describe('Unix time in seconds.'),
  lastResult: z
    .string()
    .nullable()
    .describe('As systemd has it: success, exit-code, timeout, signal, oom-kill, …; null when there is none.'),
  lastStatus: z.number().nullable().describe('Exit status.'),
  next: z.number().nullable().describe('Unix time in seconds when its timer starts it; null where that is not known.'),
});
export type SeenUnit = ResultOf<typeof seenUnit>;

export interface SeenUnits {
  /** False where the VM has no systemd: nothing starts a unit there. */
  readonly systemd: boolean;
  readonly units: readonly SeenUnit[];
}

const seconds = z.coerce.number().int().positive().nullable().catch(null);

const timers = z
  .string()
  .transform((text): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return [];
    }
  })
  .pipe(z.array(z.object({ next: z.number().nullable().catch(null) })).catch([]));

const block = z.object({
  unit: z.string(),
  states: z.string().default(''),
  ActiveState: z.string().default(''),
  Result: z.string().optional(),
  ExecMainStatus: z.coerce.number().optional(),
  ExecMainStartTimestamp: seconds.default(null),
  ExecMainExitTimestamp: seconds.default(null),
  next: timers.default([]),
});

const MICRO = 1e6;

function toSeen(found: z.infer<typeof block>): SeenUnit {
  const ended = found.ExecMainExitTimestamp;
  const next = found.next[0]?.next ?? 0;
  return {
    name: found.unit,
    files: Object.fromEntries(
      found.states
        .trim()
        .split(' ')
        .filter((pair) => pair !== '')
        .map((pair) => [
          pair.slice(0, pair.lastIndexOf(',')),
          unitFileState.parse(pair.slice(pair.lastIndexOf(',') + 1)),
        ]),
    ),
    running: found.ActiveState === 'activating' || found.ActiveState === 'active',
    lastStart: found.ExecMainStartTimestamp,
    lastEnd: ended,
    lastResult: ended === null ? null : (found.Result ?? null),
    lastStatus: ended === null ? null : (found.ExecMainStatus ?? null),
    next: next === 0 ? null : Math.floor(next / MICRO),
  };
}

/** Reads what look.sh prints. */
export function parseSeenUnits(stdout: string): SeenUnits {
  const blocks: Record<string, string>[] = [];
  let systemd = false;
  for (const line of stdout.split('\n')) {
    const cut = line.indexOf('=');
    if (cut < 1) continue;
    const [key, value] = [line.slice(0, cut), line.slice(cut + 1)];
    if (key === 'init') systemd = value === 'systemd';
    else if (key === 'unit') blocks.push({ unit: value });
    else {
      const last = blocks.at(-1);
      if (last !== undefined) last[key] = value;
    }
  }
  return { systemd, units: blocks.map((each) => toSeen(block.parse(each))) };
}

/** What is wrong with the files of a unit, one sentence each. */
export function unitTroubles({ files }: SeenUnit): readonly string[] {
  return Object.entries(files).flatMap(([file, state]) => (state === 'ok' ? [] : [`${file} is ${state}`]));
}
