/** Published shape of what `vm:ssh` returns. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

/** The output is only kept with --json, where the terminal is not handed over. */
export const sshRun = z.object({
  exit: z.number(),
  host: z.string(),
  stdout: z.string(),
  stderr: z.string(),
});
export type SshRun = ResultOf<typeof sshRun>;
