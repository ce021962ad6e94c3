import * as z from 'zod';
import type { Dump, OffsiteDump, Store } from './results.js';

export interface SeenOffsite extends OffsiteDump {
  /** Whether this VM has copied it, as far as it knows. */
  readonly own: boolean;
}

/** What program.sh says of what there is. */
export interface SeenData {
  readonly stores: readonly Store[];
  /** Newest first; whether they are off the VM, too, is not known here. */
  readonly dumps: readonly Dump[];
  /** Newest first; undefined where it was not asked, or could not be. */
  readonly offsite: readonly SeenOffsite[] | undefined;
  readonly offsiteProblem: { readonly cause: string; readonly reason: string } | undefined;
  /** The last attempt, where it failed: of a dump, and of a copy. */
  readonly failures: readonly { readonly at: number; readonly cause: string; readonly reason: string }[];
  /** Unix time in seconds when a dump from off the VM was last restored, and stayed. */
  readonly adopted: number | undefined;
  /** Unix time in seconds by the clock of the VM. */
  readonly now: number;
}

const HOW: Readonly<Record<string, string>> = {
  postgres: 'pg_dumpall of roles, pg_dump of each database, with the credentials of the container',
  mariadb: 'mariadb-dump of each database in one transaction, with the credentials of the container',
  mysql: 'mysqldump of each database in one transaction, with the credentials of the container',
  mongo: 'mongodump, with the credentials of the container',
  redis: 'its own snapshot (redis-cli --rdb)',
  sqlite: "a copy by SQLite's own backup, while it is in use",
  volume: 'file by file, as it is meanwhile',
  command: 'its own command in the container',
};

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

function toStore(line: string): Store {
  const [name = '', kind = '', service = '', id = '', running = '', path = ''] = line.split('|');
  const file = kind === 'volume' || kind === 'sqlite';
  return {
    name,
    kind,
    service: service === '' ? null : service,
    path: path === '' ? null : path,
    how: HOW[kind] ?? kind,
    running: file ? service === '' || id !== '' : running === 'true',
  };
}

function toDump(id: string, lines: readonly string[]): Dump {
  const values = new Map<string, string>();
  const stores: Dump['stores'][number][] = [];
  for (const line of lines) {
    const cut = line.indexOf('=');
    const [key, value] = [line.slice(0, cut), line.slice(cut + 1)];
    if (key === 'store') {
      const [name = '', kind = '', , , bytes = '0', sha256 = ''] = value.split('|');
      stores.push({ name, kind, bytes: Number(bytes), sha256 });
    } else values.set(key, value);
  }
  const text = (key: string): string => values.get(key) ?? '';
  const number = (key: string): number => Number(values.get(key) ?? 0);
  return {
    id,
    at: iso(number('t')),
    why: text('why'),
    who: text('who'),
    from: text('from'),
    release: text('release'),
    ref: text('ref'),
    commit: text('commit'),
    seconds: number('seconds'),
    bytes: number('bytes'),
    stores,
    offsite: null,
  };
}

const snapshots = z.array(
  z.object({
    time: z.string(),
    id: z.string(),
    short_id: z.string().optional(),
    tags: z.array(z.string()).default([]),
  }),
);

function toOffsite(text: string, origin: string | undefined): readonly SeenOffsite[] {
  return (
    snapshots
      .parse(JSON.parse(text) ?? [])
      .flatMap(({ time, id, short_id: short, tags }) => {
        const named = tags.find((tag) => tag.startsWith('dump='))?.slice('dump='.length);
        const own = origin !== undefined && tags.includes(`origin=${origin}`);
        return named === undefined ? [] : [{ id: named, at: new Date(time).toISOString(), snapshot: short ?? id, own }];
      })
      // An id is when it was made; the time off the VM is when it was copied.
      .toSorted((a, b) => (a.id < b.id ? 1 : -1))
  );
}

function toFailure(line: string | undefined): SeenData['failures'] {
  const [at = '0', how, cause = '', reason = ''] = line?.split('\t') ?? [];
  return how === 'failed' ? [{ at: Number(at), cause, reason }] : [];
}

/** Lines `key=value`, the last of each key and all of those that come often. */
export function parseData(stdout: string): SeenData {
  const values = new Map<string, string>();
  const stores: Store[] = [];
  const dumps = new Map<string, string[]>();
  for (const line of stdout.split('\n')) {
    const cut = line.indexOf('=');
    if (cut < 1) continue;
    const [key, value] = [line.slice(0, cut), line.slice(cut + 1)];
    if (key === 'store') stores.push(toStore(value));
    else if (key === 'dump' && value.includes(' ')) {
      const id = value.slice(0, value.indexOf(' '));
      dumps.set(id, [...(dumps.get(id) ?? []), value.slice(id.length + 1)]);
    } else values.set(key, value);
  }
  const listed = values.get('snapshots');
  const offsite = listed === undefined ? undefined : toOffsite(listed, values.get('origin'));
  const adopted = values.get('adopted');
  const cause = values.get('offsite_cause');
  return {
    stores,
    dumps: [...dumps].map(([id, lines]) => toDump(id, lines)).toReversed(),
    offsite,
    offsiteProblem: cause === undefined ? undefined : { cause, reason: values.get('offsite_reason') ?? '' },
    failures: [...toFailure(values.get('attempt')), ...toFailure(values.get('offsite-attempt'))],
    adopted: adopted === undefined ? undefined : Number(adopted),
    now: Number(values.get('now') ?? 0),
  };
}
