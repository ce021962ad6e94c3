import * as z from 'zod';
import { configSchema } from './schema.js';

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

interface JsonSchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchemaNode>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchemaNode[];
}

/** The JSON Schema editors use for zebu.yml. */
export function configJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(configSchema, { io: 'input' }),
    title: 'zebu.yml',
    description: 'Configuration of zebu: one app, one VM, one Proxmox host.',
  };
}

/** GitHub hands its secrets over as ZEBU_SECRETS, so the declarations have a name of their own. */
const VARIABLE_EXCEPTIONS: Readonly<Record<string, string>> = { secrets: 'ZEBU_SECRET_DECLARATIONS' };

export function variableOf(path: string): string {
  return VARIABLE_EXCEPTIONS[path] ?? `ZEBU_${path.replaceAll('.', '_').toUpperCase()}`;
}

function typeOf(node: JsonSchemaNode): KeyType {
  const type = node.type ?? node.anyOf?.[0]?.type ?? 'string';
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'array' || type === 'boolean' || type === 'object' ? type : 'string';
}

function* leaves(node: JsonSchemaNode, prefix: string): Generator<ConfigKey> {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (child.properties !== undefined) yield* leaves(child, path);
    else
      yield {
        path,
        variable: variableOf(path),
        type: typeOf(child),
        description: child.description ?? '',
        default: child.default,
        required: node.required?.includes(name) ?? false,
      };
  }
}

/** Every key that holds a value, in the order of the schema. */
export function configKeys(): readonly ConfigKey[] {
  return [...leaves(configJsonSchema(), '')];
}
