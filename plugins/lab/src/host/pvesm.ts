import { runCommand, type ApiCommand, type Commands, type Work } from './commands.js';
import { Refused } from './local-api.js';
import { ask, runWorker, type Host } from './program.js';

const STORAGE = '/nodes/{node}/storage';

interface StorageRow {
  readonly storage: string;
  readonly type: string;
  readonly active?: number;
  readonly enabled?: number;
  readonly total?: number;
  readonly used?: number;
  readonly avail?: number;
}

const kib = (bytes = 0): string => String(Math.floor(bytes / 1024)).padStart(15);

const printStatus: Work = async ({ io }, _, result) => {
  const rows = (result as readonly StorageRow[]).toSorted((a, b) => (a.storage < b.storage ? -1 : 1));
  const width = Math.max(0, ...rows.map(({ storage }) => storage.length)) + 1;
  const line = (name: string, type: string, state: string, rest: string): void =>
    io.out(`${name.padEnd(width)} ${type.padStart(10)} ${state.padStart(10)} ${rest}\n`);
  const titles = ['Total (KiB)', 'Used (KiB)', 'Available (KiB)'].map((title) => title.padStart(15));
  line('Name', 'Type', 'Status', `${titles.join(' ')} ${'%'.padStart(8)}`);
  for (const { storage, type, active, enabled, total = 0, used = 0, avail } of rows) {
    const percent = total > 0 ? (used * 100) / total : 0;
    const part = enabled === 0 ? 'N/A'.padStart(8) : `${percent.toFixed(2).padStart(7)}%`;
    const state = enabled === 0 ? 'disabled' : active === 1 ? 'active' : 'inactive';
    line(storage, type, state, `${kib(total)} ${kib(used)} ${kib(avail)} ${part}`);
  }
  return 0;
};

interface VolumeRow {
  readonly volid: string;
  readonly format: string;
  readonly content: string;
  readonly size: number;
  readonly vmid?: number;
}

const printVolumes: Work = async ({ io }, _, result) => {
  const rows = (result as readonly VolumeRow[]).toSorted((a, b) => (a.volid < b.volid ? -1 : 1));
  const width = Math.max(5, ...rows.map(({ volid }) => volid.length));
  const line = (volid: string, format: string, content: string, size: string): string =>
    `${volid.padEnd(width)} ${format.padEnd(7)} ${content.padEnd(9)} ${size.padStart(10)}`;
  io.out(`${line('Volid', 'Format', 'Type', 'Size')} VMID\n`);
  for (const { volid, format, content, size, vmid } of rows)
    io.out(`${line(volid, format, content, String(size))}${vmid === undefined ? '' : ` ${vmid}`}\n`);
  return 0;
};

const volumeOf = (params: readonly (readonly [string, string])[]): string =>
  params.find(([name]) => name === 'volume')?.[1] ?? '';

/** @throws Refused as the check of the parameter does */
function storageOf(volume: string): string {
  const [, storage] = /^([a-z][\w.-]*):./i.exec(volume) ?? [];
  if (storage !== undefined) return storage;
  throw new Refused(400, 'Parameter verification failed.', {
    volume: `invalid format - unable to parse volume ID '${volume}'\n`,
  });
}

const volumePath = (host: Host, volume: string): string =>
  `/nodes/${host.node}/storage/${storageOf(volume)}/content/${volume}`;

const FOLDERS: Readonly<Record<string, string>> = {
  backup: 'dump',
  import: 'import',
  iso: 'template/iso',
  snippets: 'snippets',
  vztmpl: 'template/cache',
};

/** Where a file of a storage is, whether there is one or not. */
const printPath: Work = async (host, params) => {
  const volume = volumeOf(params);
  const storage = storageOf(volume);
  const { path = '/var/lib/vz' } = (await ask(host, 'GET', `/storage/${storage}`)) as { path?: string };
  const [kind = '', ...rest] = volume.slice(storage.length + 1).split('/');
  const folder = /^\d+$/.test(kind) ? `images/${kind}` : FOLDERS[kind];
  host.io.out(
    `${folder === undefined ? ((await ask(host, 'GET', volumePath(host, volume))) as { path: string }).path : [path, folder, ...rest].join('/')}\n`,
  );
  return 0;
};

const free: Work = async (host, params) => {
  await runWorker(host, await ask(host, 'DELETE', volumePath(host, volumeOf(params))));
  return 0;
};

const printAllocated: Work = async ({ io }, _, result) => {
  io.out(`successfully created '${String(result)}'\n`);
  return 0;
};

const VOLUME = { volume: { type: 'string', required: true } } as const;

const api = (method: string, path: string, args: readonly string[], then?: Work): ApiCommand => ({
  method,
  path,
  args,
  ...(then === undefined ? {} : { then }),
});

const COMMANDS: Commands = {
  add: api('POST', '/storage', ['type', 'storage']),
  alloc: api('POST', `${STORAGE}/{storage}/content`, ['storage', 'vmid', 'filename', 'size'], printAllocated),
  free: { args: ['volume'], options: { ...VOLUME, delay: { type: 'integer' } }, work: free },
  list: api('GET', `${STORAGE}/{storage}/content`, ['storage'], printVolumes),
  path: { args: ['volume'], options: VOLUME, work: printPath },
  remove: api('DELETE', '/storage/{storage}', ['storage']),
  set: api('PUT', '/storage/{storage}', ['storage']),
  status: api('GET', STORAGE, [], printStatus),
};

/** @returns the exit status */
export const pvesm = (host: Host, words: readonly string[]): Promise<number> =>
  runCommand(host, 'pvesm', COMMANDS, words);
