import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** How far apart rows are for each `timeframe`, in seconds. */
const RESOLUTION = { hour: 60, day: 1800, week: 10_800, month: 43_200, year: 604_800 } as const;
export const TIMEFRAMES = Object.keys(RESOLUTION) as readonly Timeframe[];
export type Timeframe = keyof typeof RESOLUTION;

/** Rows of an answer. */
export const ROWS = 70;

/** Values of one moment; what is not known is left out. */
export type Sample = Readonly<Record<string, number>>;
export type RrdRow = Readonly<Record<string, number>>;

/** One row while it is made: sum, number and largest of each value. */
interface Bin {
  readonly time: number;
  readonly values: Record<string, [sum: number, samples: number, largest: number]>;
}

type Bins = Record<Timeframe, Bin[]>;

/** The round-robin files of a node: what pvestatd measured, averaged over ever longer times. Survives the daemon. */
export class Statistics {
  readonly #file: string;
  readonly #vms: Record<string, Bins>;
  readonly #latest = new Map<number, Sample>();

  constructor(file: string) {
    this.#file = file;
    this.#vms = load(file);
  }

  /** @param at Unix time in seconds */
  add(vmid: number, sample: Sample, at: number): void {
    this.#latest.set(vmid, sample);
    const bins = (this.#vms[vmid] ??= { hour: [], day: [], week: [], month: [], year: [] });
    for (const timeframe of TIMEFRAMES) {
      const step = RESOLUTION[timeframe];
      const time = Math.floor(at / step) * step;
      const row = bins[timeframe];
      if (row.at(-1)?.time !== time) row.push({ time, values: {} });
      const current = row.at(-1)?.values ?? {};
      for (const [name, value] of Object.entries(sample)) {
        const [sum, samples, largest] = current[name] ?? [0, 0, 0];
        current[name] = [sum + value, samples + 1, Math.max(largest, value)];
      }
      // The row that is being made is none of the answer's.
      if (row.length > ROWS + 1) row.shift();
    }
  }

  /** What was measured last; undefined before the first round. */
  latest(vmid: number): Sample | undefined {
    return this.#latest.get(vmid);
  }

  /** Forgets VMs that are gone, and writes the rest down. */
  keep(vmids: readonly string[]): void {
    for (const vmid of Object.keys(this.#vms)) if (!vmids.includes(vmid)) delete this.#vms[vmid];
    for (const vmid of this.#latest.keys()) if (!vmids.includes(String(vmid))) this.#latest.delete(vmid);
    const part = `${this.#file}.part`;
    writeFileSync(part, JSON.stringify(this.#vms), { mode: 0o600 });
    renameSync(part, this.#file);
  }

  /**
   * Rows as `rrddata` gives them, up to the last that is complete; one of a time without samples has its `time` only.
   * @returns undefined for a VM that was never measured
   */
  rows(vmid: number, timeframe: Timeframe, cf: 'AVERAGE' | 'MAX', at: number): readonly RrdRow[] | undefined {
    const bins = this.#vms[vmid];
    if (bins === undefined) return undefined;
    const step = RESOLUTION[timeframe];
    const now = Math.floor(at / step) * step;
    return Array.from({ length: ROWS }, (_, index) => {
      const time = now - (ROWS - index) * step;
      const values = bins[timeframe].find((bin) => bin.time === time)?.values ?? {};
      const shown = Object.entries(values).map(([name, [sum, samples, largest]]) => {
        return [name, cf === 'MAX' ? largest : sum / samples] as const;
      });
      return { time, ...Object.fromEntries(shown) };
    });
  }
}

function load(file: string): Record<string, Bins> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, Bins>;
  } catch {
    // None yet, or cut short by a full disk: statistics begin again, as they do on a node that lost its files.
    return {};
  }
}
