import { table } from '../ui/table.js';
import { formatBytes, formatMinute, formatSeconds } from '../ui/units.js';
import type { DataList, DataRestored, Dumped, DumpProven, Store } from './results.js';

const storeRows = (stores: readonly Store[]): readonly (readonly string[])[] =>
  stores.map(({ name, kind, service, path, how, running }) => [
    name,
    kind,
    [service ?? '', path ?? ''].filter((each) => each !== '').join(':'),
    running ? how : `${how} (does not run)`,
  ]);

const NONE = 'Nothing to dump was found: name it as `data.stores` in zebu.yml';

const why: Readonly<Record<string, string>> = {
  manual: 'by hand',
  schedule: 'by schedule',
  deploy: 'before a deploy',
  restore: 'before a restore',
};

export function dumpedLines({ dump, stores, offsite }: Dumped, dryRun: boolean): readonly string[] {
  if (stores.length === 0) return [NONE];
  if (dryRun) return stores.map(({ name, how }) => `would dump ${name}: ${how}`);
  if (dump === null) return [NONE];
  const copied = offsite === true ? ', and copied off the VM' : '';
  return [
    `dump ${dump.id}: ${dump.stores.map(({ name }) => name).join(', ')} (${formatBytes(dump.bytes)}) in ${formatSeconds(dump.seconds)}${copied}`,
  ];
}

function dumpTable({ dumps }: DataList, width: number): readonly string[] {
  if (dumps.length === 0) return ['There is no dump in the VM'];
  return table(
    ['dump', 'made', 'size', 'stores', 'why', 'release', 'off the VM'],
    dumps.map((each) => [
      each.id,
      formatMinute(each.at),
      formatBytes(each.bytes),
      each.stores.map(({ name }) => name).join(', '),
      why[each.why] ?? each.why,
      each.ref,
      each.offsite === null ? '' : each.offsite ? 'yes' : 'no',
    ]),
    width,
  );
}

export function listLines(list: DataList, width: number): readonly string[] {
  const { stores, dumps, offsite, failed, ageSeconds, tooOld } = list;
  const here = new Set(dumps.map(({ id }) => id));
  const away = offsite?.dumps.filter(({ id }) => !here.has(id)) ?? [];
  return [
    ...(stores.length === 0 ? [NONE] : table(['store', 'kind', 'where', 'how'], storeRows(stores), width)),
    '',
    ...dumpTable(list, width),
    ...(away.length === 0
      ? []
      : [
          '',
          ...table(
            ['only off the VM', 'copied'],
            away.map(({ id, at }) => [id, formatMinute(at)]),
            width,
          ),
        ]),
    ...(offsite?.problem == null ? [] : ['', `off the VM: ${offsite.problem}`]),
    ...(failed === null ? [] : ['', `the last attempt, ${formatMinute(failed.at)}, failed: ${failed.reason}`]),
    ...(tooOld
      ? [
          '',
          ageSeconds === null
            ? 'there is none, and data.max_age is set'
            : `the newest is ${formatSeconds(ageSeconds)} old, which is too old (data.max_age)`,
        ]
      : []),
  ];
}

export function restoredLines({ dump, stores, verdict, seconds, fetched, release }: DataRestored): readonly string[] {
  const what = `${stores.length === 0 ? 'all stores' : stores.join(', ')}${fetched ? ', from off the VM' : ''}`;
  if (verdict === 'planned') return [`would restore the dump ${dump} (${what}) into ${release}`];
  return [`the dump ${dump} is restored (${what}) in ${formatSeconds(seconds)}; ${release} serves it`];
}

export function provenLines({ dump, dumpTime, offsite, steps, checks }: DumpProven): readonly string[] {
  const from = offsite ? ', from off the VM,' : '';
  return [
    `Proven: the dump ${dump} of ${formatMinute(dumpTime)} UTC${from} comes back in ${formatSeconds((steps.fetch ?? 0) + (steps.restore ?? 0))}`,
    ...checks.map(
      ({ name, copy, production }) => `  ${name}: ${copy}${production === null ? '' : ` (now: ${production})`}`,
    ),
  ];
}
