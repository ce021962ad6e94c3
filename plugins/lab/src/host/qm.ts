import { spawn } from 'node:child_process';
import { runCommand, type ApiCommand, type Commands, type OwnCommand, type Work } from './commands.js';
import { guestExec, printAgentResult } from './guest-exec.js';
import { importDisk } from './import-disk.js';
import { localApi, type LocalParams } from './local-api.js';
import type { KnownOptions } from './options.js';
import { ask, Died, runWorker, type Host } from './program.js';

const QEMU = '/nodes/{node}/qemu';
const VM = `${QEMU}/{vmid}`;

/** Unlike pvesh, most commands of qm fail with the task they started. */
const withTask: Work = async (host, _, result) => ((await runWorker(host, result)) ? 0 : 255);

const api = (method: string, path: string, args: readonly string[], then?: Work): ApiCommand => ({
  method,
  path,
  args,
  ...(then === undefined ? {} : { then }),
});
const task = (method: string, path: string, ...args: readonly string[]): ApiCommand =>
  api(method, path, args, withTask);

const own = (args: readonly string[], options: KnownOptions, work: Work): OwnCommand => ({
  args,
  options: { ...Object.fromEntries(args.map((name) => [name, { type: 'string', required: true }])), ...options },
  work,
});

const value = (params: LocalParams, name: string): string => params.find(([each]) => each === name)?.[1] ?? '';
const vmOf = (host: Host, params: LocalParams): string => `/nodes/${host.node}/qemu/${value(params, 'vmid')}`;

interface Row {
  readonly vmid: number;
  readonly name?: string;
  readonly status: string;
  readonly maxmem?: number;
  readonly maxdisk?: number;
  readonly pid?: number;
}

const printList: Work = async ({ io }, _, result) => {
  const rows = result as readonly Row[];
  if (rows.length > 0) io.out('      VMID NAME                 STATUS     MEM(MB)    BOOTDISK(GB) PID       \n');
  for (const row of rows.toSorted((a, b) => a.vmid - b.vmid)) {
    const memory = String((row.maxmem ?? 0) / 1024 ** 2);
    const disk = ((row.maxdisk ?? 0) / 1024 ** 3).toFixed(2);
    io.out(
      `${String(row.vmid).padStart(10)} ${(row.name ?? '').padEnd(20)} ${row.status.padEnd(10)} ${memory.padEnd(10)} ${disk.padStart(12)} ${String(row.pid ?? 0).padEnd(10)}\n`,
    );
  }
  return 0;
};

/** As configuration files write what is not printable ASCII, and what means something in them. */
const encodeText = (text: string): string =>
  [...Buffer.from(text, 'utf8')]
    .map((byte) =>
      byte < 0x20 || byte > 0x7e || byte === 0x25 || byte === 0x3a ? hex(byte) : String.fromCharCode(byte),
    )
    .join('');

const hex = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;

const printConfig: Work = async ({ io }, _, result) => {
  const config = result as Readonly<Record<string, number | string>>;
  for (const key of Object.keys(config).sort()) {
    if (key === 'digest') continue;
    const text = String(config[key]);
    io.out(`${key}: ${key === 'description' ? encodeText(text) : text}\n`);
  }
  return 0;
};

interface PendingRow {
  readonly key: string;
  readonly value?: number | string;
  readonly pending?: number | string;
  readonly delete?: number;
}

const printPending: Work = async ({ io }, _, result) => {
  for (const row of (result as readonly PendingRow[]).toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    const shown = (text: unknown): string => (row.key === 'description' ? encodeText(String(text)) : String(text));
    if (row.value !== undefined && (row.delete !== undefined || row.pending !== undefined))
      io.out(`cur ${row.key}: ${shown(row.value)}\n`);
    else if (row.value !== undefined) io.out(`cur ${row.key}: ${shown(row.value)}\n`);
    if (row.pending !== undefined) io.out(`new ${row.key}: ${shown(row.pending)}\n`);
    else if (row.delete !== undefined) io.out(`del ${row.key}: ${shown(row.value ?? '')}\n`);
  }
  return 0;
};

interface SnapshotRow {
  readonly name: string;
  readonly parent?: string;
  readonly snaptime?: number;
  readonly description?: string;
}

/** From the oldest to where one is, each level three columns further. */
const printSnapshots: Work = async ({ io }, _, result) => {
  const rows = result as readonly SnapshotRow[];
  const print = (parent: string | undefined, prefix: string): void => {
    const known = new Set(rows.map(({ name }) => name));
    const children = rows.filter((row) =>
      parent === undefined ? row.parent === undefined || !known.has(row.parent) : row.parent === parent,
    );
    for (const { name, snaptime, description = '' } of children.toSorted(
      (a, b) => (a.snaptime ?? Infinity) - (b.snaptime ?? Infinity),
    )) {
      const time = snaptime === undefined ? '' : new Date(snaptime * 1000).toISOString().slice(0, 19).replace('T', ' ');
      const text = (description.split('\n')[0] ?? '').trimEnd() || 'no-description';
      const spaces = ' '.repeat(Math.max(0, 10 - prefix.length));
      io.out(`${prefix}\`-> ${`${name}${spaces}`.padEnd(23)} ${time.padEnd(23)} ${text}\n`);
      print(name, `${prefix} `);
    }
  };
  print(undefined, '');
  return 0;
};

