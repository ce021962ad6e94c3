import { joined, shown, write } from '@zebu/kit/core';

/** A terminal that is redrawn as a whole, on its second screen, so that what was there before comes back. */
export interface Screen {
  /** Aborts when the person wants to leave: q, Ctrl-C, Escape. */
  readonly quit: AbortSignal;
  /** Lines beyond the window's height are left out, longer ones cut. */
  draw(lines: readonly string[]): void;
  close(): void;
}

const ENTER = shown`\u001B[?1049h\u001B[?25l`;
const LEAVE = shown`\u001B[?25h\u001B[?1049l`;
const HOME = shown`\u001B[H`;
const CLEAR_LINE = shown`\u001B[K`;
const CLEAR_BELOW = shown`\u001B[J`;

/** Takes over stdin and stdout, which must be a terminal. */
export function openScreen(): Screen {
  const { stdin, stdout } = process;
  const leave = new AbortController();
  const onKeys = (keys: Buffer): void => {
    if (/^[qQ\u0003\u0004]/.test(keys.toString()) || keys.toString() === '\u001B') leave.abort();
  };
  let last: readonly string[] = [];
  const draw = (lines: readonly string[]): void => {
    last = lines;
    const width = stdout.columns || 80;
    const fitting = lines.slice(0, (stdout.rows || 24) - 1);
    const text = fitting.map((line) => joined([shown`${line.slice(0, width)}`, CLEAR_LINE, shown`\n`]));
    write(stdout, joined([HOME, ...text, CLEAR_BELOW]));
  };
  const redraw = (): void => draw(last);
  stdin.setRawMode(true);
  stdin.on('data', onKeys).resume();
  stdout.on('resize', redraw);
  write(stdout, joined([ENTER, HOME]));
  draw(['...']);
  return {
    quit: leave.signal,
    draw,
    close: () => {
      stdout.off('resize', redraw);
      stdin.off('data', onKeys).pause();
      stdin.setRawMode(false);
      write(stdout, LEAVE);
    },
  };
}
