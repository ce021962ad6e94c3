import { builtKeys } from './built-keys.js';

export type KeyType = 'array' | 'boolean' | 'number' | 'object' | 'string';

/** One key of zebu.yml as the reference, the variables and `--set` see it. */
export interface ConfigKey {
  /** Dotted, as `vm.network.address`. */
  readonly path: string;
  /** The variable that sets it, as ZEBU_VM_NETWORK_ADDRESS. */
  readonly variable: string;
  readonly type: KeyType;
  readonly description: string;
  readonly default: unknown;
  readonly required: boolean;
}

/** GitHub hands its secrets over as ZEBU_SECRETS, so the declarations have a name of their own. */
const VARIABLE_EXCEPTIONS: Readonly<Record<string, string>> = { secrets: 'ZEBU_SECRET_DECLARATIONS' };

export function variableOf(path: string): string {
  return VARIABLE_EXCEPTIONS[path] ?? `ZEBU_${path.replaceAll('.', '_').toUpperCase()}`;
}

/** Every key that holds a value, in the order of the schema. */
export async function configKeys(): Promise<readonly ConfigKey[]> {
  return builtKeys ?? (await import('./json-schema.js')).deriveKeys();
}
