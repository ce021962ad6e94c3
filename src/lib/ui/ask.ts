import { ZebuError, type ErrorCode, type Io } from '@zebu/kit';
import { prompt } from './prompt.js';

interface Question {
  readonly message: string;
  readonly initial?: string;
  /** The error when nobody can be asked; the flag and variable to give instead are added to it. */
  readonly unanswered: { readonly code: ErrorCode; readonly message: string };
}

/** Asks for what flags of a command give: there is no question without a flag, and no such flag without a variable. */
export interface Asker<Flag extends string> {
  /** There is somebody to ask. */
  readonly possible: boolean;
  /** @throws what is `unanswered` when nobody can be asked, naming flag and variable; INTERRUPTED on Ctrl-C */
  ask(flag: Flag, question: Question): Promise<string>;
}

/**
 * @param flags the command's own
 * @param names those that its questions stand for
 */
export function asker<
  Flags extends Readonly<Record<string, { env?: string | undefined }>>,
  Name extends string & keyof Flags,
>(io: Pick<Io, 'interactive'>, flags: Flags, ...names: readonly Name[]): Asker<Name> {
  const instead = new Map<Name, string>();
  for (const name of names) {
    const variable = flags[name]?.env;
    if (variable === undefined) throw new Error(`--${name} has no variable`);
    instead.set(name, `Give --${name} (${variable}).`);
  }
  return {
    possible: io.interactive,
    ask: async (flag, { message, initial, unanswered }) => {
      if (!io.interactive) throw new ZebuError(unanswered.code, unanswered.message, { hint: instead.get(flag) });
      return (await prompt({ type: 'input', message, ...(initial === undefined ? {} : { initial }) })).trim();
    },
  };
}
