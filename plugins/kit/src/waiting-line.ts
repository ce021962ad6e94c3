import type { Io } from './io.js';

/** One line at the bottom of a terminal that says what is being waited for, and leaves nothing behind. */
export interface WaitingLine {
  show(text: string): void;
  /** Before anything else is printed. */
  clear(): void;
}

const CLEAR = '\r\u001B[K';

/**
 * @param to a terminal; only looked at where `io.live` says that it is one
 * @returns a line that is never shown where nobody would see it redrawn
 */
export function waitingLine(io: Io, to: Pick<NodeJS.WritableStream, 'write'> = process.stderr): WaitingLine {
  let shown = false;
  return {
    show: (text) => {
      if (!io.live) return;
      shown = true;
      // The cursor stays at its beginning, so that what comes from elsewhere is written over it.
      to.write(`${CLEAR}${io.redactor.clean(text).slice(0, io.columns - 1)}\r`);
    },
    clear: () => {
      if (shown) to.write(CLEAR);
      shown = false;
    },
  };
}
