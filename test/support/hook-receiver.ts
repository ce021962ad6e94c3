import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookMessage } from '../../src/lib/upkeep/results.js';

export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly message: WebhookMessage;
  /** Milliseconds of this machine's clock. */
  readonly at: number;
}

/** A web server that takes what zebu sends, as somebody's own would. */
export class HookReceiver {
  readonly received: Received[] = [];
  /** What it answers. */
  status = 204;
  /** Requests that were refused. */
  refused = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param host address it listens at */
  static async make(host: string): Promise<HookReceiver> {
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      request.on('end', () => {
        if (receiver.status >= 300) receiver.refused++;
        else {
          const message = JSON.parse(text) as WebhookMessage;
          receiver.received.push({ path: request.url ?? '', headers: request.headers, text, message, at: Date.now() });
        }
        response.writeHead(receiver.status).end();
      });
    });
    const receiver = new HookReceiver(server);
    await new Promise<void>((done) => server.listen(0, host, done));
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Of one path, by event. */
  events(path: string): readonly string[] {
    return this.received.filter((each) => each.path === path).map(({ message }) => message.event);
  }

  async until(found: () => boolean, seconds: number, what: string): Promise<void> {
    const ends = Date.now() + seconds * 1000;
    while (!found()) {
      if (Date.now() > ends)
        throw new Error(
          `${what}: not within ${seconds} s; ${JSON.stringify(this.received.map(({ path, message }) => [path, message.event, message.text]))}, ${this.refused} refused`,
        );
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** As the documentation says that a receiver is to check it. */
export function isSigned({ headers, text }: Received, key: string): boolean {
  const [id, time, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    String(headers[name]),
  );
  if (Math.abs(Date.now() / 1000 - Number(time)) > 300) return false;
  const wanted = `v1,${createHmac('sha256', key)
    .update(`${id ?? ''}.${time ?? ''}.${text}`)
    .digest('base64')}`;
  return wanted.length === signature?.length && timingSafeEqual(Buffer.from(wanted), Buffer.from(signature));
}
