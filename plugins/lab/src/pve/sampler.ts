import type { GuestUsage } from '../guest/usage.js';
import { maxDisk } from './disks.js';
import type { LabNode } from './node.js';
import { PRESSURE } from './routes/status.js';
import type { VmRecord } from './state.js';
import type { Sample } from './statistics.js';

/** As often as pvestatd. */
const ROUND_MS = 10_000;

/** Counters that become a rate; `cpu` is seconds, of which a second has one on each core. */
const COUNTERS = ['cpu', 'netin', 'netout', 'diskread', 'diskwrite'] as const;

interface Measured {
  readonly at: number;
  readonly usage: GuestUsage;
}

/**
 * What happened between two looks at a guest, by the second; nothing of a counter that went back, as at a restart.
 * @param cores the guest's, as the load is told as a share of them
 */
export function rates(before: Measured | undefined, now: Measured, cores: number): Sample {
  const seconds = before === undefined ? 0 : now.at - before.at;
  if (before === undefined || seconds <= 0) return {};
  const found: Record<string, number> = {};
  for (const name of COUNTERS) {
    const [from, to] = [before.usage[name], now.usage[name]];
    if (from === undefined || to === undefined || to < from) continue;
    const rate = (to - from) / seconds;
    found[name] = name === 'cpu' ? Math.min(1, rate / cores) : rate;
  }
  return found;
}

/** Measures every guest of the cluster again and again, as pvestatd does on its node. */
export class Sampler {
  readonly #node: LabNode;
  readonly #last = new Map<string, Measured>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;

  constructor(node: LabNode) {
    this.#node = node;
  }

  start(): void {
    const round = (): void => {
      this.#round ??= this.round(Date.now() / 1000)
        .catch(() => undefined)
        .finally(() => (this.#round = undefined));
    };
    round();
    this.#timer = setInterval(round, ROUND_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
  }

  /** @param at Unix time in seconds */
  async round(at: number): Promise<void> {
    const { file, statistics } = this.#node;
    for (const [id, record] of Object.entries(file.state.vms)) {
      if (record.lock === 'create') continue;
      // A guest that is just going is measured in the next round.
      await this.#measure(id, record, at).catch(() => undefined);
    }
    statistics.keep(Object.keys(file.state.vms));
  }

  async #measure(id: string, record: VmRecord, at: number): Promise<void> {
    const node = this.#node.carrier(record);
    const spec = node.spec(Number(id), record);
    const usage = (await node.backend.state(spec)) === 'stopped' ? {} : await node.backend.usage(spec);
    const now = { at, usage };
    const maxmem = spec.memoryMiB * 1024 * 1024;
    const sample = {
      maxcpu: spec.cores,
      maxmem,
      maxdisk: maxDisk(record),
      disk: 0,
      ...(usage.mem === undefined ? {} : { mem: Math.min(usage.mem, maxmem) }),
      ...(node.isVersion9 && usage.mem !== undefined && { memhost: Math.min(usage.mem, maxmem), ...PRESSURE }),
      ...rates(this.#last.get(id), now, spec.cores),
    };
    this.#node.statistics.add(Number(id), sample, at);
    this.#last.set(id, now);
  }
}
