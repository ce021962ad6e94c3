import { ZebuError } from '@zebu/kit';
import type { Asker } from './ask.js';

/**
 * Asks for the name of what is about to be destroyed. Nothing is asked without a terminal.
 * @returns true: whoever declines is told that nothing was changed, and what comes next must not run
 * @throws NEEDS_CONFIRMATION for another answer and without a terminal, INTERRUPTED on Ctrl-C
 */
export async function confirmByName(asker: Asker<'yes'>, what: string, name: string): Promise<true> {
  const typed = await asker.ask('yes', {
    message: `${what}. Type ${name} to go on`,
    unanswered: {
      code: 'NEEDS_CONFIRMATION',
      message: `${what}. Nobody confirmed it, and there is no terminal to ask on`,
    },
  });
  if (typed === name) return true;
  throw new ZebuError('NEEDS_CONFIRMATION', `Nothing was changed: that was not ${name}`);
}

/**
 * Asks once whether to go on with what was shown. Nothing is asked without a terminal.
 * @returns true: whoever declines is told that nothing was changed
 * @throws NEEDS_CONFIRMATION for no and without a terminal, INTERRUPTED on Ctrl-C
 */
export async function confirm(asker: Asker<'yes'>, question: string): Promise<true> {
  const typed = await asker.ask('yes', {
    message: `${question}? (y/N)`,
    unanswered: { code: 'NEEDS_CONFIRMATION', message: 'Nobody agreed to this, and there is no terminal to ask on' },
  });
  if (/^(?:y|yes)$/i.test(typed)) return true;
  throw new ZebuError('NEEDS_CONFIRMATION', 'Nothing was changed: that was not yes');
}
