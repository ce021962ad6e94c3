import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context/context.js';
import type { AgentTarget } from './agent.js';
import { rrdAnswer, type RrdRow } from './answers.js';
import { parseAnswer } from './parse.js';
import type { HistoryPoint, VmHistory } from './results.js';

export type Timeframe = VmHistory['timeframe'];

/** Statistics are worth no more waiting than this. */
const PATIENCE_MS = 10_000;

const rounded = (value: number | null): number | null => (value === null ? null : Math.round(value));

function pointOf(row: RrdRow): HistoryPoint {
  return {
    time: new Date(row.time * 1000).toISOString(),
    cpu: row.cpu,
    memoryBytes: rounded(row.mem),
    memoryMaxBytes: rounded(row.maxmem),
    networkInBytes: rounded(row.netin),
    networkOutBytes: rounded(row.netout),
    diskReadBytes: rounded(row.diskread),
    diskWriteBytes: rounded(row.diskwrite),
  };
}

/** Of a VM that was stopped only its size was written down. */
const wasMeasured = ({ cpu, mem }: RrdRow): boolean => cpu !== null || mem !== null;

/** From the first time that was measured on, in order; null when none was. */
export function historyOf(timeframe: Timeframe, rows: readonly RrdRow[]): VmHistory | null {
  const ordered = rows.toSorted((a, b) => a.time - b.time);
  const first = ordered.findIndex(wasMeasured);
  return first === -1 ? null : { timeframe, points: ordered.slice(first).map(pointOf) };
}

/** Null when the node has no statistics or does not give them: a command does not fail for lack of them. */
export async function readHistory(
  { io }: Context,
  { client, node, vmid }: AgentTarget,
  timeframe: Timeframe,
): Promise<VmHistory | null> {
  const path = `/nodes/${node}/qemu/${vmid}/rrddata`;
  const read = async (): Promise<VmHistory | null> => {
    const rows = await client.request('GET', path, { timeframe, cf: 'AVERAGE' });
    return historyOf(timeframe, parseAnswer(rrdAnswer, rows, `GET ${path}`));
  };
  const given = read().catch((error: unknown) => {
    io.debug(() => `no statistics: ${(error as Error).message}`);
    return null;
  });
  const enough = new AbortController();
  try {
    return await Promise.race([given, sleep(PATIENCE_MS, null, { signal: enough.signal })]);
  } finally {
    enough.abort();
  }
}
