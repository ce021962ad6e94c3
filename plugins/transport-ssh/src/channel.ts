import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { isZebuError, ZebuError, type Io } from '@zebu/kit';
import { openTls, RestClient, type RestWire } from '@zebu/kit/rest';
import type { SshSession } from '@zebu/kit/ssh';
import { isStale, makeTicket, type Ticket } from './ticket.js';

export interface ChannelOptions {
  readonly session: SshSession;
  readonly io: Io;
  readonly signal: AbortSignal;
  /** For one request. */
  readonly timeoutMs: number;
}

const LOOPBACK = '127.0.0.1';
const PORT = 8006;

/**
 * The node's own API server, through a channel of the SSH connection to its loopback, as root with a ticket made for this
 * run. Both transports so speak the same protocol; only the socket and the credential come about differently.
 * @returns the client, or why there is no such way on this host, in a few words
 */
export async function openChannel(options: ChannelOptions): Promise<RestClient | string> {
  const { session, io, signal, timeoutMs } = options;
  const knocking = knock(session, LOOPBACK);
  const made = await makeTicket(options).catch(async (error: unknown) => {
    await knocking.then(close);
    throw error;
  });
  if (typeof made === 'string') {
    await knocking.then(close);
    return made;
  }
  const wire = new ChannelWire(options, made);
  const problem = await wire.begin(await knocking);
  return problem ?? new RestClient({ wire, io, signal, timeoutMs });
}

/** A raw channel, or why there is none. */
const knock = (session: SshSession, host: string): Promise<Duplex | string> =>
  session.forwardOut(host, PORT).catch((error: unknown) => (error instanceof Error ? error.message : 'no channel'));

function close(channel: Duplex | string): void {
  if (typeof channel === 'string') return;
  channel.on('error', () => {});
  channel.destroy();
}

class ChannelWire implements RestWire {
  readonly where: string;
  readonly unreachableHint = 'Does pveproxy run on it? On the host: systemctl status pveproxy';
  readonly #options: ChannelOptions;
  #ticket: Promise<Ticket>;
  #current: Ticket;
  #host = LOOPBACK;
  /** Opened to see whether it can be, and used for the first request. */
  #first: TLSSocket | undefined;

  constructor(options: ChannelOptions, ticket: Ticket) {
    this.where = options.session.where;
    this.#options = options;
    this.#current = ticket;
    this.#ticket = Promise.resolve(ticket);
  }

  /** @returns why this way cannot be gone; undefined when it can */
  async begin(loopback: Duplex | string): Promise<string | undefined> {
    const { session } = this.#options;
    let channel = loopback;
    if (typeof channel === 'string' && this.#current.listens !== undefined) {
      this.#host = this.#current.listens;
      channel = await knock(session, this.#host);
    }
    if (typeof channel === 'string') return channel;
    let trouble = await this.#greet(channel);
    if (trouble !== undefined && !isZebuError(trouble)) {
      // Opened while the ticket was made: pveproxy hangs up on whoever says nothing for five seconds, and a busy node takes longer.
      channel = await knock(session, this.#host);
      if (typeof channel === 'string') return channel;
      trouble = await this.#greet(channel);
    }
    if (trouble === undefined || isZebuError(trouble)) return trouble?.message;
    return (trouble as NodeJS.ErrnoException).code === 'ECONNRESET'
      ? `its port ${PORT} hangs up at once (does ALLOW_FROM or DENY_FROM in /etc/default/pveproxy keep ${this.#host} out?)`
      : `no TLS with its port ${PORT} (${trouble.message})`;
  }

  /** @returns what is wrong with the other end of a new channel; undefined when it is kept for the first request */
  async #greet(channel: Duplex): Promise<Error | undefined> {
    try {
      this.#first = await this.#secure(channel);
      return undefined;
    } catch (error) {
      this.#options.signal.throwIfAborted();
      return error as Error;
    }
  }

  async open(): Promise<Duplex> {
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined && !first.destroyed) return first;
    const channel = await knock(this.#options.session, this.#host);
    if (typeof channel !== 'string') return this.#secure(channel);
    // No ZebuError: whether to knock again is decided by who asks.
    throw new Error(channel);
  }

  async credential(method: string): Promise<Readonly<Record<string, string>>> {
    if (isStale(this.#current, Date.now())) this.renew();
    const { ticket, csrf } = await this.#ticket;
    return {
      cookie: `PVEAuthCookie=${encodeURIComponent(ticket.reveal())}`,
      ...(method === 'GET' ? {} : { csrfpreventiontoken: csrf.reveal() }),
    };
  }

  renew(): void {
    this.#ticket = makeTicket(this.#options).then((made) => {
      if (typeof made !== 'string') return (this.#current = made);
      throw new ZebuError('AUTH_FAILED', `${this.where} makes no new ticket: ${made}`);
    });
    // Heard by whoever asks for the credential next.
    this.#ticket.catch(() => {});
  }

  #secure(channel: Duplex): Promise<TLSSocket> {
    const untrusted = (socket: TLSSocket): ZebuError | undefined => {
      const presented = (socket.getPeerCertificate() as { fingerprint256?: string } | null)?.fingerprint256;
      if (presented !== undefined && this.#current.fingerprints.has(presented)) return undefined;
      return new ZebuError(
        'TLS_UNTRUSTED',
        `what listens on its port ${PORT} does not have the node's own certificate`,
        {
          hint: 'Was the certificate replaced by hand? On the host: systemctl restart pveproxy',
          details: { presented },
        },
      );
    };
    return openTls({ stream: channel }, { untrusted, signal: this.#options.signal });
  }
}
