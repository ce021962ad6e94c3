import xterm from '@xterm/headless';
import { COLUMNS, type Shown } from './session.js';

/** A line that was longer than the terminal is wide stands on several rows. */
export interface Screen {
  /** As they stand on the terminal, whose window is as high as it has to be. */
  readonly rows: readonly string[];
  /** The same, each line whole. */
  readonly lines: readonly string[];
}

/** What a terminal shows once all of it was written, redrawn parts as they were last. */
export async function screenOf(shown: readonly Shown[], columns = COLUMNS): Promise<Screen> {
  const terminal = new xterm.Terminal({ cols: columns, rows: 24, scrollback: 10_000, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(shown.map(([, text]) => text).join(''), resolve));
  const { active } = terminal.buffer;
  const rows: string[] = [];
  const lines: string[] = [];
  for (let index = 0; index < active.length; index++) {
    const row = active.getLine(index);
    if (row === undefined) continue;
    rows.push(row.translateToString(true));
    if (row.isWrapped) lines.push(`${lines.pop() ?? ''}${row.translateToString(true)}`);
    else lines.push(row.translateToString(true));
  }
  terminal.dispose();
  const last = (texts: readonly string[]): number => texts.findLastIndex((text) => text !== '') + 1;
  return { rows: rows.slice(0, last(rows)), lines: lines.slice(0, last(lines)) };
}
