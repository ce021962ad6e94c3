import { prompt } from './prompt.js';

/** One line from the person at the terminal. @throws INTERRUPTED on Ctrl-C */
export async function askLine(message: string, initial: string): Promise<string> {
  return (await prompt({ type: 'input', message, initial })).trim();
}
