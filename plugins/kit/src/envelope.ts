import { isZebuError, ZebuError, type ErrorCode } from './errors.js';
import { parseProblem } from './parse-problem.js';
import { systemProblem } from './system-problem.js';

/** Raised when a field of the envelope changes its meaning; results carry their own documented shapes. */
export const ENVELOPE_SCHEMA = 1;

export interface SuccessEnvelope<Result> {
  readonly ok: true;
  readonly command: string;
  readonly schema: typeof ENVELOPE_SCHEMA;
  readonly result: Result;
  readonly warnings: readonly string[];
}

export interface FailureEnvelope {
  readonly ok: false;
  readonly command: string;
  readonly schema: typeof ENVELOPE_SCHEMA;
  readonly error: {
    readonly code: ErrorCode;
    readonly exit: number;
    readonly message: string;
    readonly hint?: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
  readonly warnings: readonly string[];
}

/** How a command ended, as the report for CI sees it. */
export type CommandOutcome<Result> =
  { readonly ok: false; readonly error: ZebuError } | { readonly ok: true; readonly result: Result };

export function success<Result>(command: string, result: Result, warnings: readonly string[]): SuccessEnvelope<Result> {
  return { ok: true, command, schema: ENVELOPE_SCHEMA, result, warnings };
}

export function failure(command: string, error: ZebuError, warnings: readonly string[]): FailureEnvelope {
  return {
    ok: false,
    command,
    schema: ENVELOPE_SCHEMA,
    error: {
      code: error.code,
      exit: error.oclif.exit,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.details === undefined ? {} : { details: error.details }),
    },
    warnings,
  };
}

/** Any thrown thing as one of the closed set. What zebu did not foresee is a BUG, and says so in one line. */
export function toZebuError(error: unknown): ZebuError {
  if (isZebuError(error)) return error;
  if (!(error instanceof Error)) return new ZebuError('BUG', `Unexpected failure: ${String(error)}`, { cause: error });
  if (error.name === 'AbortError') return new ZebuError('INTERRUPTED', 'Interrupted.', { cause: error });
  const problem = parseProblem(error);
  if (problem !== undefined) return new ZebuError('USAGE', problem.message, { hint: problem.hint, cause: error });
  const refused = systemProblem(error);
  if (refused !== undefined) return refused;
  return new ZebuError('BUG', `Unexpected failure: ${error.message.split('\n', 1)[0] ?? ''}`, {
    hint: 'This is a defect of zebu. Run again with --debug and report what it prints.',
    cause: error,
  });
}
