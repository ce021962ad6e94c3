import type { Io, JumpHost, Transport } from '@zebu/kit';
import { openTls, RestClient } from '@zebu/kit/rest';
import type { ApiSettings } from './settings.js';
import { untrusted, type Trust } from './tls.js';
import type { ApiToken } from './token.js';

export interface ApiOptions extends ApiSettings {
  readonly token: ApiToken;
  readonly trust: Trust;
  readonly io: Io;
  readonly signal: AbortSignal;
}

/** The REST API over HTTPS, with a token. */
export class ApiTransport implements Transport {
  readonly id = 'api';
  readonly where: string;
  /** Anybody who has a login there: it is not what the API is asked through. */
  readonly jumpHost?: JumpHost;
  readonly #client: RestClient;

  constructor({ host, port, token, trust, io, signal, timeoutMs, jumpHost }: ApiOptions) {
    const where = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
    const ca = 'ca' in trust ? trust.ca : undefined;
    this.where = where;
    if (jumpHost !== undefined) this.jumpHost = jumpHost;
    this.#client = new RestClient({
      io,
      signal,
      timeoutMs,
      wire: {
        where,
        unreachableHint: 'Check proxmox.host and proxmox.port, and that this machine can reach that network.',
        open: (aborted) =>
          openTls({ host, port }, { ca, signal: aborted, untrusted: (socket) => untrusted(socket, trust, where) }),
        credential: async () => ({ authorization: `PVEAPIToken=${token.id}=${token.secret.reveal()}` }),
      },
    });
  }

  doRequest(method: string, path: string, _template: string, params?: Record<string, unknown>): Promise<unknown> {
    return this.#client.doRequest(method, path, params);
  }

  async close(): Promise<void> {
    this.#client.close();
  }
}
