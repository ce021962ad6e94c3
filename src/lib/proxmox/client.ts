import type { Proxmox } from 'proxmox-api';
import type { Io, Transport } from '@zebu/kit';

/** One request as it was made, for `--debug` and benchmarks. */
interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly ms: number;
  readonly failed: boolean;
}

export interface ProxmoxClient {
  /** The typed tree: `api.nodes.$('pve').qemu.$(100).config.$get()`. */
  readonly api: Proxmox.Api;
  /** The same wire for the few paths the types do not have; parameters of the path already encoded. */
  request(method: 'DELETE' | 'GET' | 'POST' | 'PUT', path: string, params?: Record<string, unknown>): Promise<unknown>;
  /** Whether the wire knows already that the task ended well; false when Proxmox has to be asked. */
  endedWell(upid: string): boolean;
  readonly calls: readonly ApiCall[];
  readonly where: string;
}

/** Segments come from ids that were checked, but a `?` or `#` in one would change what is asked for. */
function encodePath(path: string): string {
  return path
    .split('/')
    .map((segment) => encodeURIComponent(decodeOnce(segment)))
    .join('/');
}

/** proxmox-api has encoded the slashes of a segment already; everything else is still plain. */
function decodeOnce(segment: string): string {
  return segment.replaceAll('%2F', '/');
}

type Request = (method: string, path: string, template: string, params?: Record<string, unknown>) => Promise<unknown>;

/** Loads what a client needs, which takes as long as some requests: for while the connection is made. */
export async function prepareClient(): Promise<void> {
  await import('proxmox-api');
}

/** The typed client over any transport. Every call is counted and timed. */
export async function makeClient(transport: Transport, io: Io): Promise<ProxmoxClient> {
  const calls: ApiCall[] = [];
  const request: Request = async (method, path, template, params = {}) => {
    const verb = method.toUpperCase();
    const encoded = encodePath(path.startsWith('/api2/json') ? path : `/api2/json${path}`);
    const started = performance.now();
    let failed = true;
    try {
      const data = await transport.doRequest(verb, encoded, template, params);
      failed = false;
      return data;
    } finally {
      const ms = performance.now() - started;
      calls.push({ method: verb, path: encoded, ms, failed });
      io.debug(() => `${verb} ${encoded} ${failed ? 'failed' : 'ok'} ${ms.toFixed(0)} ms`);
    }
  };
  return clientOn(request, {
    calls,
    where: transport.where,
    endedWell: (upid) => transport.endedWell?.(upid) ?? false,
  });
}

async function clientOn(
  request: Request,
  { calls, where, endedWell }: Pick<ProxmoxClient, 'calls' | 'endedWell' | 'where'>,
): Promise<ProxmoxClient> {
  const { proxmoxApi } = await import('proxmox-api');
  const api = proxmoxApi({
    doRequest: (method, path, template, params) => request(method, path, template, params),
  });
  return { api, calls, where, endedWell, request: (method, path, params) => request(method, path, path, params) };
}

/**
 * The same client for looking at one state of things: what was asked once is not asked again. For a plan, whose parts ask
 * for the same lists; over some transports each question starts a program on the host.
 */
export function readingOnce(client: ProxmoxClient): Promise<ProxmoxClient> {
  const asked = new Map<string, Promise<unknown>>();
  const request: Request = (method, path, _template, params) => {
    if (method.toUpperCase() !== 'GET') throw new Error('a plan changes nothing');
    const key = JSON.stringify([path, params]);
    const answer = asked.get(key) ?? client.request('GET', path, params);
    asked.set(key, answer);
    return answer;
  };
  return clientOn(request, client);
}
