import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A way to Debian's packages for guests that have none out: an HTTP proxy, for nothing but what ends in a mirror's names. */
export class PackageMirror {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param host address it listens at */
  static async make(host: string): Promise<PackageMirror> {
    const server = createServer((asked, answer) => {
      const url = asked.url ?? '';
      if (!/^http:\/\/[a-z0-9.-]*\.debian\.org\/debian/.test(url)) {
        answer.writeHead(403).end();
        return;
      }
      const { host: _, 'proxy-connection': __, ...headers } = asked.headers;
      const upstream = request(url, { method: asked.method ?? 'GET', headers }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      });
      upstream.on('error', () => answer.writeHead(502).end());
      upstream.end();
    });
    await new Promise<void>((done) => server.listen(0, host, done));
    return new PackageMirror(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
