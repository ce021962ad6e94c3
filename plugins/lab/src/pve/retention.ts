import type { Volume } from './storage.js';

/** Which backups of a guest stay, by `keep-last=3,keep-daily=7` and the like. */

export type Mark = 'keep' | 'protected' | 'remove' | 'renamed';
export type Retention = Readonly<Record<string, number>>;

const KEEP = ['keep-all', 'keep-last', 'keep-hourly', 'keep-daily', 'keep-weekly', 'keep-monthly', 'keep-yearly'];

/** What is wrong with the text, in PVE's words; undefined when nothing is. */
export function retentionProblem(text: string): string | undefined {
  for (const part of text.split(',')) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/.exec(part) ?? [];
    if (!KEEP.includes(name))
      return `invalid format - format error\nprune-backups.${name}: property is not defined in schema and the schema does not allow additional properties\n`;
    if (!/^\d+$/.test(value))
      return `invalid format - format error\nprune-backups.${name}: type check ('integer') failed - got '${value}'\n`;
  }
  return undefined;
}

/** In the order of their names, as Proxmox shows them. */
export function parseRetention(text: string): Retention {
  const pairs = text.split(',').map((part): [string, number] => {
    const [name = '', value = ''] = part.split('=');
    return [name, Number(value)];
  });
  return Object.fromEntries(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const week = (date: Date): string => {
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * 86_400_000);
  const days = (thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / 86_400_000;
  return `${thursday.getUTCFullYear()}-${Math.floor(days / 7)}`;
};

/** From the most to the least of them; the newest of each stretch of time is kept. */
const STRETCHES: readonly (readonly [string, (date: Date, volid: string) => string])[] = [
  ['keep-last', (_, volid) => volid],
  ['keep-hourly', (date) => date.toISOString().slice(0, 13)],
  ['keep-daily', (date) => date.toISOString().slice(0, 10)],
  ['keep-weekly', week],
  ['keep-monthly', (date) => date.toISOString().slice(0, 7)],
  ['keep-yearly', (date) => date.toISOString().slice(0, 4)],
];

/** Marks the backups of one guest. With no rule that keeps any, all stay. */
export function markBackups(backups: readonly Volume[], retention: Retention): ReadonlyMap<string, Mark> {
  const marks = new Map<string, Mark>();
  for (const { volid, protected: kept } of backups) if (kept === 1) marks.set(volid, 'protected');
  for (const { volid } of backups) if (!/vzdump-qemu-\d+-[\d_]+-[\d_]+\.vma/.test(volid)) marks.set(volid, 'renamed');
  const free = backups
    .filter(({ volid }) => !marks.has(volid))
    .toSorted((a, b) => b.ctime - a.ctime || (a.volid < b.volid ? 1 : -1));
  const some = STRETCHES.some(([name]) => (retention[name] ?? 0) > 0);
  if (retention['keep-all'] === 1 || !some) for (const { volid } of free) marks.set(volid, 'keep');
  for (const [name, stretchOf] of STRETCHES) {
    const key = ({ ctime, volid }: Volume): string => stretchOf(new Date(ctime * 1000), volid);
    // What an earlier rule kept stands for its stretch.
    const taken = new Set(free.filter(({ volid }) => marks.get(volid) === 'keep').map(key));
    const seen = new Set<string>();
    for (const backup of free) {
      if (marks.has(backup.volid) || taken.has(key(backup))) continue;
      if (seen.has(key(backup))) {
        marks.set(backup.volid, 'remove');
        continue;
      }
      if (seen.size >= (retention[name] ?? 0)) break;
      seen.add(key(backup));
      marks.set(backup.volid, 'keep');
    }
  }
  for (const { volid } of free) if (!marks.has(volid)) marks.set(volid, 'remove');
  return marks;
}
