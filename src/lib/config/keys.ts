import type { TransportDeclaration } from '@zebu/kit';
import { builtKeys } from './built-keys.js';
import { declaredKeys } from './transport-keys.js';

export type KeyType = 'array' | 'boolean' | 'number' | 'object' | 'string' | 'string or object';

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

/** Where the keys of transports stand: before this one. */
const AFTER_TRANSPORTS = 'proxmox.timeout';

/**
 * Every key that holds a value, in the order of the schema.
 * @param installed transports that do not come with zebu
 */
export async function configKeys(installed: readonly TransportDeclaration[] = []): Promise<readonly ConfigKey[]> {
  const keys = builtKeys ?? (await import('./json-schema.js')).deriveKeys();
  const known = new Set(keys.map(({ path }) => path));
  // Deriving all of them anew would take longer than all else that is done with the configuration.
  const more = declaredKeys(installed).flatMap(({ name, rules, description }): readonly ConfigKey[] => {
    const path = `proxmox.${name}`;
    if (known.has(path)) return [];
    return [
      { path, variable: variableOf(path), type: rules.type, description, default: rules.default, required: false },
    ];
  });
  if (more.length === 0) return keys;
  return keys.flatMap((key) => (key.path === AFTER_TRANSPORTS ? [...more, key] : [key]));
}
