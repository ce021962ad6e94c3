import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import sodium from 'libsodium-wrappers';

interface Stored {
  readonly value: string;
  readonly updatedAt: string;
}

/** An answer that is given once instead of the usual one. */
export interface Fault {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: string;
}

/**
 * GitHub's API of Actions secrets, of one repository and its environments, as far as documented: public keys, sealed
 * values opened with libsodium, 201 and 204, pages, and refusals.
 */
export class GitHubServer {
  static readonly TOKEN = 'ghp_token_of_the_test_0123456789';
  readonly repository = 'acme/shop';
  /** `repository` or the environment's name → its secrets. */
  readonly places = new Map<string, Map<string, Stored>>([
    ['repository', new Map()],
    ['production', new Map()],
  ]);
  readonly requests: string[] = [];
  readonly faults: Fault[] = [];
  #server: Server | undefined;
  #keys = new Map<string, { publicKey: Uint8Array; privateKey: Uint8Array }>();
  /** A clock that never gives the same time twice. */
  #seconds = 0;

  async start(): Promise<string> {
    await sodium.ready;
    for (const place of this.places.keys()) this.#keys.set(place, sodium.crypto_box_keypair());
    const server = createServer((request, response) => void this.#answer(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  values(place = 'repository'): Record<string, string> {
    return Object.fromEntries([...(this.places.get(place) ?? [])].map(([name, { value }]) => [name, value]));
  }

  store(place: string, name: string, value: string): void {
    const updatedAt = new Date(Date.UTC(2026, 0, 1, 0, 0, this.#seconds++)).toISOString();
    this.places.get(place)?.set(name, { value, updatedAt });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) body += chunk;
    const url = new URL(request.url ?? '/', 'http://localhost');
    this.requests.push(`${request.method} ${url.pathname}`);
    const send = (status: number, data?: unknown, headers: Readonly<Record<string, string>> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(data === undefined ? undefined : JSON.stringify(data));
    };
    const fault = this.faults.shift();
    if (fault !== undefined) return send(fault.status, { message: fault.message ?? 'no' }, fault.headers);
    if (request.headers.authorization !== `Bearer ${GitHubServer.TOKEN}`)
      return send(401, { message: 'Bad credentials' });
    const [, environment, rest] =
      /^\/repos\/acme\/shop\/(?:actions|environments\/([^/]+))\/secrets(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
    const place = environment === undefined ? 'repository' : decodeURIComponent(environment);
    const secrets = url.pathname.startsWith('/repos/acme/shop/') ? this.places.get(place) : undefined;
    const keys = this.#keys.get(place);
    if (secrets === undefined || keys === undefined) return send(404, { message: 'Not Found' });
    if (rest === 'public-key') {
      const key = sodium.to_base64(keys.publicKey, sodium.base64_variants.ORIGINAL);
      return send(200, { key_id: `key-of-${place}`, key });
    }
    if (rest === undefined) {
      const [size, page] = [Number(url.searchParams.get('per_page')), Number(url.searchParams.get('page'))];
      const all = [...secrets].map(([name, { updatedAt }]) => ({ name, created_at: updatedAt, updated_at: updatedAt }));
      return send(200, { total_count: all.length, secrets: all.slice((page - 1) * size, page * size) });
    }
    if (request.method === 'DELETE') return send(secrets.delete(rest) ? 204 : 404, undefined);
    const { encrypted_value: sealed, key_id: keyId } = JSON.parse(body) as { encrypted_value: string; key_id: string };
    if (keyId !== `key-of-${place}`) return send(422, { message: 'The key id is not of this place' });
    const bytes = sodium.from_base64(sealed, sodium.base64_variants.ORIGINAL);
    const known = secrets.has(rest);
    this.store(place, rest, sodium.to_string(sodium.crypto_box_seal_open(bytes, keys.publicKey, keys.privateKey)));
    return send(known ? 204 : 201, known ? undefined : {});
  }
}