const status: Work = async (host, params) => {
  const verbose = value(params, 'verbose') === '1';
  const row = (await ask(host, 'GET', `${vmOf(host, params)}/status/current`)) as Row & Record<string, unknown>;
  if (!verbose) host.io.out(`status: ${row.status}\n`);
  else
    for (const [key, part] of Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      if (typeof part === 'string' || typeof part === 'number') host.io.out(`${key}: ${part}\n`);
  return 0;
};

const unlock: Work = async (host, params) => {
  await localApi(host.socket, 'PUT', `${vmOf(host, params)}/config`, [
    ['delete', 'lock'],
    ['skiplock', '1'],
  ]);
  return 0;
};

/** Where a real one connects, with the same program. */
const terminal: Work = async (host, params) => {
  const config = (await ask(host, 'GET', `${vmOf(host, params)}/config`)) as Readonly<Record<string, string>>;
  const vmid = value(params, 'vmid');
  const wanted = value(params, 'iface');
  if (wanted !== '' && config[wanted] === undefined) throw new Died(`serial interface '${wanted}' is not configured`);
  if (wanted !== '' && config[wanted] !== 'socket') throw new Died(`wrong serial type on interface '${wanted}'`);
  const iface = wanted || ['serial0', 'serial1', 'serial2', 'serial3'].find((name) => config[name] === 'socket');
  if (iface === undefined) throw new Died('unable to find a serial interface');
  const { status: state } = (await ask(host, 'GET', `${vmOf(host, params)}/status/current`)) as Row;
  if (state !== 'running') throw new Died(`VM ${vmid} not running`);
  host.io.out(`starting serial terminal on interface ${iface} (press Ctrl+O to exit)\n`);
  const argv = [`UNIX-CONNECT:/var/run/qemu-server/${vmid}.${iface}`, 'STDIO,raw,echo=0,escape=0xf'];
  await new Promise((resolve) => {
    const socat = spawn('socat', argv, { stdio: 'inherit' });
    socat.once('error', resolve);
    socat.once('exit', resolve);
  });
  return 0;
};

const printDump: Work = async ({ io }, _, result) => {
  io.out(`${String(result)}\n`);
  return 0;
};

/** `command` is a part of the path here, and of two kinds. */
const agentCommand: Work = async (host, params) => {
  const command = value(params, 'command');
  const changes = /^(ping|fsfreeze-|fstrim|suspend-|shutdown)/.test(command);
  const result = await ask(host, changes ? 'POST' : 'GET', `${vmOf(host, params)}/agent/${command}`);
  printAgentResult(host, result);
  return 0;
};

const COMMANDS: Commands = {
  agent: { alias: 'guest cmd' },
  clone: task('POST', `${VM}/clone`, 'vmid', 'newid'),
  cloudinit: {
    dump: api('GET', `${VM}/cloudinit/dump`, ['vmid', 'type'], printDump),
    pending: api('GET', `${VM}/cloudinit`, ['vmid'], printPending),
    update: api('PUT', `${VM}/cloudinit`, ['vmid']),
  },
  config: api('GET', `${VM}/config`, ['vmid'], printConfig),
  create: task('POST', QEMU, 'vmid'),
  delsnapshot: task('DELETE', `${VM}/snapshot/{snapname}`, 'vmid', 'snapname'),
  destroy: task('DELETE', VM, 'vmid'),
  disk: {
    import: own(
      ['vmid', 'source', 'storage'],
      { format: { type: 'string' }, 'target-disk': { type: 'string' } },
      importDisk,
    ),
    resize: api('PUT', `${VM}/resize`, ['vmid', 'disk', 'size']),
  },
  guest: {
    cmd: own(['vmid', 'command'], {}, agentCommand),
    exec: own(
      ['vmid', 'extra-args'],
      {
        'extra-args': { type: 'array' },
        'pass-stdin': { type: 'boolean' },
        synchronous: { type: 'boolean' },
        timeout: { type: 'integer' },
      },
      guestExec,
    ),
    'exec-status': api('GET', `${VM}/agent/exec-status`, ['vmid', 'pid'], async (host, _, result) => {
      printAgentResult(host, result);
      return 0;
    }),
  },
  importdisk: { alias: 'disk import' },
  list: api('GET', QEMU, [], printList),
  listsnapshot: api('GET', `${VM}/snapshot`, ['vmid'], printSnapshots),
  migrate: task('POST', `${VM}/migrate`, 'vmid', 'target'),
  pending: api('GET', `${VM}/pending`, ['vmid'], printPending),
  reboot: task('POST', `${VM}/status/reboot`, 'vmid'),
  reset: task('POST', `${VM}/status/reset`, 'vmid'),
  resize: { alias: 'disk resize' },
  resume: task('POST', `${VM}/status/resume`, 'vmid'),
  rollback: task('POST', `${VM}/snapshot/{snapname}/rollback`, 'vmid', 'snapname'),
  set: api('PUT', `${VM}/config`, ['vmid']),
  shutdown: task('POST', `${VM}/status/shutdown`, 'vmid'),
  snapshot: task('POST', `${VM}/snapshot`, 'vmid', 'snapname'),
  start: task('POST', `${VM}/status/start`, 'vmid'),
  status: own(['vmid'], { verbose: { type: 'boolean' } }, status),
  stop: task('POST', `${VM}/status/stop`, 'vmid'),
  suspend: task('POST', `${VM}/status/suspend`, 'vmid'),
  terminal: own(['vmid'], { escape: { type: 'string' }, iface: { type: 'string' } }, terminal),
  unlock: own(['vmid'], {}, unlock),
};

/** Runs one `qm` command. @returns the exit status */
export const qm = (host: Host, words: readonly string[]): Promise<number> => runCommand(host, 'qm', COMMANDS, words);
