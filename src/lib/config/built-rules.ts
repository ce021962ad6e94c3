import type { RulesOf } from './rules.js';
import type { Config } from './schema.js';

/** Stands for the rules that the build derives from the schema and puts here; undefined where the sources are run. */
export const builtRules: RulesOf<Config> | undefined = undefined;
