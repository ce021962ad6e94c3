import { deriveRules } from './derive-rules.js';
import { deriveKeys } from './json-schema.js';
import { configSchema } from './schema.js';

/** What the build puts in the place of modules here, by file. */
export const derived = () => ({
  'built-keys': { name: 'builtKeys', value: deriveKeys() },
  'built-rules': { name: 'builtRules', value: deriveRules(configSchema) },
});
