import { posix } from 'node:path';
import { isMap, isScalar, isSeq, parseDocument, type Document, type Node } from 'yaml';
import { isTree } from '../config/layers.js';
import { parsePort, type PortRange } from '../config/port.js';

/** The text of a file, relative to the folder of zebu.yml; undefined for one that is not there. */
export type ReadText = (path: string) => Promise<string | undefined>;

export interface PublishedPorts {
  readonly ports: readonly PortRange[];
  /** What could not be read, each as `compose.yml: web publishes ${PORT}`. */
  readonly unread: readonly string[];
}

/** An expression without another one in it. */
const INNERMOST = /\$\{([^{}]*)\}/;

/**
 * `${NAME:-default}` as its default, one within the default of another included: which values there are is only known in the
 * VM. Undefined when one has none.
 */
function withDefaults(text: string): string | undefined {
  let filled = text;
  for (let found = INNERMOST.exec(filled); found !== null; found = INNERMOST.exec(filled)) {
    const [all, expression = ''] = found;
    const before = /^[A-Za-z_][A-Za-z0-9_]*:?-/.exec(expression)?.[0];
    if (before === undefined) return undefined;
    filled = filled.slice(0, found.index) + expression.slice(before.length) + filled.slice(found.index + all.length);
  }
  return filled.includes('$') ? undefined : filled;
}

const isLocal = (address: string): boolean => /^(127\.|::1$|localhost$)/.test(address.replaceAll(/^\[|\]$/g, ''));

/**
 * `[address:][published:]target[/protocol]`. Null for what nobody outside can reach: a port of the loopback interface,
 * or one that Docker chooses.
 */
function shortForm(text: string): PortRange | null | undefined {
  const [, body = '', protocol = 'tcp'] = /^(.*?)(?:\/(tcp|udp))?$/.exec(text.trim()) ?? [];
  const parts = /^(?:(\[[^\]]*\]|(?![\d-]+:)[^:]*|\d+\.\d+\.\d+\.\d+):)?(?:([\d-]*):)?([\d-]+)$/.exec(body);
  if (parts === null) return undefined;
  const [, address = '', published = ''] = parts;
  if (published === '' || isLocal(address)) return null;
  return parsePort(`${published}/${protocol}`);
}

function longForm(entry: Readonly<Record<string, unknown>>): PortRange | null | undefined {
  const word = (name: string): string | undefined => {
    const value = entry[name];
    return typeof value === 'string' || typeof value === 'number' ? withDefaults(String(value)) : '';
  };
  const [published, address, protocol] = [word('published'), word('host_ip'), word('protocol')];
  if (published === undefined || address === undefined || protocol === undefined) return undefined;
  if (published === '' || isLocal(address)) return null;
  return parsePort(`${published}/${protocol || 'tcp'}`);
}

function readPort(entry: unknown): PortRange | null | undefined {
  if (typeof entry === 'object' && entry !== null) return longForm(entry as Record<string, unknown>);
  if (typeof entry === 'number') return null;
  const text = typeof entry === 'string' ? withDefaults(entry) : undefined;
  return text === undefined ? undefined : shortForm(text);
}

interface Service {
  profiles: readonly unknown[];
  ports: readonly { readonly file: string; readonly entry: unknown }[];
}

/** Compose's own tags that replace what files before said instead of adding to it. */
const replaces = (node: Node): boolean => node.tag === '!override' || node.tag === '!reset';

const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

/** How deep files name each other; Compose refuses those that go in circles. */
const DEPTH = 16;

/** What is read from elsewhere, and what only a variable names, is not followed. */
const isHere = (path: unknown): path is string => typeof path === 'string' && !/[$:]/.test(path);

interface Opened {
  readonly file: string;
  readonly document: Document;
  readonly plain: Readonly<Record<string, unknown>>;
}

class Reader {
  readonly #read: ReadText;

  constructor(read: ReadText) {
    this.#read = read;
  }

