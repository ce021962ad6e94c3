import { EXIT } from './errors.js';
import { nearest } from './nearest.js';
import { oneLine } from './one-line.js';

/** What oclif's parser hangs on its errors, as far as it is of use here. */
interface ParseError extends Error {
  readonly parse?: { readonly input?: { readonly flags?: Readonly<Record<string, unknown>> } };
  readonly oclif?: { readonly exit?: number };
  /** Of a flag that there is not: the words as they were typed. */
  readonly flags?: readonly unknown[];
}

const SEE_HELP = 'See the command with --help.';

/** What is wrong with the words of a command line in one line, and what to do; undefined for any other error. */
export function parseProblem(error: Error): { message: string; hint: string } | undefined {
  const { parse, oclif, flags, message } = error as ParseError;
  if (parse === undefined && oclif?.exit !== EXIT.usage) return undefined;
  return {
    // oclif appends "See more help with --help" and usage on further lines; the first says what is wrong.
    message: oneLine(
      message.replace(/\nSee more help with --help$/, '').replace(/^The following errors? occurred:/, ''),
    ),
    hint: meantFlag(flags, parse?.input?.flags) ?? SEE_HELP,
  };
}

function meantFlag(
  typed: readonly unknown[] | undefined,
  known: Readonly<Record<string, unknown>> = {},
): string | undefined {
  const [word] = typed ?? [];
  if (typeof word !== 'string' || !word.startsWith('--')) return undefined;
  const meant = nearest(word.slice(2).split('=', 1)[0] ?? '', Object.keys(known));
  return meant === undefined ? undefined : `Did you mean --${meant}?`;
}
