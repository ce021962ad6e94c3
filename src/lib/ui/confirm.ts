import { ZebuError, type Io } from '@zebu/kit';
import { prompt } from './prompt.js';

/**
 * Asks for the name of what is about to be destroyed. Nothing is asked without a terminal.
 * @returns true: whoever declines is told that nothing was changed, and what comes next must not run
 * @throws NEEDS_CONFIRMATION for another answer and without a terminal, INTERRUPTED on Ctrl-C
 */
export async function confirmByName(io: Io, what: string, name: string): Promise<true> {
  if (!io.interactive) {
    throw new ZebuError('NEEDS_CONFIRMATION', `${what}. Nobody confirmed it, and there is no terminal to ask on`, {
      hint: 'Give --yes if you are sure.',
    });
  }
  if ((await prompt({ type: 'input', message: `${what}. Type ${name} to go on` })).trim() === name) return true;
  throw new ZebuError('NEEDS_CONFIRMATION', `Nothing was changed: that was not ${name}`);
}
