import { interrupted, ZebuError, type Io } from '@zebu/kit';

/**
 * Asks for the name of what is about to be destroyed. Nothing is asked without a terminal.
 * @throws NEEDS_CONFIRMATION without a terminal, INTERRUPTED on Ctrl-C
 */
export async function confirmByName(io: Io, what: string, name: string): Promise<boolean> {
  if (!io.interactive) {
    throw new ZebuError('NEEDS_CONFIRMATION', `${what}. Nobody confirmed it, and there is no terminal to ask on`, {
      hint: 'Give --yes if you are sure.',
    });
  }
  const { default: enquirer } = await import('enquirer');
  try {
    // Prompts belong to the person, the result to whoever reads stdout.
    const { answer } = await enquirer.prompt<{ answer: string }>({
      type: 'input',
      name: 'answer',
      message: `${what}. Type ${name} to go on`,
      stdout: process.stderr,
    });
    return answer.trim() === name;
  } catch {
    // enquirer rejects with an empty string on Ctrl-C.
    throw interrupted();
  }
}
