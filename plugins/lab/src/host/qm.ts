import { text } from 'node:stream/consumers';
import { importDisk } from './import-disk.js';
import { followTask, localApi, Refused, type LocalParams } from './local-api.js';
import { parseOptions, printRefusal, type ProgramIo } from './pvesh.js';

interface Row {
  readonly vmid: number;
  readonly name?: string;
  readonly status: string;
  readonly maxmem?: number;
  readonly maxdisk?: number;
  readonly pid?: number;
}

/** Runs one `qm` command against the node whose name the socket tells. @returns the exit status */
export async function qm(socket: string, words: readonly string[], io: ProgramIo): Promise<number> {
  const { positional, params } = parseOptions(words);
  const [command = '', vmid = '', ...rest] = positional;
  const nodes = (await localApi(socket, 'GET', '/nodes')) as { node: string }[];
  const base = `/nodes/${nodes[0]?.node ?? ''}/qemu`;
  const vm = `${base}/${vmid}`;
  /** A task in the foreground; unlike pvesh, qm fails with it. */
  const task = async (method: string, path: string, extra: LocalParams = params): Promise<number> => {
    const exit = await followTask(socket, await localApi(socket, method, path, extra), (line) => io.out(`${line}\n`));
    if (exit === undefined || exit === 'OK') return 0;
    io.err(`${exit}\n`);
    return 255;
  };
  const commands: Readonly<Record<string, () => Promise<number>>> = {
    list: async () => {
      const rows = (await localApi(socket, 'GET', base)) as Row[];
      if (rows.length > 0) io.out('      VMID NAME                 STATUS     MEM(MB)    BOOTDISK(GB) PID       \n');
      for (const row of rows.toSorted((a, b) => a.vmid - b.vmid)) {
        const memory = String(Math.round((row.maxmem ?? 0) / 1024 ** 2));
        const disk = ((row.maxdisk ?? 0) / 1024 ** 3).toFixed(2);
        io.out(
          `${String(row.vmid).padStart(10)} ${(row.name ?? '').padEnd(20)} ${row.status.padEnd(10)} ${memory.padEnd(10)} ${disk.padStart(12)} ${String(row.pid ?? 0).padEnd(10)}\n`,
        );
      }
      return 0;
    },
    status: async () => {
      const { status } = (await localApi(socket, 'GET', `${vm}/status/current`)) as Row;
      io.out(`status: ${status}\n`);
      return 0;
    },
    config: async () => {
      const config = (await localApi(socket, 'GET', `${vm}/config`)) as Record<string, unknown>;
      for (const key of Object.keys(config).sort())
        if (key !== 'digest') io.out(`${key}: ${String(config[key]).replaceAll('\n', '%0A')}\n`);
      return 0;
    },
    create: () => task('POST', base, [['vmid', vmid], ...params]),
    set: async () => {
      const shown = params.map(([name, value]) => `-${name} ${name === 'cipassword' ? '<hidden>' : value}`);
      io.out(`update VM ${vmid}: ${shown.join(' ')}\n`);
      await localApi(socket, 'PUT', `${vm}/config`, params);
      return 0;
    },
    start: () => task('POST', `${vm}/status/start`),
    stop: () => task('POST', `${vm}/status/stop`),
    shutdown: () => task('POST', `${vm}/status/shutdown`),
    reboot: () => task('POST', `${vm}/status/reboot`),
    reset: () => task('POST', `${vm}/status/reset`),
    suspend: () => task('POST', `${vm}/status/suspend`),
    resume: () => task('POST', `${vm}/status/resume`),
    destroy: () => task('DELETE', vm),
    clone: () => task('POST', `${vm}/clone`, [['newid', rest[0] ?? ''], ...params]),
    resize: () => task('PUT', `${vm}/resize`, [['disk', rest[0] ?? ''], ['size', rest[1] ?? ''], ...params]),
    disk: async () => {
      if (vmid === 'import') return importDisk(socket, base, rest, params, io);
      return task('PUT', `${base}/${rest[0] ?? ''}/resize`, [
        ['disk', rest[1] ?? ''],
        ['size', rest[2] ?? ''],
      ]);
    },
    snapshot: () => task('POST', `${vm}/snapshot`, [['snapname', rest[0] ?? ''], ...params]),
    rollback: () => task('POST', `${vm}/snapshot/${rest[0] ?? ''}/rollback`),
    delsnapshot: () => task('DELETE', `${vm}/snapshot/${rest[0] ?? ''}`),
    listsnapshot: async () => {
      const rows = (await localApi(socket, 'GET', `${vm}/snapshot`)) as { name: string; description: string }[];
      for (const row of rows) io.out(`\`-> ${row.name.padEnd(20)} ${row.description}\n`);
      return 0;
    },
    cloudinit: async () => {
      // qm cloudinit dump VMID TYPE, qm cloudinit update VMID
      const target = `${base}/${rest[0] ?? ''}/cloudinit`;
      if (vmid === 'dump') io.out(String(await localApi(socket, 'GET', `${target}/dump`, [['type', rest[1] ?? '']])));
      else await localApi(socket, 'PUT', target);
      return 0;
    },
    agent: async () => {
      const name = rest[0] ?? '';
      const method = ['ping', 'fsfreeze-freeze', 'fsfreeze-thaw', 'fsfreeze-status'].includes(name) ? 'POST' : 'GET';
      const data = (await localApi(socket, method, `${vm}/agent/${name}`)) as { result?: unknown };
      if (name !== 'ping') io.out(`${JSON.stringify(data.result, undefined, 3)}\n`);
      return 0;
    },
    guest: () => guest(socket, base, positional.slice(1), words, io),
  };
  const run = Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (run === undefined) {
    io.err(`ERROR: unknown command 'qm ${command}'\nUSAGE: qm <COMMAND> [ARGS] [OPTIONS]\n`);
    return 255;
  }
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return printRefusal(io, error, `qm ${command} [ARGS] [OPTIONS]`);
  }
}

