import type { TransportDeclaration } from '@zebu/kit';
import type { Tree } from './layers.js';
import { configProblems, type Shown } from './problems.js';
import { schemaFor, type Config } from './schema.js';

/**
 * The configuration as the schema has it.
 * @param chosen the transport that is used, where that is known
 * @param shown what the message of what is wrong needs to know
 * @throws CONFIG_INVALID
 */
export function parseBySchema(
  values: Tree,
  transports: readonly TransportDeclaration[],
  chosen: string | undefined,
  shown: Shown,
): Config {
  const parsed = schemaFor(transports, chosen).safeParse(values);
  if (parsed.success) return parsed.data;
  throw configProblems(parsed.error.issues, shown);
}
