import type { Rule } from './rules.js';

/** Stands for the rules that the build derives from the schema and puts here; undefined where the sources are run. */
export const builtRules: Rule | undefined = undefined;
