import { interrupted } from '@zebu/kit';

/** One line from the person at the terminal. @throws INTERRUPTED on Ctrl-C */
export async function askLine(message: string, initial: string): Promise<string> {
  const { default: enquirer } = await import('enquirer');
  try {
    // Prompts belong to the person, the result to whoever reads stdout.
    const { answer } = await enquirer.prompt<{ answer: string }>({
      type: 'input',
      name: 'answer',
      message,
      initial,
      stdout: process.stderr,
    });
    return answer.trim();
  } catch {
    // enquirer rejects with an empty string on Ctrl-C.
    throw interrupted();
  }
}
