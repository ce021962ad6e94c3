import type { Readable } from 'node:stream';
import { handledLater } from '@zebu/kit';
import type { Concern, ExecOptions, ExecResult, HostShell, Io, JumpHost, Transport } from '@zebu/kit';
import type { RestClient } from '@zebu/kit/rest';
import type { SshSession } from '@zebu/kit/ssh';
import type { PveshClient } from './pvesh-client.js';
import { makeTicket } from './ticket.js';

export interface SshTransportOptions {
  readonly session: SshSession;
  readonly jumpHost: JumpHost;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
}

const OWN_API =
  'Let sshd forward to 127.0.0.1:8006 (AllowTcpForwarding, PermitOpen), and see that pveproxy runs there.';

/** Found with the first request: the node's own API server, or, with what stood in the way, pvesh. */
type Way =
  | { readonly client: PveshClient; readonly detour: string }
  | { readonly client: RestClient; readonly detour?: undefined };

export class SshTransport implements Transport {
  readonly id = 'ssh';
  readonly where: string;
  readonly hostShell: HostShell;
  readonly jumpHost: JumpHost;
  readonly #options: SshTransportOptions;
  #way: Promise<Way> | undefined;
  #found: Way | undefined;

  constructor(options: SshTransportOptions) {
    const { session, jumpHost } = options;
    this.#options = options;
    this.jumpHost = jumpHost;
    this.where = session.where;
    this.hostShell = {
      exec: (argv: readonly string[], exec?: ExecOptions): Promise<ExecResult> => session.exec(argv, exec),
      upload: (path: string, content: Buffer | Readable | string, mode: number) => session.upload(path, content, mode),
    };
  }

  /** Looks for the way to Proxmox's API, before anything is asked; what stands in it is said to the first that asks. */
  begin(): void {
    void handledLater(this.#find());
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
    return this.#found?.detour !== undefined && this.#found.client.endedWell(upid);
  }

  async concerns(): Promise<readonly Concern[]> {
    const { detour } = await this.#find();
    return detour === undefined ? [] : [{ what: detour, remedy: OWN_API }];
  }

  async close(): Promise<void> {
    if (this.#found?.detour === undefined) this.#found?.client.close();
    await this.#options.session.close();
  }

  #find(): Promise<Way> {
    this.#way ??= this.#look().then((way) => {
      this.#found = way;
      return way;
    });
    return this.#way;
  }

  async #look(): Promise<Way> {
    const { io, readTimeoutMs } = this.#options;
    const options = { ...this.#options, timeoutMs: readTimeoutMs };
    // What asks is loaded while the host makes it.
    const ticket = handledLater(makeTicket(options));
    const { openChannel } = await import('./channel.js');
    const found = await openChannel(options, ticket);
    if (typeof found !== 'string') {
      io.debug(() => `Proxmox is asked through a channel to port 8006 of ${this.where}`);
      return { client: found };
    }
    const detour = `${this.where} is asked through pvesh, which is slower: ${found}`;
    io.debug(() => detour);
    const { PveshClient } = await import('./pvesh-client.js');
    return { client: new PveshClient(this.#options), detour };
  }
}
