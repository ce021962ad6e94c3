import { Flags } from '@oclif/core';
import type { Io } from '@zebu/kit';
import type { AskToWriteBack } from './write-back.js';

/** Of commands that change secrets in the VM. */
export const writeBackFlag = Flags.boolean({
  allowNo: true,
  env: 'ZEBU_WRITE_BACK',
  description:
    'Write the new value into the source that has the one before, such as .env. Default: asks on a terminal, else no.',
});

/** @param flags the command's own, for the question; @param chosen what was given, undefined asks */
export function writeBackAnswer(
  io: Pick<Io, 'interactive'>,
  flags: { readonly 'write-back': { env?: string | undefined } },
  chosen: boolean | undefined,
): AskToWriteBack {
  return async (where, names) => {
    if (chosen !== undefined || !io.interactive) return chosen === true;
    const { asker } = await import('../ui/ask.js');
    const typed = await asker(io, flags, 'write-back').ask('write-back', {
      message: `${where} has ${names.join(', ')}, too. Write the new value there when it is live? (Y/n)`,
      unanswered: { code: 'NEEDS_CONFIRMATION', message: `${where} has ${names.join(', ')}, too` },
    });
    return /^(?:y|yes|)$/i.test(typed);
  };
}
