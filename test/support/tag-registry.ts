import { createServer as createPlain, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createHash } from 'node:crypto';
import type { Issued } from './certificates.js';

export interface TagRegistryOptions {
  /** Repository → its tags. */
  readonly repositories: Readonly<Record<string, readonly string[]>>;
  /** Tags a page. */
  readonly page?: number;
  /** `bearer`: a server for tokens beside it, as GHCR and Docker Hub have. */
  readonly auth?: 'basic' | 'bearer' | 'none';
  readonly user?: string;
  /** Without one `bearer` gives tokens to everybody, as public registries do. */
  readonly password?: string;
  /** With TLS. */
  readonly pair?: Issued;
  /** Takes connections and says nothing. */
  readonly mute?: boolean;
}

const TOKEN = 'token-of-a-moment';

export const digestOf = (repository: string, tag: string): string =>
  `sha256:${createHash('sha256').update(`${repository}:${tag}`).digest('hex')}`;

/** A registry that lists tags as the OCI distribution API says, page by page, and has no images. */
export class TagRegistry {
  readonly #options: TagRegistryOptions;
  readonly #server: Server;
  /** Tags that got another image since. */
  readonly moved = new Set<string>();
  /** `GET /v2/…` of every request. */
  readonly log: string[] = [];

  private constructor(options: TagRegistryOptions) {
    this.#options = options;
    const answer = (asked: IncomingMessage, said: ServerResponse): void => this.#answer(asked, said);
    this.#server =
      options.pair === undefined
        ? createPlain(answer)
        : createSecure({ cert: options.pair.certificate, key: options.pair.key }, answer);
  }

  static async start(options: TagRegistryOptions): Promise<TagRegistry> {
    const registry = new TagRegistry(options);
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get #origin(): string {
    return `${this.#options.pair === undefined ? 'http' : 'https'}://${this.host}`;
  }

  get #basic(): string {
    const { user = 'ci', password = '' } = this.#options;
    return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }

  /** Whether who asks is let in; answers otherwise. */
  #letIn({ headers }: IncomingMessage, said: ServerResponse): boolean {
    const { auth = 'none' } = this.#options;
    if (auth === 'none') return true;
    const wanted = auth === 'basic' ? this.#basic : `Bearer ${TOKEN}`;
    if (headers.authorization === wanted) return true;
    const challenge =
      auth === 'basic' ? 'Basic realm="test"' : `Bearer realm="${this.#origin}/token",service="the, test"`;
    said.writeHead(401, { 'www-authenticate': challenge }).end('{}');
    return false;
  }

  #answer(asked: IncomingMessage, said: ServerResponse): void {
    const url = new URL(asked.url ?? '/', this.#origin);
    this.log.push(`${asked.method ?? ''} ${url.pathname}${url.search}`);
    if (this.#options.mute === true) return;
    if (url.pathname === '/token') {
      const who = this.#options.password === undefined ? undefined : this.#basic;
      const right = asked.headers.authorization === who && url.searchParams.get('service') === 'the, test';
      said.writeHead(right ? 200 : 401).end(JSON.stringify(right ? { access_token: TOKEN } : {}));
      return;
    }
    if (!this.#letIn(asked, said)) return;
    const [, repository = '', kind, reference = ''] =
      /^\/v2\/(.+)\/(tags|manifests)\/([^/]+)$/.exec(url.pathname) ?? [];
    const tags = this.#options.repositories[repository];
    if (url.pathname === '/v2/') said.writeHead(200).end('{}');
    else if (tags === undefined) said.writeHead(404).end('{}');
    else if (kind === 'manifests') this.#manifest(repository, reference, said);
    else this.#page(repository, tags, url, said);
  }

  #manifest(repository: string, tag: string, said: ServerResponse): void {
    if (this.#options.repositories[repository]?.includes(tag) !== true) said.writeHead(404).end();
    else
      said
        .writeHead(200, { 'docker-content-digest': digestOf(repository, this.moved.has(tag) ? `${tag} anew` : tag) })
        .end();
  }

  #page(name: string, tags: readonly string[], url: URL, said: ServerResponse): void {
    const sorted = tags.toSorted();
    const { page = sorted.length } = this.#options;
    const from = sorted.indexOf(url.searchParams.get('last') ?? '') + 1;
    const shown = sorted.slice(from, from + page);
    const rest = from + page < sorted.length;
    said
      .writeHead(200, rest ? { link: `</v2/${name}/tags/list?last=${shown.at(-1) ?? ''}&n=${page}>; rel="next"` } : {})
      .end(JSON.stringify({ name, tags: shown }));
  }
}
