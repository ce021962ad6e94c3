import { ZebuError } from '@zebu/kit';
import { isMap, isScalar, LineCounter, parseDocument, type Node, type YAMLMap } from 'yaml';

/** Where a value was set, as the user would point at it. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'file' | 'overlay'; readonly file: string; readonly line: number }
  | { readonly kind: 'flag'; readonly flag: string };

export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return 'default';
    case 'environment':
      return origin.variable;
    case 'file':
    case 'overlay':
      return `${origin.file}:${origin.line}`;
    case 'flag':
      return origin.flag;
  }
}

export type Tree = { [key: string]: unknown };

/** One source of configuration: its values, and for every dotted path where it was set. */
export interface Layer {
  readonly values: Tree;
  readonly origins: ReadonlyMap<string, Origin>;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses one YAML file into a layer.
 * @param shown the file's name in messages
 * @throws CONFIG_INVALID with file and line for YAML that does not parse, duplicate keys included
 */
export function parseYamlLayer(text: string, shown: string, kind: 'file' | 'overlay'): Layer {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw new ZebuError('CONFIG_INVALID', `${shown}:${line}:${col}: ${problem.message}`, {
      hint: 'Correct the YAML on that line.',
      details: { file: shown, line },
    });
  }
  const origins = new Map<string, Origin>();
  const root: unknown = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return { values: {}, origins };
  if (!isMap(root)) {
    throw new ZebuError('CONFIG_INVALID', `${shown}:1: expected keys such as \`app:\` at the top level`, {
      details: { file: shown, line: 1 },
    });
  }
  const at = (node: Node): Origin => ({ kind, file: shown, line: lines.linePos(node.range?.[0] ?? 0).line });
  const record = (map: YAMLMap, prefix: string): void => {
    for (const pair of map.items) {
      if (!isScalar(pair.key)) continue;
      const path = prefix === '' ? String(pair.key.value) : `${prefix}.${String(pair.key.value)}`;
      origins.set(path, at(pair.key));
      if (isMap(pair.value)) record(pair.value, path);
    }
  };
  record(root, '');
  return { values: document.toJS() as Tree, origins };
}

/** Later layers win; maps merge, lists and scalars replace, an explicit null takes a key back to its default. */
export function mergeLayers(layers: readonly Layer[]): { values: Tree; origins: Map<string, Origin> } {
  const origins = new Map<string, Origin>();
  const merge = (base: Tree, over: Tree, layer: Layer, prefix: string): Tree => {
    const result: Tree = { ...base };
    for (const [key, value] of Object.entries(over)) {
      const path = prefix === '' ? key : `${prefix}.${key}`;
      const origin = layer.origins.get(path);
      const below = result[key];
      if (isTree(value) && (isTree(below) || below === undefined)) {
        result[key] = merge(isTree(below) ? below : {}, value, layer, path);
        if (origin !== undefined && !origins.has(path)) origins.set(path, origin);
        continue;
      }
      for (const known of origins.keys()) if (known.startsWith(`${path}.`)) origins.delete(known);
      if (value === null) {
        delete result[key];
        origins.delete(path);
      } else {
        result[key] = value;
        if (origin !== undefined) origins.set(path, origin);
      }
    }
    return result;
  };
  let values: Tree = {};
  for (const layer of layers) values = merge(values, layer.values, layer, '');
  return { values, origins };
}
