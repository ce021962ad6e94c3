/** Published shapes of what `doctor` returns. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

export const diagnosis = z.object({
  healthy: z.boolean().describe('Nothing failed.'),
  exit: z.number().describe("The exit status: 0, or that of the first failure's class."),
  checks: z.array(
    z.object({
      id: z.string().describe('node, git, ssh, config, proxmox, placement, privileges, …'),
      status: z.enum(['fail', 'ok', 'skip', 'warn']),
      detail: z.string(),
      remedy: z.string().nullable(),
      code: z.string().nullable().describe('Of a failure: its class.'),
    }),
  ),
  cleaned: z
    .array(
      z.object({
        vmid: z.number(),
        name: z.string(),
        bytes: z.number().nullable().describe('What its disk took; null of what a run that was killed has left.'),
      }),
    )
    .describe('What --clean has removed, before the checks.'),
  role: z.array(z.string()).nullable().describe('Of --role: the lines to type on the host.'),
});
export type DoctorResult = ResultOf<typeof diagnosis>;

/** Without what only --role prints, and what --clean does. */
export type Diagnosis = Omit<DoctorResult, 'cleaned' | 'role'>;
