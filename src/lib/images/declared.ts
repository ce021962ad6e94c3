import { posix } from 'node:path';
import { isAlias, isMap, isScalar, LineCounter, parseDocument, type Document, type Scalar, type YAMLMap } from 'yaml';
import { ZebuError } from '@zebu/kit';
import { isTree } from '../config/layers.js';

/** How the name of an image stands in a file: only a scalar of its own can be changed without changing others. */
type Written =
  | { readonly kind: 'scalar'; readonly start: number; readonly end: number }
  | { readonly kind: 'alias' | 'anchor' | 'folded' | 'merged' };

/** A service that is started from an image that is not built here. */
export interface PulledImage {
  readonly service: string;
  /** As the file says, with its variables. */
  readonly text: string;
  /** Relative to the folder of zebu.yml. */
  readonly file: string;
  readonly line: number;
  readonly written: Written;
}

export interface ReadFile {
  /** Undefined for a file that is not there. */
  (path: string): Promise<string | undefined>;
}

export interface Declared {
  readonly images: readonly PulledImage[];
  /** Every service, built ones included. */
  readonly services: readonly string[];
}

interface Known {
  image?: PulledImage;
  built?: boolean;
  profiles: readonly string[];
}

interface Opened {
  readonly file: string;
  readonly text: string;
  readonly document: Document.Parsed;
  readonly plain: Readonly<Record<string, unknown>>;
  readonly lines: LineCounter;
}

/** @throws COMPOSE_INVALID naming file and line */
function open(file: string, text: string): Opened {
  const lines = new LineCounter();
  const invalid = (line: number, why: string): ZebuError =>
    new ZebuError('COMPOSE_INVALID', `${file}:${line}: ${why}`, {
      hint: 'Compose cannot read it either: docker compose config.',
      details: { file, line },
    });
  const document = parseDocument(text, { merge: true, logLevel: 'silent', lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) throw invalid(lines.linePos(error.pos[0]).line, error.message.split('\n')[0] ?? '');
  let plain: unknown;
  try {
    plain = document.toJS();
  } catch (error_) {
    throw invalid(1, (error_ as Error).message);
  }
  return { file, text, document, plain: isTree(plain) ? plain : {}, lines };
}

function writtenAs(node: Scalar, text: string): Written {
  if (node.anchor !== undefined) return { kind: 'anchor' };
  const [start = 0, end = 0] = node.range ?? [];
  const own = text.slice(start, end);
  const bare = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE' ? own.slice(1, -1) : own;
  if (bare !== node.value) return { kind: 'folded' };
  const quote = own.length === bare.length ? 0 : 1;
  return { kind: 'scalar', start: start + quote, end: end - quote };
}

function imageOf(opened: Opened, service: string, map: YAMLMap, value: string): PulledImage {
  const { file, text, lines } = opened;
  const pair = map.items.find(({ key }) => isScalar(key) && key.value === 'image');
  const at = (node: unknown): number =>
    lines.linePos((node as { range?: readonly number[] | null } | undefined)?.range?.[0] ?? 0).line;
  const base = { service, text: value, file };
  if (pair === undefined) return { ...base, line: at(map), written: { kind: 'merged' } };
  if (isAlias(pair.value)) return { ...base, line: at(pair.key), written: { kind: 'alias' } };
  if (!isScalar(pair.value)) return { ...base, line: at(pair.key), written: { kind: 'folded' } };
  return { ...base, line: at(pair.value), written: writtenAs(pair.value, text) };
}

const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

/** How deep files name each other; Compose refuses those that go in circles. */
const DEPTH = 16;

class Reader {
  readonly #read: ReadFile;
  readonly #opened = new Map<string, Promise<Opened | undefined>>();
  readonly services = new Map<string, Known>();

  constructor(read: ReadFile) {
    this.#read = read;
  }

  #open(file: string): Promise<Opened | undefined> {
    const known = this.#opened.get(file);
    if (known !== undefined) return known;
    const opening = this.#read(file).then((text) => (text === undefined ? undefined : open(file, text)));
    this.#opened.set(file, opening);
    return opening;
  }

  /** `include` first: what is included is overridden by who includes. */
  async add(file: string, depth = 0): Promise<boolean> {
    const opened = await this.#open(file);
    if (opened === undefined || depth > DEPTH) return false;
    for (const each of list(opened.plain['include']))
      for (const path of list(isTree(each) ? each['path'] : each))
        if (typeof path === 'string' && !/[$:]/.test(path))
          await this.add(posix.join(posix.dirname(file), path), depth + 1);
    const all = opened.document.get('services', true);
    for (const pair of isMap(all) ? all.items : []) {
      const name = isScalar(pair.key) ? String(pair.key.value) : '';
      const known = this.services.get(name) ?? { profiles: [] };
      this.services.set(name, known);
      Object.assign(known, await this.#service(opened, name, depth));
    }
    return true;
  }

  async #service(opened: Opened, name: string, depth: number): Promise<Partial<Known>> {
    const services = opened.plain['services'];
    const own = isTree(services) ? services[name] : undefined;
    const node = opened.document.getIn(['services', name], true);
    if (!isTree(own) || depth > DEPTH) return {};
    const { extends: base, image, build, profiles } = own;
    const found: Partial<Known> = await this.#extended(opened, base, depth);
    if (build !== undefined && build !== null) found.built = true;
    if (Array.isArray(profiles)) found.profiles = profiles.map(String);
    if (typeof image === 'string') {
      const resolved = isAlias(node) ? node.resolve(opened.document) : node;
      if (isMap(resolved)) {
        const place = imageOf(opened, name, resolved, image);
        found.image = isAlias(node) ? { ...place, written: { kind: 'alias' } } : place;
      }
    }
    return found;
  }

  async #extended(opened: Opened, base: unknown, depth: number): Promise<Partial<Known>> {
    const service = isTree(base) ? base['service'] : base;
    const file = isTree(base) ? base['file'] : undefined;
    if (typeof service !== 'string') return {};
    const from = typeof file === 'string' ? await this.#open(posix.join(posix.dirname(opened.file), file)) : opened;
    return from === undefined ? {} : this.#service(from, service, depth + 1);
  }
}

/**
 * The images that Compose files name for services that are not built, `include` and `extends` followed, a later file over an
 * earlier one.
 * @param profiles the active ones; services of others do not run
 * @throws COMPOSE_INVALID naming file and line, and for a file that is not there
 */
export async function declaredImages(
  files: readonly string[],
  profiles: readonly string[],
  read: ReadFile,
): Promise<Declared> {
  const reader = new Reader(read);
  for (const file of files)
    if (!(await reader.add(posix.normalize(file))))
      throw new ZebuError('COMPOSE_INVALID', `There is no ${file} here`, {
        hint: 'app.compose names the Compose files, relative to zebu.yml.',
        details: { file },
      });
  const runs = ({ profiles: own }: Known): boolean => own.length === 0 || own.some((each) => profiles.includes(each));
  return {
    services: [...reader.services.keys()],
    images: [...reader.services].flatMap(([service, known]) =>
      known.built === true || known.image === undefined || !runs(known) ? [] : [{ ...known.image, service }],
    ),
  };
}
