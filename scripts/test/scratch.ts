import { mkdtempSync, readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SHARED_MEMORY = '/dev/shm';
const GIB = 2 ** 30;

/**
 * Four labs whose machines share the kernel had 200 MiB there at the most. The one whose machine is emulated has its image twice, of 2 GiB
 * if all of it were written; and the memory of that machine is needed besides.
 */
const ROOM = 8 * GIB;

export interface Place {
  /** As the kernel lists what is mounted. */
  readonly mounts: string;
  /** Bytes. */
  readonly free: number;
  /** Bytes of memory that programs could have. */
  readonly available: number;
}

/** Whether there is room for all that the tests of a run write, and what they write may be run: some containers do not have it so. */
export function inMemory({ mounts, free, available }: Place): boolean {
  const mounted = mounts.split('\n').findLast((line) => line.split(' ')[1] === SHARED_MEMORY);
  const [, , type, options = ''] = mounted?.split(' ') ?? [];
  return type === 'tmpfs' && !options.split(',').includes('noexec') && Math.min(free, available) >= ROOM;
}

function sharedMemory(): Place | undefined {
  try {
    const { bavail, bsize } = statfsSync(SHARED_MEMORY);
    const [, kib = '0'] = /^MemAvailable: +(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? [];
    return { mounts: readFileSync('/proc/self/mounts', 'utf8'), free: bavail * bsize, available: Number(kib) * 1024 };
  } catch {
    return undefined;
  }
}

/**
 * A folder for what a run writes. Tests make and remove tens of thousands of small files, and of the processor's time that takes most is
 * the file system's: ext4 looks, for each new file, past all that were removed within seconds. In memory none of that is so. Whoever
 * sets TMPDIR has said where.
 */
export function scratchFolder(): string {
  const place = process.env['TMPDIR'] === undefined ? sharedMemory() : undefined;
  return mkdtempSync(join(place !== undefined && inMemory(place) ? SHARED_MEMORY : tmpdir(), 'zebu-test-'));
}
