/** Published shape of what `ci:init` returns. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

export const ciInitialized = z.object({
  file: z.string().describe('Relative to the top of the repository.'),
  secrets: z.array(z.string()).describe('Names to set as secrets of the repository or the environment.'),
  variables: z.array(z.string()).describe('Names that may be set as variables.'),
  environment: z.string(),
});
export type CiInitialized = ResultOf<typeof ciInitialized>;
