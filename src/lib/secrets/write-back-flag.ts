import { Flags } from '@oclif/core';
import type { Asker } from '../ui/ask.js';
import type { AskToWriteBack } from './write-back.js';

/** Of commands that change secrets in the VM. */
export const writeBackFlag = Flags.boolean({
  allowNo: true,
  env: 'ZEBU_WRITE_BACK',
  description:
    'Write the new value into the source that has the one before, such as .env. Default: asks on a terminal, else no.',
});

/** @param chosen what was given; undefined asks, where somebody can be asked */
export function writeBackAnswer(asker: Asker<'write-back'>, chosen: boolean | undefined): AskToWriteBack {
  return async (where, names) => {
    if (chosen !== undefined || !asker.possible) return chosen === true;
    const there = `${where} has ${names.join(', ')}, too`;
    const typed = await asker.ask('write-back', {
      message: `${there}. Write the new value there when it is live? (Y/n)`,
      unanswered: { code: 'NEEDS_CONFIRMATION', message: there },
    });
    return /^(?:y|yes|)$/i.test(typed);
  };
}