  async #open(file: string): Promise<Opened | undefined> {
    const text = await this.#read(file);
    if (text === undefined) return undefined;
    const document = parseDocument(text, { merge: true, logLevel: 'silent' });
    const plain: unknown = document.toJS();
    return isTree(plain) ? { file, document, plain } : undefined;
  }

  /** Adds what a file says, what it includes first. */
  async add(file: string, services: Map<string, Service>, depth = 0): Promise<void> {
    const opened = depth > DEPTH ? undefined : await this.#open(file);
    if (opened === undefined) return;
    for (const each of list(opened.plain['include']))
      // Of several paths the later ones override the first, as those of app.compose.
      for (const path of list(isTree(each) ? each['path'] : each))
        if (isHere(path)) await this.add(posix.join(posix.dirname(file), path), services, depth + 1);
    const all = opened.document.get('services', true);
    for (const pair of isMap(all) ? all.items : []) {
      const name = isScalar(pair.key) ? String(pair.key.value) : '';
      services.set(name, await this.#service(opened, name, services.get(name) ?? { profiles: [], ports: [] }, depth));
    }
  }

  async #service(opened: Opened, name: string, before: Service, depth: number): Promise<Service> {
    const services = opened.plain['services'];
    const own = isTree(services) ? services[name] : undefined;
    if (!isTree(own) || depth > DEPTH) return before;
    const { profiles, ports, extends: base } = own;
    const from = await this.#extended(opened, base, before, depth);
    const found: Service = { ...from, profiles: Array.isArray(profiles) ? profiles : from.profiles };
    const node = opened.document.getIn(['services', name, 'ports'], true) as Node | undefined;
    if (node !== undefined && replaces(node)) found.ports = [];
    if (node !== undefined && !isSeq(node) && !(isScalar(node) && node.value === null)) return found;
    const entries = Array.isArray(ports) && node?.tag !== '!reset' ? (ports as unknown[]) : [];
    return { ...found, ports: [...found.ports, ...entries.map((entry) => ({ file: opened.file, entry }))] };
  }

  /** What a service is before its own words: as other files have it, and as what it extends. */
  async #extended(opened: Opened, base: unknown, before: Service, depth: number): Promise<Service> {
    const service = isTree(base) ? base['service'] : base;
    const file = isTree(base) ? base['file'] : undefined;
    if (typeof service !== 'string') return before;
    const from = isHere(file) ? await this.#open(posix.join(posix.dirname(opened.file), file)) : opened;
    return from === undefined ? before : this.#service(from, service, before, depth + 1);
  }
}

function shown(entry: unknown): string {
  return typeof entry === 'string' ? entry : JSON.stringify(entry);
}

/**
 * The ports that Compose files publish on the VM's own address, so that they can be let through to it, `include` and `extends`
 * followed.
 * @param files as in `app.compose`
 * @param profiles the active ones; services of others do not run
 */
export async function publishedPorts(
  files: readonly string[],
  profiles: readonly string[],
  read: ReadText,
): Promise<PublishedPorts> {
  const services = new Map<string, Service>();
  const reader = new Reader(read);
  for (const file of files) await reader.add(posix.normalize(file), services);
  const ports = new Map<string, PortRange>();
  const unread: string[] = [];
  for (const [name, service] of services) {
    const runs = service.profiles.length === 0 || service.profiles.some((each) => profiles.includes(String(each)));
    if (!runs) continue;
    for (const { file, entry } of service.ports) {
      const port = readPort(entry);
      if (port === undefined) unread.push(`${file}: ${name} publishes ${shown(entry)}`);
      else if (port !== null) ports.set(`${port.protocol}/${port.first}-${port.last}`, port);
    }
  }
  const inOrder = [...ports.values()].sort((a, b) => a.protocol.localeCompare(b.protocol) || a.first - b.first);
  return { ports: inOrder, unread };
}
