/** Published shapes of what the commands about plugins return. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

export const scaffolded = z.object({
  name: z.string(),
  kind: z.enum(['hook', 'secrets', 'transport']),
  package: z.string().describe('Name of the npm package.'),
  folder: z.string(),
  files: z.array(z.string()).describe('Relative to the folder.'),
});
export type Scaffolded = ResultOf<typeof scaffolded>;
