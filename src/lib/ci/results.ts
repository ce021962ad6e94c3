/** Published shape of what `ci:init` returns. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

export const ciInitialized = z.object({
  file: z.string().describe('Relative to the top of the repository.'),
  secrets: z.array(z.string()).describe('Names to set as secrets of the repository or the environment.'),
  variables: z.array(z.string()).describe('Names that may be set as variables.'),
  environment: z.string(),
  privateHost: z
    .string()
    .nullable()
    .describe('The Proxmox host, where GitHub cannot reach it: pull deploys need no way in. Null where it may.'),
});
export type CiInitialized = ResultOf<typeof ciInitialized>;
