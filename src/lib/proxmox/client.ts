import type { Proxmox } from 'proxmox-api';
import type { Io, Transport } from '@zebu/kit';

/** One request as it was made, for `--debug` and benchmarks. */
export interface ApiCall {
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

/** The typed client over any transport. Every call is counted and timed. */
export async function makeClient(transport: Transport, io: Io): Promise<ProxmoxClient> {
  const { proxmoxApi } = await import('proxmox-api');
  const calls: ApiCall[] = [];
  const request = async (
    method: string,
    path: string,
    template: string,
    params: Record<string, unknown> = {},
  ): Promise<unknown> => {
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
  const api = proxmoxApi({
    doRequest: (method, path, template, params) => request(method, path, template, params),
  });
  return { api, calls, where: transport.where, request: (method, path, params) => request(method, path, path, params) };
}
