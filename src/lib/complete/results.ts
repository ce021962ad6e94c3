/** Published shape of what `completion` returns. */
import * as z from 'zod';
import { SHELLS } from './scripts.js';

export const completionScript = z.object({ shell: z.enum(SHELLS), script: z.string() });
