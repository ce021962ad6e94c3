/** What the build works out, and puts in the place of modules of `src/lib`: what follows from schemas, and of the runner. By file. */
import * as ofLines from '../src/lib/app-folder/built-rules.js';
import * as data from '../src/lib/config/built-data.js';
import { deriveStrictRules } from '../src/lib/config/derive-rules.js';
import { deriveKeys } from '../src/lib/config/json-schema.js';
import { configSchema } from '../src/lib/config/schema.js';
import * as ofRunner from '../src/lib/runner/sum.js';
import * as ofJournals from '../src/lib/runs/built-rules.js';

export const derived = (): Readonly<Record<string, Readonly<Record<string, unknown>>>> => ({
  'config/built-keys': { builtKeys: deriveKeys() },
  'config/built-rules': { builtRules: deriveStrictRules(configSchema) },
  'config/built-data': { ...data },
  'app-folder/built-rules': { ...ofLines },
  'runs/built-rules': { ...ofJournals },
  'runner/sum': { ...ofRunner },
});
