import type { Io } from '@zebu/kit';
import type { Clock } from '../../src/lib/context/context.js';
import type { ProxmoxClient } from '../../src/lib/proxmox/client.js';

/** Says nothing; `warnings` has what was warned of. */
export function silentIo(): Io & { readonly warnings: string[] } {
  const warnings: string[] = [];
  const nothing = (): void => {};
  const io = { warnings, live: false, events: false, note: nothing, debug: nothing, group: nothing, endGroup: nothing };
  return { ...io, warn: (line: string) => warnings.push(line) } as unknown as Io & { readonly warnings: string[] };
}

/** A clock that only moves when somebody sleeps, or when `pass` says so. */
export interface FakeClock extends Clock {
  pass(ms: number): void;
}

export function fakeClock(): FakeClock {
  let elapsed = 0;
  return {
    now: () => new Date(elapsed),
    elapsed: () => elapsed,
    pass: (ms) => {
      elapsed += ms;
    },
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      elapsed += ms;
    },
  };
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** A client whose answers are worked out here. @param answer throws what Proxmox refuses */
export function clientOf(answer: (asked: Asked) => unknown): ProxmoxClient & { readonly asked: Asked[] } {
  const asked: Asked[] = [];
  const request = async (method: string, path: string, params: Record<string, unknown> = {}): Promise<unknown> => {
    asked.push({ method, path, params });
    return answer({ method, path, params });
  };
  return { asked, request, endedWell: () => false, calls: [], where: 'test' } as unknown as ProxmoxClient & {
    readonly asked: Asked[];
  };
}