interface ExecStatus {
  readonly exited: number;
  readonly exitcode?: number;
  readonly 'out-data'?: string;
  readonly 'err-data'?: string;
}

/** `qm guest exec VMID -- command …`, `qm guest cmd VMID name`. Prints JSON, as the original does. */
async function guest(
  socket: string,
  base: string,
  args: readonly string[],
  words: readonly string[],
  io: ProgramIo,
): Promise<number> {
  const [what = '', vmid = '', name = ''] = args;
  const vm = `${base}/${vmid}`;
  if (what === 'cmd') {
    const method = name === 'ping' || name.startsWith('fsfreeze') ? 'POST' : 'GET';
    const data = (await localApi(socket, method, `${vm}/agent/${name}`)) as { result?: unknown };
    io.out(`${JSON.stringify(data.result, undefined, 3)}\n`);
    return 0;
  }
  const cut = words.indexOf('--');
  const command = cut === -1 ? args.slice(2) : words.slice(cut + 1);
  const options = new Map(parseOptions(cut === -1 ? words : words.slice(0, cut)).params);
  const input = options.get('pass-stdin') === '1' ? await text(process.stdin) : undefined;
  const started = (await localApi(socket, 'POST', `${vm}/agent/exec`, [
    ...command.map((word) => ['command', word] as const),
    ...(input === undefined ? [] : [['input-data', input] as const]),
  ])) as { pid: number };
  const { pid } = started;
  if (options.get('synchronous') === '0') {
    io.out(`${JSON.stringify(started, undefined, 3)}\n`);
    return 0;
  }
  for (let waited = 0; waited < 30_000; waited += 200) {
    const status = (await localApi(socket, 'GET', `${vm}/agent/exec-status`, [['pid', String(pid)]])) as ExecStatus;
    if (status.exited === 1) {
      io.out(`${JSON.stringify(status, undefined, 3)}\n`);
      return 0;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  io.out(`${JSON.stringify({ pid }, undefined, 3)}\n`);
  return 0;
}
