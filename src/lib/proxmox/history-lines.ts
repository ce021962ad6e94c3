import { sparkline } from '../ui/sparkline.js';
import { formatBytes } from '../ui/units.js';
import type { HistoryPoint, VmHistory } from './results.js';

export interface Shown {
  /** Of the terminal. */
  readonly columns: number;
  readonly unicode: boolean;
  /** What was measured last is only "now" of a VM that runs. */
  readonly running: boolean;
}

interface Series {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** What a full column stands for. */
  readonly top: number;
  /** Traffic that peaks below this is not shown. */
  readonly least?: number;
  readonly text: (value: number) => string;
}

const LABEL = 9;
const WIDEST = 60;
const NARROWEST = 8;

/** One traffic of two directions. */
const sum = (a: number | null, b: number | null): number | null =>
  a === null && b === null ? null : (a ?? 0) + (b ?? 0);

const peak = (values: readonly (number | null)[]): number =>
  values.reduce<number>((largest, value) => Math.max(largest, value ?? 0), 0);

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
const rate = (bytes: number): string => `${formatBytes(Math.round(bytes))}/s`;

function seriesOf(points: readonly HistoryPoint[]): readonly Series[] {
  const cpu = points.map((point) => point.cpu);
  const memory = points.map((point) => point.memoryBytes);
  const network = points.map((point) => sum(point.networkInBytes, point.networkOutBytes));
  const disk = points.map((point) => sum(point.diskReadBytes, point.diskWriteBytes));
  return [
    // An idle machine should look like one.
    { name: 'cpu', values: cpu, top: Math.max(0.1, peak(cpu)), text: percent },
    {
      name: 'memory',
      values: memory,
      top: peak(points.map((point) => point.memoryMaxBytes)) || peak(memory),
      text: formatBytes,
    },
    { name: 'network', values: network, top: peak(network), least: 10 * 1024, text: rate },
    { name: 'disk', values: disk, top: peak(disk), least: 10 * 1024, text: rate },
  ];
}

/** For people: a sparkline each for CPU and memory, and for network and disk where something went on. */
export function historyLines(history: VmHistory | null, { columns, unicode, running }: Shown): readonly string[] {
  if (history === null) return [];
  const rows = seriesOf(history.points)
    .filter(({ values, least = 0 }) => values.some((value) => value !== null) && peak(values) >= least)
    .map((series) => {
      const now = series.values.findLast((value) => value !== null) ?? 0;
      const most = `${series.text(peak(series.values))} at most`;
      return { series, text: running ? `${series.text(now)} now, ${most}` : most };
    });
  const longest = Math.max(0, ...rows.map(({ text }) => text.length));
  const width = Math.min(WIDEST, columns - LABEL - 1 - 2 - longest);
  return [
    `${'history'.padEnd(LABEL)} of the last ${history.timeframe}`,
    ...rows.map(({ series: { name, values, top }, text }) => {
      const line = width < NARROWEST ? '' : `${sparkline(values, { width, top, unicode })}  `;
      return `${`  ${name}`.padEnd(LABEL)} ${line}${text}`;
    }),
  ];
}
