import type { Readable } from 'node:stream';
import type { ExecOptions, ExecResult, HostShell, Io, Transport } from '@zebu/kit';
import { RestClient } from '@zebu/kit/rest';
import type { SshSession } from '@zebu/kit/ssh';
import { openChannel } from './channel.js';
import { PveshClient } from './pvesh-client.js';

export interface SshTransportOptions {
  readonly session: SshSession;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
}

/** Found with the first request: the node's own API server, or, with what stood in the way, pvesh. */
interface Way {
  readonly client: PveshClient | RestClient;
  readonly detour?: string;
}

export class SshTransport implements Transport {
  readonly id = 'ssh';
  readonly where: string;
  readonly hostShell: HostShell;
  readonly #options: SshTransportOptions;
  #way: Promise<Way> | undefined;
  #client: PveshClient | RestClient | undefined;

  constructor(options: SshTransportOptions) {
    const { session } = options;
    this.#options = options;
    this.where = session.where;
    this.hostShell = {
      exec: (argv: readonly string[], exec?: ExecOptions): Promise<ExecResult> => session.exec(argv, exec),
      upload: (path: string, content: Buffer | Readable | string, mode: number) => session.upload(path, content, mode),
    };
  }

  async doRequest(
    method: string,
    path: string,
    _template: string,
    params: Record<string, unknown> = {},
  ): Promise<unknown> {
    return (await this.#find()).client.doRequest(method, path, params);
  }

  endedWell(upid: string): boolean {
    return this.#client instanceof PveshClient && this.#client.endedWell(upid);
  }

  async detour(): Promise<string | undefined> {
    return (await this.#find()).detour;
  }

  async close(): Promise<void> {
    if (this.#client instanceof RestClient) this.#client.close();
    await this.#options.session.close();
  }

  #find(): Promise<Way> {
    this.#way ??= this.#look().then((way) => {
      this.#client = way.client;
      return way;
    });
    return this.#way;
  }

  async #look(): Promise<Way> {
    const { io, readTimeoutMs } = this.#options;
    const found = await openChannel({ ...this.#options, timeoutMs: readTimeoutMs });
    if (found instanceof RestClient) {
      io.debug(() => `Proxmox is asked through a channel to port 8006 of ${this.where}`);
      return { client: found };
    }
    const detour = `${this.where} is asked through pvesh, which is slower: ${found}`;
    io.debug(() => detour);
    return { client: new PveshClient(this.#options), detour };
  }
}
