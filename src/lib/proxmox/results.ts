/** Published shapes of what Proxmox measured. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

/** What was measured over one step of time; null where nothing was. */
const historyPoint = z.object({
  time: z.string().describe('ISO 8601; of the beginning of the time that was averaged.'),
  cpu: z.number().nullable().describe('Share of all cores, 0 to 1.'),
  memoryBytes: z.number().nullable(),
  memoryMaxBytes: z.number().nullable(),
  networkInBytes: z.number().nullable().describe('Per second, as are the next three.'),
  networkOutBytes: z.number().nullable(),
  diskReadBytes: z.number().nullable(),
  diskWriteBytes: z.number().nullable(),
});
export type HistoryPoint = ResultOf<typeof historyPoint>;

export const vmHistory = z.object({
  timeframe: z.enum(['hour', 'day', 'week']),
  points: z.array(historyPoint),
});
export type VmHistory = ResultOf<typeof vmHistory>;
