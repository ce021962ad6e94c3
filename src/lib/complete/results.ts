/** Published shape of what `completion` returns. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';
import { SHELLS } from './scripts.js';

export const completionScript = z.object({ shell: z.enum(SHELLS), script: z.string() });
export type CompletionScript = ResultOf<typeof completionScript>;
