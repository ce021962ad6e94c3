import { type ErrorCode, handledLater, isZebuError } from '@zebu/kit';
import { ERROR_CODES, toZebuError } from '@zebu/kit/core';
import type { Clock } from '../context/context.js';
import { timeLimit } from '../context/time-limit.js';
import type { Diagnosis } from './results.js';

type Told = Diagnosis['checks'][number];

/** As published, where `code` is any string: more of them come with new versions. */
export interface CheckResult extends Told {
  /** Of a failure: its class, with the exit status that goes with it. */
  readonly code: ErrorCode | null;
}

export type Finding = Omit<CheckResult, 'id'>;

export const ok = (detail: string): Finding => ({ status: 'ok', detail, remedy: null, code: null });
export const warn = (detail: string, remedy: string): Finding => ({ status: 'warn', detail, remedy, code: null });
export const fail = (code: ErrorCode, detail: string, remedy: string): Finding => ({
  status: 'fail',
  detail,
  remedy,
  code,
});
/** Not looked at, with the reason. */
export const skip = (detail: string): Finding => ({ status: 'skip', detail, remedy: null, code: null });

/** A thrown error as a finding, with the message and hint that a command would end with. */
export function failure(error: unknown): Finding {
  const known = isZebuError(error) ? error : toZebuError(error);
  return { status: 'fail', detail: known.message, remedy: known.hint ?? null, code: known.code };
}

export interface Check {
  readonly id: string;
  /** Checks that this one depends on: when one of them failed, this one is skipped. */
  readonly needs: readonly string[];
  /** Checks whose findings this one uses: it waits for them, and runs whether they failed or not. */
  readonly after?: readonly string[];
  /** Its time limit, from its own start. Default: SECONDS. */
  readonly seconds?: number;
  /** @param signal aborts when its time is over, or the run is interrupted */
  run(signal: AbortSignal): Promise<Finding>;
}

const SECONDS = 30;

/** Checks that are under way, and how long the first of them has been. */
export interface StillRunning {
  readonly ids: readonly string[];
  readonly seconds: number;
}

export interface RunOptions {
  readonly clock: Clock;
  /** Called while there is something to wait for, each second. */
  readonly onWait?: (running: StillRunning) => void;
}

const TICK_MS = 1000;

async function runOne(check: Check, signal: AbortSignal, clock: Clock): Promise<Finding> {
  const seconds = check.seconds ?? SECONDS;
  try {
    const found = await timeLimit(seconds * 1000, { clock, signal }).within((each) => check.run(each));
    if (found !== undefined) return found;
  } catch (error) {
    signal.throwIfAborted();
    return failure(error);
  }
  return fail(
    'UNREACHABLE',
    `did not answer within ${seconds} s`,
    'Run it again with --debug, which shows each request and how long it takes.',
  );
}

/**
 * Runs checks concurrently, each once those it depends on are done. A failure skips only the checks that depend on it; one that does not
 * answer in its time is a result like any other. What aborts `signal` ends the run at once.
 * @param onResult called in the order of the checks, each as soon as those before it were reported
 */
export async function runChecks(
  checks: readonly Check[],
  signal: AbortSignal,
  onResult: (result: CheckResult) => void,
  { clock, onWait }: RunOptions,
): Promise<readonly CheckResult[]> {
  signal.throwIfAborted();
  const done = new Map<string, Promise<CheckResult>>();
  const running = new Map<string, number>();
  const start = async (check: Check): Promise<CheckResult> => {
    const of = async (id: string): Promise<CheckResult | undefined> => done.get(id);
    const needed = await Promise.all(check.needs.map(of));
    await Promise.all((check.after ?? []).map(of));
    signal.throwIfAborted();
    const missing = needed.find((result) => result?.status === 'fail' || result?.status === 'skip');
    if (missing !== undefined) return { id: check.id, ...skip(`needs ${missing.id}`) };
    running.set(check.id, clock.elapsed());
    try {
      return { id: check.id, ...(await runOne(check, signal, clock)) };
    } finally {
      running.delete(check.id);
    }
  };
  // A check comes after those it depends on in the list.
  for (const check of checks) {
    done.set(check.id, handledLater(start(check)));
  }
  const tick = setInterval(() => {
    if (running.size === 0) return;
    const seconds = Math.round((clock.elapsed() - Math.min(...running.values())) / 1000);
    onWait?.({ ids: [...running.keys()], seconds });
  }, TICK_MS);
  try {
    const results: CheckResult[] = [];
    for (const result of done.values()) {
      const told = await result;
      signal.throwIfAborted();
      results.push(told);
      onResult(told);
    }
    return results;
  } finally {
    clearInterval(tick);
  }
}

/** 0 when nothing failed, else the status of the first failure's class. */
export function exitOf(results: readonly CheckResult[]): number {
  const code = results.find(({ status }) => status === 'fail')?.code ?? null;
  return code === null ? 0 : ERROR_CODES[code];
}
