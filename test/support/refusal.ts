import { expect } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../plugins/kit/src/errors.js';
import { publishedProblem } from './published.js';
import { withJson, type CliOptions, type CliRun } from './cli.js';

/** Why a command refused, as its JSON envelope has it. */
export interface Refusal {
  /** Exit status of the process. */
  readonly exit: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A command line that can end with a list: one line for each mistake in zebu.yml. */
const LISTS: ReadonlySet<ErrorCode> = new Set(['CONFIG_INVALID']);

/** Reads a run with `--json` that must have failed, and holds it to what every failure owes its reader. */
export function refusalOf(run: CliRun): Refusal {
  expect(publishedProblem(run.stdout)).toBeUndefined();
  const envelope = JSON.parse(run.stdout) as { ok: boolean; error: Refusal };
  expect(envelope.ok, run.stdout).toBe(false);
  const { error } = envelope;
  expect([run.code, error.exit], run.stdout).toEqual([ERROR_CODES[error.code], ERROR_CODES[error.code]]);
  const line = /^\S.*\S$/;
  if (!LISTS.has(error.code)) expect(error.message).toMatch(line);
  if (error.hint !== undefined) expect(error.hint).toMatch(line);
  // A stack has no place in an answer, and none beside it.
  expect(run.stdout + run.stderr).not.toMatch(/\bat \S+ \(.*:\d+:\d+\)|\bat (file|node):/);
  return error;
}

/** Runs a command that must be refused. The envelope is validated against the published schema, as with every run. */
export async function refusal(
  project: { zebu(args: readonly string[], options?: Partial<CliOptions>): Promise<CliRun> },
  args: readonly string[],
  options?: Partial<CliOptions>,
): Promise<Refusal> {
  return refusalOf(await project.zebu(withJson(args), options));
}
