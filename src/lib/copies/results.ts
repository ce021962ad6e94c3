/** Published shapes of what is found out with copies of the VM. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';
import { proof } from '../app-folder/proof-schemas.js';

export const backupProven = z.object({
  ...proof.shape,
  vmid: z.number().describe('Id that the copy had.'),
  node: z.string(),
  recorded: z.boolean().describe('Whether it was noted in the VM of the app, for app:status and doctor.'),
});
export type BackupProven = ResultOf<typeof backupProven>;
