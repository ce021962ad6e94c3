import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who made a copy, so that what a killed run has left is told from what somebody is working with. */
export interface Maker {
  /** Stands for this machine since it was started, as its processes see each other; nothing of it can be read out of it. */
  readonly machine: string;
  readonly pid: number;
}

function part(read: () => string): string {
  try {
    return read().trim();
  } catch {
    // Not on Linux.
    return '';
  }
}

export function thisMaker(): Maker {
  const boot = part(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  const processes = part(() => readlinkSync('/proc/self/ns/pid'));
  const machine = createHash('sha256').update([hostname(), boot, processes].join('\n')).digest('hex').slice(0, 16);
  return { machine, pid: process.pid };
}

/** Whether it has certainly ended; of another machine, nobody can tell. */
export function hasEnded(maker: Maker, own = thisMaker(), alive = isAlive): boolean {
  return maker.machine === own.machine && maker.pid !== own.pid && !alive(maker.pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
