import { isDeepStrictEqual } from 'node:util';
import { typed } from './typed.js';

/** Numbers that are measured, by what is measured in which unit; every other number has to be the same. */
const MEASURED: Readonly<Record<string, readonly string[]>> = {
  bytes: [
    ...[
      'avail',
      'available',
      'disk',
      'diskread',
      'diskwrite',
      'free',
      'maxdisk',
      'maxmem',
      'mem',
      'memhost',
      'netin',
      'netout',
    ],
    ...['rx-bytes', 'size', 'total', 'total-bytes', 'trimmed', 'tx-bytes', 'used', 'used-bytes'],
  ],
  packets: ['rx-dropped', 'rx-errs', 'rx-packets', 'tx-dropped', 'tx-errs', 'tx-packets'],
  seconds: ['ctime', 'endtime', 'localtime', 'next-run', 'snaptime', 'starttime', 'time', 'uptime'],
  load: ['cpu', 'idle', 'wait', 'used_fraction', 'pressurecpufull', 'pressurecpusome', 'pressureiofull'],
  pressure: ['pressureiosome', 'pressurememoryfull', 'pressurememorysome'],
  processes: ['pid', 'pstart'],
  place: ['priority'],
};

/** Lists written as one text whose order is chance. */
const WORDS = ['content'];

/** Numbers as texts. */
const LOADS = ['loadavg'];

/** What a machine is made of, and which kernel it has. */
const MACHINE = [
  'family',
  'flags',
  'kernel-release',
  'kernel-version',
  'kversion',
  'mhz',
  'model',
  'release',
  'vendor',
];

/** Interfaces of containers: which ones run is the guest's own doing. */
const OF_THE_GUEST = /^(veth|br-)/;

const unitOf = (key: string): string | undefined =>
  Object.entries(MEASURED).find(([, keys]) => keys.includes(key))?.[0];

/** A value with everything that may differ replaced by its kind, and lists in an order of their own. */
export function kinds(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const parts = value
      .filter((part) => !OF_THE_GUEST.test(String((Object(part) as Record<string, unknown>)['name'])))
      .map((part) => kinds(part, key));
    return parts
      .map((part) => [JSON.stringify(part), part] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, part]) => part);
  }
  if (key === 'cpuinfo') return Object.keys(Object(value) as object).toSorted();
  if (typeof value === 'number') return unitOf(key) === undefined ? value : `<${unitOf(key)}>`;
  if (typeof value === 'string') {
    if (WORDS.includes(key)) return value.split(',').toSorted().join(',');
    if (LOADS.includes(key)) return '<load>';
    return MACHINE.includes(key) ? '<machine>' : typed(value);
  }
  if (typeof value !== 'object' || value === null) return value;
  const parts = Object.entries(value).map(([name, part]) => [name, kinds(part, name)] as const);
  return Object.fromEntries(parts.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** JSON that was cut off somewhere: what is whole of it. */
export function jsonPart(text: string): unknown {
  for (let end = text.length; end > 0; end--) {
    const open: string[] = [];
    let quoted = false;
    const part = text.slice(0, end);
    if (!/[}\]"\d]$/.test(part)) continue;
    for (let i = 0; i < part.length; i++) {
      const letter = part[i] ?? '';
      if (quoted) {
        if (letter === '\\') i++;
        else if (letter === '"') quoted = false;
      } else if (letter === '"') quoted = true;
      else if (letter === '{') open.push('}');
      else if (letter === '[') open.push(']');
      else if (letter === '}' || letter === ']') open.pop();
    }
    if (quoted) continue;
    try {
      return JSON.parse(part + open.toReversed().join(''));
    } catch {
      // One letter less.
    }
  }
  return undefined;
}

/** Whether a value holds everything that another one, which was cut off, has. */
export function holds(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part))
    return Array.isArray(whole) && part.every((each) => whole.some((other) => holds(other, each)));
  if (typeof part === 'object' && part !== null)
    return Object.entries(part).every(([name, each]) => holds((Object(whole) as Record<string, unknown>)[name], each));
  return isDeepStrictEqual(whole, part);
}

function parsed(line: string): unknown {
  if (!/^[{["]/.test(line)) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Text lines, then perhaps one of JSON, which is what a program of the node prints. */
export function stdoutOf(text: string): { readonly text: string; readonly json: unknown } {
  const lines = text.split('\n');
  const last = lines.at(-2) ?? '';
  const json = parsed(last);
  if (json === undefined) return { text: typed(text), json: undefined };
  return { text: typed([...lines.slice(0, -2), ''].join('\n')), json: kinds(json) };
}
