import type { TransportDeclaration } from '@zebu/kit';
import * as z from 'zod';
import { builtTransports } from './built-transports.js';
import { variableOf, type ConfigKey, type KeyType } from './keys.js';
import { schemaFor } from './schema.js';

interface JsonSchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchemaNode>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchemaNode[];
}

/** The JSON Schema editors use for zebu.yml. @param installed transports that do not come with zebu */
export function configJsonSchema(installed: readonly TransportDeclaration[] = []): Record<string, unknown> {
  return {
    ...z.toJSONSchema(schemaFor([...builtTransports, ...installed]), { io: 'input' }),
    title: 'zebu.yml',
    description: 'Configuration of zebu: one app, one VM, one Proxmox host.',
  };
}

function typeOf(node: JsonSchemaNode): KeyType {
  const kinds = new Set(node.anyOf?.map((each) => each.type));
  if (kinds.has('string') && kinds.has('object')) return 'string or object';
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
export function deriveKeys(installed: readonly TransportDeclaration[] = []): readonly ConfigKey[] {
  return [...leaves(configJsonSchema(installed), '')];
}
