import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TYPES = ['data', 'index', 'keys', 'locks', 'snapshots'];

async function bodyOf(asked: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of asked) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A server for restic's REST backend, version 1, for what outlives a VM. It can be full, and it can be away. */
export class ResticServer {
  readonly #server: Server;
  readonly folder: string;
  full = false;
  away = false;

  private constructor(folder: string) {
    this.folder = folder;
    this.#server = createServer((asked, answer) => void this.#answer(asked, answer));
  }

  /** @param host address it listens at @param folder of another one, for who reaches it from elsewhere */
  static async make(host: string, folder?: string): Promise<ResticServer> {
    const server = new ResticServer(folder ?? mkdtempSync(join(tmpdir(), 'zebu-restic-')));
    await new Promise<void>((done) => server.#server.listen(0, host, done));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async #answer(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const url = new URL(asked.url ?? '/', 'http://x');
    const parts = url.pathname.split('/').filter((each) => each !== '');
    const [first = '', name = ''] =
      parts.slice(-2).length === 2 && TYPES.includes(parts.at(-2) ?? '') ? parts.slice(-2) : [parts.at(-1) ?? ''];
    const end = (status: number, body: Buffer | string = ''): void => void answer.writeHead(status).end(body);
    const body = await bodyOf(asked);
    if (this.away) return void asked.socket.destroy();
    if (asked.method === 'POST' && this.full && first !== 'locks') return end(507, 'Insufficient Storage');
    if (url.searchParams.get('create') === 'true') {
      for (const each of TYPES) mkdirSync(join(this.folder, each), { recursive: true });
      return end(200);
    }
    if (TYPES.includes(first) && name === '') {
      const folder = join(this.folder, first);
      if (!existsSync(folder)) return end(404);
      answer.writeHead(200, { 'content-type': 'application/vnd.x.restic.rest.v1' });
      answer.end(JSON.stringify(readdirSync(folder)));
      return;
    }
    const file = first === 'config' ? join(this.folder, 'config') : join(this.folder, first, name);
    if (asked.method === 'POST') {
      if (existsSync(file)) return end(403);
      writeFileSync(file, body);
      return end(200);
    }
    if (!existsSync(file)) return end(404);
    if (asked.method === 'DELETE') {
      rmSync(file);
      return end(200);
    }
    const { size } = statSync(file);
    if (asked.method === 'HEAD') return void answer.writeHead(200, { 'content-length': size }).end();
    const range = /^bytes=(\d+)-(\d*)$/.exec(asked.headers.range ?? '');
    if (range === null) return end(200, readFileSync(file));
    const start = Number(range[1]);
    const stop = range[2] === '' ? size - 1 : Math.min(Number(range[2]), size - 1);
    answer.writeHead(206, { 'content-length': stop - start + 1, 'content-range': `bytes ${start}-${stop}/${size}` });
    createReadStream(file, { start, end: stop }).pipe(answer);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
