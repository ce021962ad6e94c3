import { ERROR_CODES, isZebuError, toZebuError, type ErrorCode } from '@zebu/kit';

export type CheckStatus = 'fail' | 'ok' | 'skip' | 'warn';

export interface CheckResult {
  readonly id: string;
  readonly status: CheckStatus;
  /** What was found, in one line. */
  readonly detail: string;
  /** What to do about it; null when there is nothing to do. */
  readonly remedy: string | null;
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

/** A thrown error as a finding: what zebu says elsewhere, said here. */
export function failure(error: unknown): Finding {
  const known = isZebuError(error) ? error : toZebuError(error);
  return { status: 'fail', detail: known.message, remedy: known.hint ?? null, code: known.code };
}

export interface Check {
  readonly id: string;
  /** Checks that must have found what this one stands on; else it is skipped. */
  readonly needs: readonly string[];
  run(): Promise<Finding>;
}

/**
 * Runs checks in order; one that fails stops only those that stand on it. What aborts `signal` ends the run.
 * @param onResult called as each is done
 */
export async function runChecks(
  checks: readonly Check[],
  signal: AbortSignal,
  onResult: (result: CheckResult) => void,
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    signal.throwIfAborted();
    const missing = check.needs.find((id) => {
      const status = results.find((result) => result.id === id)?.status;
      return status === 'fail' || status === 'skip';
    });
    let finding: Finding;
    if (missing === undefined) finding = await check.run().catch((error: unknown) => failure(error));
    else finding = skip(`needs ${missing}`);
    signal.throwIfAborted();
    const result = { id: check.id, ...finding };
    results.push(result);
    onResult(result);
  }
  return results;
}

/** 0 when nothing failed, else the status of the first failure's class. */
export function exitOf(results: readonly CheckResult[]): number {
  const code = results.find(({ status }) => status === 'fail')?.code ?? null;
  return code === null ? 0 : ERROR_CODES[code];
}
