import readline from 'node:readline';
import { interrupted } from '@zebu/kit';
import { printable } from '@zebu/kit/core';

export interface Question {
  readonly type: 'input' | 'invisible';
  readonly message: string;
  readonly initial?: string;
}

/**
 * Node closes the line editor on Ctrl-C when nobody listens for it, and enquirer then stumbles over the closed one, with a
 * stack. So it is listened to here; enquirer decides what Ctrl-C does.
 */
async function withoutSelfClosing<Result>(ask: () => Promise<Result>): Promise<Result> {
  const { createInterface } = readline;
  readline.createInterface = ((...args: Parameters<typeof createInterface>) =>
    createInterface(...args).on('SIGINT', () => {})) as typeof createInterface;
  try {
    return await ask();
  } finally {
    readline.createInterface = createInterface;
  }
}

/** One question on the terminal: prompts belong to the person, the result to whoever reads stdout. @throws INTERRUPTED on Ctrl-C */
export async function prompt(question: Question): Promise<string> {
  const { default: enquirer } = await import('enquirer');
  try {
    const { answer } = await withoutSelfClosing(() =>
      enquirer.prompt<{ answer: string }>({
        ...question,
        message: printable(question.message),
        name: 'answer',
        stdout: process.stderr,
      }),
    );
    return answer;
  } catch {
    // enquirer rejects with an empty string on Ctrl-C.
    throw interrupted();
  }
}
