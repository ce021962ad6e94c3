import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Answers, RunnerApp } from './runner-app.js';

/** What Debian has and busybox has not, as they are: the VM has these. */
const OF_DEBIAN = ['chmod', 'chown', 'cp', 'du', 'flock', 'gzip', 'mv', 'stat', 'tar'];

/** A store with commands of its own in the service db, whose data is a folder of the VM. */
export interface DumpWorld {
  /** Of the store's data. */
  readonly folder: string;
  readonly docker: Answers;
}

/** In the plan, or in data/restore: the store `rows`, which reads and writes the file `rows` of its folder. */
export const rowsSettings = (folder: string): string => `data_stores='rows|command|db|1'
data_volumes='' data_timeout=60 data_keep_last=7 data_keep_days=0 data_offsite_repository=''
data_1_dump() { cat '${folder}/rows'; }
data_1_restore() { cat >'${folder}/rows'; }
`;

export function dumpWorld(app: RunnerApp): DumpWorld {
  for (const name of OF_DEBIAN) app.program(name, { '': `exec $(PATH=/usr/bin:/bin command -v ${name}) "$@"` });
  app.program('sudo', { '-n': 'shift; exec "$@"' });
  app.program('sync', { '': ':' });
  const folder = join(app.base, '../kept');
  mkdirSync(folder);
  writeFileSync(join(folder, 'rows'), 'now\n');
  const fields = ['db', 'id-db', 'true', 'shop-db', '"x" ["y"]', '[]'].join('\\t');
  return {
    folder,
    docker: {
      'ps -aq --no-trunc': 'echo id-db',
      'ps -q': ':',
      'inspect --format {{index .Config.Labels "com.docker.compose.service"}}{{"\\t"}}': `printf '${fields}\\n'`,
      'inspect --format {{range .Mounts}}': `echo 'bind|${folder}||/data'`,
    },
  };
}

/** A dump is under way, for longer than anybody waits: who asks for how long is in the calls of flock. */
export function endlessDump(app: RunnerApp): void {
  app.write('data/lock', '');
  app.program('flock', { '-s -n': 'exit 1', '-s -w': 'exit 1', '': ':' });
}

/** How long each waited for it, in seconds. */
export const waitedForDump = (calls: readonly (readonly string[])[]): readonly string[] =>
  calls.flatMap(([name, how, limit, seconds = '']) =>
    name === 'flock' && how === '-s' && limit === '-w' ? [seconds] : [],
  );

/** A dump of the store that holds `text`. */
export function keptDump(app: RunnerApp, id: string, text: string, sum?: string): void {
  const data = gzipSync(text);
  mkdirSync(join(app.base, 'data/dumps', id), { recursive: true });
  writeFileSync(join(app.base, 'data/dumps', id, 'rows.dump.gz'), data);
  const hash = sum ?? createHash('sha256').update(data).digest('hex');
  app.write(
    `data/dumps/${id}/manifest`,
    `store=rows|command|db|rows.dump.gz|${data.length}|${hash}|1\nid=${id}\nt=1\nwhy=manual\nbytes=${data.length}\n`,
  );
}
