import type { Caller } from './access.js';
import { PveFault } from './fault.js';
import type { LabNode } from './node.js';
import type { RawParams } from './params.js';

export interface Call {
  readonly node: LabNode;
  readonly caller: Caller;
  /** Values of the path's `{name}` parts, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly raw: RawParams;
  /** Of an upload: the file that came with it. */
  readonly upload?: { readonly file: string; readonly filename: string } | undefined;
  /** From the host's own shell: the method runs in the program that asked, as with `pvesh`, not in a daemon of the node. */
  readonly local: boolean;
  /** A line on the standard output of whoever runs the method: seen with `pvesh`, in nobody's answer over REST. */
  readonly print: (line: string) => void;
  /** Likewise on standard error. */
  readonly warn: (line: string) => void;
}

export type Handler = (call: Call) => Promise<unknown>;

export interface Route {
  readonly method: string;
  readonly template: string;
  readonly handler: Handler;
}

export function route(method: string, template: string, handler: Handler): Route {
  return { method, template, handler };
}

/** `{volume}` takes the rest of the path: volume ids hold slashes. */
export function matchTemplate(template: string, segments: readonly string[]): Record<string, string> | undefined {
  const parts = template.split('/').slice(1);
  const values: Record<string, string> = {};
  for (const [i, part] of parts.entries()) {
    const segment = segments[i];
    if (segment === undefined || segment === '') return undefined;
    if (part === '{volume}') {
      values['volume'] = segments.slice(i).join('/');
      return values;
    }
    if (part.startsWith('{')) values[part.slice(1, -1)] = segment;
    else if (part !== segment) return undefined;
  }
  return parts.length === segments.length ? values : undefined;
}

export interface Matched {
  readonly handler: Handler;
  readonly template: string;
  readonly path: Readonly<Record<string, string>>;
  readonly node: LabNode;
}

/**
 * @param path decoded, without `/api2/json`
 * @throws PveFault 501 for a path or method that does not exist; 500 for another node's name
 */
export function findRoute(routes: readonly Route[], method: string, path: string, local: LabNode): Matched {
  const segments = path.replace(/\/+$/, '').split('/').slice(1);
  for (const candidate of routes) {
    if (candidate.method !== method) continue;
    const values = matchTemplate(candidate.template, segments);
    if (values === undefined) continue;
    const name = values['node'] ?? 'localhost';
    // A request for another node of the cluster is passed on to it.
    const node = name === 'localhost' ? local : local.cluster.get(name);
    if (node === undefined) {
      throw new PveFault(
        500,
        `hostname lookup '${name}' failed - failed to get address info for: ${name}: Name or service not known`,
      );
    }
    return { ...candidate, path: values, node };
  }
  throw new PveFault(501, `Method '${method} ${path}' not implemented`);
}
