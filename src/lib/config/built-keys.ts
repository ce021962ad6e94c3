import type { ConfigKey } from './keys.js';

/** Stands for the list that the build derives from the schema and puts here; undefined where the sources are run. */
export const builtKeys: readonly ConfigKey[] | undefined = undefined;
