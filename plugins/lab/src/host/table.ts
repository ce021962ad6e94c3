import type { Returned, ReturnedProperty } from '../pve/catalog.js';
import { canonical } from './perl-json.js';

/** Results for people, as PVE::CLIFormatter prints them. */

export interface TableOptions {
  readonly border?: boolean;
  readonly header?: boolean;
  /** Lines of the character set of the terminal instead of `+-|`. */
  readonly utf8?: boolean;
  /** Values as they are, rather than as one reads them. */
  readonly raw?: boolean;
  /** What rows are sorted by; left out: the first column. */
  readonly sortKey?: string;
}

type Row = Readonly<Record<string, unknown>>;

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

function bytes(value: number): string {
  const unit = value > 1023 ? Math.floor(Math.log(value) / Math.log(1024)) : 0;
  return `${(value / 1024 ** unit).toFixed(2)} ${UNITS[unit] ?? ''}`;
}

function duration(seconds: number): string {
  const words: string[] = [];
  let rest = seconds;
  for (const [unit, length] of [
    ['w', 604_800],
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / length);
    if (count > 0) words.push(`${count}${unit}`);
    rest -= count * length;
  }
  return words.join(' ');
}

/** YAML of the simple values that tables hold. */
function yaml(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([key, part]) =>
        `${Array.isArray(value) ? '- ' : `${key}: `}${typeof part === 'object' ? canonical(part) : String(part)}\n`,
    )
    .join('');
}

const RENDERERS: Readonly<Record<string, (value: unknown) => string>> = {
  bytes: (value) => bytes(Number(value)),
  duration: (value) => duration(Number(value)),
  fraction_as_percentage: (value) => `${(Number(value) * 100).toFixed(2)}%`,
  timestamp: (value) => new Date(Number(value) * 1000).toISOString().slice(0, 19).replace('T', ' '),
  timestamp_gmt: (value) => new Date(Number(value) * 1000).toISOString().slice(0, 19).replace('T', ' '),
  yaml,
};

function cell(value: unknown, property: ReturnedProperty | undefined, raw: boolean): string {
  if (value === undefined || value === null) return '';
  if (!raw && property?.type === 'boolean') return Number(value) === 0 ? '0' : '1';
  const render = raw || property?.renderer === undefined ? undefined : RENDERERS[property.renderer];
  if (render !== undefined) return render(value);
  return typeof value === 'string' ? value : canonical(value);
}

function sorted(rows: readonly Row[], key: string, property: ReturnedProperty | undefined): readonly Row[] {
  if (property?.type === 'integer' || property?.type === 'number')
    return rows.toSorted((a, b) => Number(a[key] ?? 0) - Number(b[key] ?? 0));
  const text = (row: Row): string => cell(row[key], undefined, true);
  return rows.toSorted((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0));
}

interface Frame {
  readonly side: string;
  readonly lines: Readonly<Record<'bottom' | 'head' | 'middle' | 'top', readonly [string, string, string, string]>>;
}

const ASCII: Frame = {
  side: '|',
  lines: {
    top: ['+', '+', '+', '-'],
    head: ['+', '+', '+', '='],
    middle: ['+', '+', '+', '-'],
    bottom: ['+', '+', '+', '-'],
  },
};
const BOXES: Frame = {
  side: '│',
  lines: {
    top: ['┌', '┬', '┐', '─'],
    head: ['╞', '╪', '╡', '═'],
    middle: ['├', '┼', '┤', '─'],
    bottom: ['└', '┴', '┘', '─'],
  },
};

/** A table of these columns, with line ends. */
export function table(
  data: readonly Row[],
  properties: Readonly<Record<string, ReturnedProperty>>,
  columns: readonly string[],
  { border = true, header = true, utf8 = false, raw = false, sortKey = columns[0] ?? '' }: TableOptions = {},
): string {
  const rows = sorted(data, sortKey, properties[sortKey]).map((row) =>
    columns.map((name) => cell(row[name], properties[name], raw).replace(/\n+$/, '').split('\n')),
  );
  const titles = columns.map((name) => properties[name]?.title ?? name);
  const widths = columns.map((name, i) => {
    const longest = Math.max(
      (titles[i] ?? '').length,
      ...rows.flatMap((cells) => (cells[i] ?? []).map((line) => line.length)),
    );
    return Math.min(longest, properties[name]?.width ?? longest);
  });
  const { side, lines } = utf8 ? BOXES : ASCII;
  const rule = (kind: keyof Frame['lines']): string => {
    const [left, between, right, dash] = lines[kind];
    return `${left}${widths.map((width) => dash.repeat(width + 2)).join(between)}${right}\n`;
  };
  const line = (words: readonly string[]): string => {
    const cut = words.map((word, i) => word.slice(0, widths[i]));
    if (border) return `${side} ${cut.map((word, i) => word.padEnd(widths[i] ?? 0)).join(` ${side} `)} ${side}\n`;
    return `${cut.map((word, i) => (i === cut.length - 1 ? word : word.padEnd(widths[i] ?? 0))).join(' ')}\n`;
  };
  let text = border ? rule('top') : '';
  if (header) text += line(titles);
  for (const [i, cells] of rows.entries()) {
    if (border && (i > 0 || header)) text += rule(i === 0 ? 'head' : 'middle');
    const height = Math.max(1, ...cells.map((cellLines) => cellLines.length));
    for (let at = 0; at < height; at++) text += line(cells.map((cellLines) => cellLines[at] ?? ''));
  }
  return text + (border ? rule('bottom') : '');
}

function columnsOf(properties: Readonly<Record<string, ReturnedProperty>>): readonly string[] {
  const names = Object.keys(properties).sort();
  return [
    ...names.filter((name) => properties[name]?.optional !== true),
    ...names.filter((name) => properties[name]?.optional === true),
  ];
}

/** A result of the API as text, with line ends. @param columns of a list; left out: as the API's schema has them */
export function resultText(
  data: unknown,
  returns: Returned,
  options: TableOptions,
  columns?: readonly string[],
): string {
  const properties = returns.properties ?? {};
  if (returns.type === 'object') {
    const values = Object(data) as Row;
    const named = columns ?? columnsOf(properties);
    const shown = named.length === 0 ? Object.keys(values).sort() : named;
    const rows = shown
      .filter((key) => values[key] !== undefined && values[key] !== null)
      .map((key) => ({ key, value: cell(values[key], properties[key], options.raw === true) }));
    return table(rows, {}, ['key', 'value'], options);
  }
  if (returns.type !== 'array') return `${cell(data, undefined, true)}\n`;
  const list = data as readonly unknown[];
  if (list.length === 0) return '';
  if (returns.items !== 'object')
    return table(
      list.map((value) => ({ value })),
      {},
      ['value'],
      { ...options, header: false },
    );
  const rows = list as readonly Row[];
  const named = columns ?? columnsOf(properties);
  return table(rows, properties, named.length === 0 ? [...new Set(rows.flatMap(Object.keys))].sort() : named, options);
}
