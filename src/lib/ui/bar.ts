import type { Io } from '@zebu/kit';

/** How wide the terminal has to be for the longer one. */
const WIDE = 80;

/** `█████░░░░░`, or `#####-----` where that cannot be shown. @param part 0 to 1 */
export function bar(part: number, { columns, unicode }: Pick<Io, 'columns' | 'unicode'>): string {
  const width = columns < WIDE ? 10 : 20;
  const [full, empty] = unicode ? ['█', '░'] : ['#', '-'];
  const done = Math.max(0, Math.min(width, Math.floor(part * width)));
  return full.repeat(done) + empty.repeat(width - done);
}
