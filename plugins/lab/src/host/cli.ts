import { localApi, Refused } from './local-api.js';
import { parseOptions, printRefusal, pvesh, type ProgramIo } from './pvesh.js';
import { pveum } from './pveum.js';
import { qm } from './qm.js';

/** What the scripts on the host's PATH run: `cli.js PROGRAM SOCKET ARGS…`. Only built-ins, so that it starts quickly. */

const io: ProgramIo = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
};

interface StorageRow {
  readonly storage: string;
  readonly type: string;
  readonly active: number;
  readonly total: number;
  readonly used: number;
  readonly avail: number;
}

async function pvesm(socket: string, words: readonly string[]): Promise<number> {
  const { positional, params } = parseOptions(words);
  const [command = '', first = ''] = positional;
  const nodes = (await localApi(socket, 'GET', '/nodes')) as { node: string }[];
  const base = `/nodes/${nodes[0]?.node ?? ''}/storage`;
  try {
    if (command === 'status') {
      const rows = (await localApi(socket, 'GET', base, params)) as StorageRow[];
      io.out('Name             Type     Status           Total            Used       Available        %\n');
      for (const row of rows) {
        const kib = (bytes: number): string => String(Math.floor(bytes / 1024)).padStart(15);
        const percent = ((row.used / row.total) * 100).toFixed(2).padStart(7);
        io.out(
          `${row.storage.padEnd(16)} ${row.type.padEnd(8)} active ${kib(row.total)} ${kib(row.used)} ${kib(row.avail)} ${percent}%\n`,
        );
      }
      return 0;
    }
    if (command === 'list') {
      const rows = (await localApi(socket, 'GET', `${base}/${first}/content`, params)) as {
        volid: string;
        format: string;
        content: string;
        size: number;
        vmid?: number;
      }[];
      io.out('Volid                                     Format  Type             Size VMID\n');
      for (const row of rows)
        io.out(
          `${row.volid.padEnd(41)} ${row.format.padEnd(7)} ${row.content.padEnd(9)} ${String(row.size).padStart(11)} ${row.vmid ?? ''}\n`,
        );
      return 0;
    }
    if (command === 'path') {
      const [, volume = ''] = first.split(':', 2);
      const folder = /^\d+\//.test(volume) ? 'images/' : volume.startsWith('iso/') ? 'template/' : '';
      io.out(`/var/lib/vz/${folder}${volume}\n`);
      return 0;
    }
    if (command === 'free') {
      const [storage = ''] = first.split(':');
      await localApi(socket, 'DELETE', `${base}/${storage}/content/${first}`);
      return 0;
    }
  } catch (error) {
    if (error instanceof Refused) return printRefusal(io, error, `pvesm ${command} [ARGS] [OPTIONS]`);
    throw error;
  }
  io.err(`ERROR: unknown command 'pvesm ${command}'\nUSAGE: pvesm <COMMAND> [ARGS] [OPTIONS]\n`);
  return 255;
}

async function pveversion(socket: string): Promise<number> {
  const { version, repoid } = (await localApi(socket, 'GET', '/version')) as { version: string; repoid: string };
  io.out(`pve-manager/${version}/${repoid} (running kernel: ${process.platform})\n`);
  return 0;
}

const [program = '', socket = '', ...words] = process.argv.slice(2);
try {
  if (program === 'pvesh') process.exitCode = await pvesh(socket, words, io);
  else if (program === 'qm') process.exitCode = await qm(socket, words, io);
  else if (program === 'pveum') process.exitCode = await pveum(socket, words, io);
  else if (program === 'pvesm') process.exitCode = await pvesm(socket, words);
  else process.exitCode = await pveversion(socket);
} catch (error) {
  io.err(`${(error as Error).message}\n`);
  process.exitCode = 255;
}
