import { interrupted, ZebuError, type Io } from '@zebu/kit';

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
  const { default: enquirer } = await import('enquirer');
  // Prompts belong to the person, the result to whoever reads stdout.
  const question = {
    type: 'input' as const,
    name: 'answer',
    message: `${what}. Type ${name} to go on`,
    stdout: process.stderr,
  };
  const { answer } = await enquirer.prompt<{ answer: string }>(question).catch(() => {
    // enquirer rejects with an empty string on Ctrl-C.
    throw interrupted();
  });
  if (answer.trim() === name) return true;
  throw new ZebuError('NEEDS_CONFIRMATION', `Nothing was changed: that was not ${name}`);
}
