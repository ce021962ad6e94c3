import { createConsole, type Console } from '../console.js';

/** One thing a contract asks for. Throws when it is not so; give `name` and `run` to whatever runs your tests. */
export interface ConformanceCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** An Io that shows nothing and remembers everything, so that a case can look for what must not be there. */
export function recordingIo(): { readonly io: Console; readonly written: () => string } {
  let text = '';
  const stream = {
    write: (chunk: string): boolean => {
      text += chunk;
      return true;
    },
  } as unknown as NodeJS.WritableStream;
  const io = createConsole({ stdout: stream, stderr: stream, stdin: {}, env: {}, json: false, debug: true });
  return { io, written: () => text };
}
