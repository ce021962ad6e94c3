import { isMap, isScalar, isSeq, parseDocument, type Node } from 'yaml';
import { parsePort, type PortRange } from '../config/port.js';

export interface ComposeFile {
  /** As in `app.compose`, for messages. */
  readonly name: string;
  readonly text: string;
}

export interface PublishedPorts {
  readonly ports: readonly PortRange[];
  /** What could not be read, each as `compose.yml: web publishes ${PORT}`. */
  readonly unread: readonly string[];
}

/** `${NAME:-default}` as its default: values of variables are only known in the VM. Undefined when one has none. */
function withDefaults(text: string): string | undefined {
  let known = true;
  const filled = text.replaceAll(/\$\{([^{}]*)\}/g, (_, expression: string) => {
    const before = /^[A-Za-z_][A-Za-z0-9_]*:?-/.exec(expression)?.[0];
    known &&= before !== undefined;
    return before === undefined ? '' : expression.slice(before.length);
  });
  return known && !filled.includes('$') ? filled : undefined;
}

const isLocal = (address: string): boolean => /^(127\.|::1$|localhost$)/.test(address.replaceAll(/^\[|\]$/g, ''));

/**
 * `[address:][published:]target[/protocol]`. Null for what nobody outside can reach: a port of the loopback interface,
 * or one that Docker chooses.
 */
function shortForm(text: string): PortRange | null | undefined {
  const [, body = '', protocol = 'tcp'] = /^(.*?)(?:\/(tcp|udp))?$/.exec(text.trim()) ?? [];
  const parts = /^(?:(\[[^\]]*\]|(?![\d-]+:)[^:]+|\d+\.\d+\.\d+\.\d+):)?(?:([\d-]*):)?([\d-]+)$/.exec(body);
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
  ports: { readonly file: string; readonly entry: unknown }[];
}

/** Compose's own tags that replace what files before said instead of adding to it. */
const replaces = (node: Node): boolean => node.tag === '!override' || node.tag === '!reset';

function readFile(file: ComposeFile, services: Map<string, Service>): void {
  const document = parseDocument(file.text, { merge: true, logLevel: 'silent' });
  const all = document.get('services', true);
  if (!isMap(all)) return;
  const plain = (document.toJS() as { services?: Record<string, Record<string, unknown> | null> }).services ?? {};
  for (const pair of all.items) {
    const name = isScalar(pair.key) ? String(pair.key.value) : '';
    const service = services.get(name) ?? { profiles: [], ports: [] };
    services.set(name, service);
    const own = plain[name] ?? {};
    if (Array.isArray(own['profiles'])) service.profiles = own['profiles'];
    const node = document.getIn(['services', name, 'ports'], true) as Node | undefined;
    if (node !== undefined && replaces(node)) service.ports = [];
    if (node !== undefined && !isSeq(node) && !(isScalar(node) && node.value === null)) continue;
    const entries = Array.isArray(own['ports']) && node?.tag !== '!reset' ? (own['ports'] as unknown[]) : [];
    service.ports.push(...entries.map((entry) => ({ file: file.name, entry })));
  }
}

function shown(entry: unknown): string {
  return typeof entry === 'string' ? entry : JSON.stringify(entry);
}

/**
 * The ports that Compose files publish on the VM's own address, so that they can be let through to it. `include` and
 * `extends` are not followed.
 * @param profiles the active ones; services of others do not run
 */
export function publishedPorts(files: readonly ComposeFile[], profiles: readonly string[]): PublishedPorts {
  const services = new Map<string, Service>();
  for (const file of files) readFile(file, services);
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
