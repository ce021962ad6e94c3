/** From an empty column to a full one. */
const BLOCKS = '▁▂▃▄▅▆▇█';
const ASCII = '_.:-=+*#';

export interface SparklineSettings {
  /** Columns at most. */
  readonly width: number;
  /** What a full column stands for. */
  readonly top: number;
  readonly unicode: boolean;
}

/**
 * A row of columns, one a value; where there are more values than columns each shows the largest of its share, so that no
 * peak is lost. A column without a value is a space.
 */
export function sparkline(values: readonly (number | null)[], { width, top, unicode }: SparklineSettings): string {
  const columns = Math.min(width, values.length);
  const levels = unicode ? BLOCKS : ASCII;
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * values.length) / columns);
    const to = Math.floor(((column + 1) * values.length) / columns);
    const share = values.slice(from, to).filter((value) => value !== null);
    if (share.length === 0) return ' ';
    const level = top > 0 ? Math.floor((Math.max(...share) / top) * levels.length) : 0;
    return levels.charAt(Math.min(levels.length - 1, Math.max(0, level)));
  }).join('');
}
