import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GuestNic } from './backend.js';

/** What a guest has used since its start, as this machine counts it; what it cannot count is left out. */
export interface GuestUsage {
  /** Processor time, seconds. */
  readonly cpu?: number;
  /** Bytes in use now. */
  readonly mem?: number;
  /** Bytes that the guest received, sent, read from its disks and wrote to them. */
  readonly netin?: number;
  readonly netout?: number;
  readonly diskread?: number;
  readonly diskwrite?: number;
}

/** Linux counts processor time of processes in these, on every architecture. */
const TICKS_A_SECOND = 100;
const PAGE = 4096;

const read = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined);

/** @param text a number and a newline, as the kernel writes counters */
function count(text: string | undefined): number | undefined {
  return text === undefined || !/^\d+$/.test(text.trim()) ? undefined : Number(text);
}

/** Without the names whose value is not known. */
function known(usage: Readonly<Record<keyof GuestUsage, number | undefined>>): GuestUsage {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== undefined));
}

const NOTHING = {
  cpu: undefined,
  mem: undefined,
  netin: undefined,
  netout: undefined,
  diskread: undefined,
  diskwrite: undefined,
};

/** The sum over the nics; what leaves this machine's end of a cable is what the guest receives. */
export async function nicUsage(nics: readonly GuestNic[]): Promise<GuestUsage> {
  const ends = await Promise.all(
    nics.map(async ({ hostDevice }) => {
      const counter = async (name: string): Promise<number> =>
        count(await read(`/sys/class/net/${hostDevice}/statistics/${name}`)) ?? 0;
      return { in: await counter('tx_bytes'), out: await counter('rx_bytes') };
    }),
  );
  const sum = (way: 'in' | 'out'): number => ends.reduce((total, end) => total + end[way], 0);
  return { netin: sum('in'), netout: sum('out') };
}

/** Bytes of every device in `io.stat` (version 2) or `blkio.throttle.io_service_bytes` (version 1). */
export function blockBytes(text: string, way: 'read' | 'write'): number {
  const pattern = way === 'read' ? /(?:\bRead |\brbytes=)(\d+)/g : /(?:\bWrite |\bwbytes=)(\d+)/g;
  return [...text.matchAll(pattern)].reduce((total, [, bytes]) => total + Number(bytes), 0);
}

/** @param directories the guest's cgroup on every controller */
export async function cgroupUsage(directories: readonly string[]): Promise<GuestUsage> {
  const first = async (name: string): Promise<string | undefined> => {
    for (const directory of directories) {
      const text = await read(join(directory, name));
      if (text !== undefined) return text;
    }
    return undefined;
  };
  const nanoseconds = count(await first('cpuacct.usage'));
  const [, microseconds] = /^usage_usec (\d+)$/m.exec((await first('cpu.stat')) ?? '') ?? [];
  const seconds = microseconds === undefined ? undefined : Number(microseconds) / 1e6;
  const blocks = (await first('blkio.throttle.io_service_bytes_recursive')) ?? (await first('io.stat'));
  return known({
    ...NOTHING,
    cpu: nanoseconds === undefined ? seconds : nanoseconds / 1e9,
    mem: count((await first('memory.usage_in_bytes')) ?? (await first('memory.current'))),
    diskread: blocks === undefined ? undefined : blockBytes(blocks, 'read'),
    diskwrite: blocks === undefined ? undefined : blockBytes(blocks, 'write'),
  });
}

/** Of one process and its threads, such as a QEMU. */
export async function processUsage(pid: number): Promise<GuestUsage> {
  const stat = await read(`/proc/${pid}/stat`);
  if (stat === undefined) return {};
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { cpu: ticks / TICKS_A_SECOND, mem: Number(fields[21]) * PAGE };
}
