import { ZebuError } from '@zebu/kit';
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { checkTree, isForbidden } from './tree-limits.js';

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

/** In maps of lists, too. @throws what `refused` makes */
function checkKeys(map: YAMLMap, refused: (offset: number, message: string) => ZebuError): void {
  const seen = new Set<string>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    const offset = key.range?.[0] ?? 0;
    if (seen.has(name) && name !== '<<') throw refused(offset, `Map keys must be unique: \`${name}\``);
    if (isForbidden(name)) throw refused(offset, `\`${name}\` cannot be a key`);
    seen.add(name);
  }
}

/**
 * Parses one YAML file into a layer.
 * @param shown the file's name in messages
 * @throws CONFIG_INVALID with file and line for YAML that does not parse, duplicate keys included, and for what is made to
 * grow when it is read
 */
export function parseYamlLayer(text: string, shown: string, kind: 'file' | 'overlay'): Layer {
  const lines = new LineCounter();
  const refused = (offset: number, message: string, hint = 'Correct the YAML on that line.'): ZebuError => {
    const { line, col } = lines.linePos(offset);
    return new ZebuError('CONFIG_INVALID', `${shown}:${Math.max(1, line)}:${Math.max(1, col)}: ${message}`, {
      hint,
      details: { file: shown, line: Math.max(1, line) },
    });
  };
  let document: Document.Parsed;
  try {
    // Its own look for keys that are there twice compares each with all others.
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, uniqueKeys: false });
  } catch (error) {
    // Too deep for the stack, or for the library.
    throw refused(
      0,
      `this cannot be read as YAML: ${error instanceof RangeError ? 'nested too deep' : (error as Error).message}`,
    );
  }
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) throw refused(problem.pos[0], problem.message);
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
      if (isSeq(pair.value)) recordItems(pair.value, path);
    }
  };
  const recordItems = (list: YAMLSeq, prefix: string): void => {
    for (const [index, item] of list.items.entries()) {
      if (!isMap(item)) continue;
      origins.set(`${prefix}.${index}`, at(item));
      record(item, `${prefix}.${index}`);
    }
  };
  try {
    visit(document, { Map: (_, map) => checkKeys(map, refused) });
    record(root, '');
    const values = document.toJS() as Tree;
    checkTree(values);
    return { values, origins };
  } catch (error) {
    if (error instanceof ZebuError) throw error;
    let alias = 0;
    visit(document, (_, node) => {
      if (!isAlias(node)) return undefined;
      alias = node.range?.[0] ?? 0;
      return visit.BREAK;
    });
    throw refused(alias, `this cannot be read: ${(error as Error).message}`, 'Write out what the aliases stand for.');
  }
}

function* pathsBelow(value: unknown, path: string): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, below] of Object.entries(value)) {
    yield `${path}.${key}`;
    yield* pathsBelow(below, `${path}.${key}`);
  }
}

/** Maps whose keys are alternatives: one replaces the other. */
const WHOLE: ReadonlySet<string> = new Set(['app.proxy.tls']);

/** Later layers win; maps merge, lists and scalars replace, an explicit null takes a key back to its default. */
export function mergeLayers(layers: readonly Layer[]): { values: Tree; origins: Map<string, Origin> } {
  const origins = new Map<string, Origin>();
  const merge = (base: Tree, over: Tree, layer: Layer, prefix: string): Tree => {
    const result: Tree = { ...base };
    for (const [key, value] of Object.entries(over)) {
      const path = prefix === '' ? key : `${prefix}.${key}`;
      const origin = layer.origins.get(path);
      const below = Object.hasOwn(result, key) ? result[key] : undefined;
      if (isTree(value) && (below === undefined || (isTree(below) && !WHOLE.has(path)))) {
        result[key] = merge(isTree(below) ? below : {}, value, layer, path);
        if (origin !== undefined && !origins.has(path)) origins.set(path, origin);
        continue;
      }
      for (const known of pathsBelow(below, path)) origins.delete(known);
      if (value === null) {
        delete result[key];
        origins.delete(path);
      } else {
        result[key] = value;
        if (origin !== undefined) origins.set(path, origin);
        for (const known of pathsBelow(value, path)) {
          const inner = layer.origins.get(known);
          if (inner !== undefined) origins.set(known, inner);
        }
      }
    }
    return result;
  };
  let values: Tree = {};
  for (const layer of layers) values = merge(values, layer.values, layer, '');
  return { values, origins };
}
