import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { handledLater, type Io, isZebuError, ZebuError } from '@zebu/kit';
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
 * @param ticket being made
 * @returns the client, or why there is no such way on this host, in a few words
 */
export async function openChannel(
  options: ChannelOptions,
  ticket: Promise<Ticket | string>,
): Promise<RestClient | string> {
  const { io, signal, timeoutMs } = options;
  const wire = new ChannelWire(options, ticket);
  const problem = await wire.begin();
  return problem ?? new RestClient({ wire, io, signal, timeoutMs });
}

/** In a few words. */
class NoTicket extends Error {}

class ChannelWire implements RestWire {
  readonly where: string;
  readonly unreachableHint = 'Does pveproxy run on it? On the host: systemctl status pveproxy';
  readonly refusedHint =
    'The node does not take what it made itself. On the host: is its clock right (timedatectl), is root@pam enabled (pveum user list)? Then: systemctl restart pvedaemon pveproxy';
  readonly #options: ChannelOptions;
  /** Its certificates judge who is at the other end. */
  #ticket: Promise<Ticket>;
  #current: Ticket | undefined;
  #host = LOOPBACK;
  /** Opened to see whether it can be, and used for the first request. */
  #first: TLSSocket | undefined;

  constructor(options: ChannelOptions, ticket: Promise<Ticket | string>) {
    this.where = options.session.where;
    this.#options = options;
    this.#ticket = this.#made(ticket);
  }

  /** @returns why this way cannot be gone; undefined when it can */
  async begin(): Promise<string | undefined> {
    // Awaited below, when it is known whether there is a ticket.
    const meeting = handledLater(this.#meet());
    let ticket: Ticket;
    try {
      ticket = await this.#ticket;
    } catch (error) {
      await meeting;
      if (error instanceof NoTicket) return error.message;
      throw error;
    }
    let trouble = await meeting;
    if (typeof trouble === 'string' && ticket.listens !== undefined) {
      this.#host = ticket.listens;
      trouble = await this.#meet();
    }
    // Pveproxy hangs up on whoever says nothing for five seconds, and a busy node takes longer to make the ticket.
    if (trouble instanceof Error && !isZebuError(trouble)) trouble = await this.#meet();
    if (trouble === undefined || typeof trouble === 'string') return trouble;
    if (isZebuError(trouble)) return trouble.message;
    return (trouble as NodeJS.ErrnoException).code === 'ECONNRESET'
      ? `its port ${PORT} hangs up at once (does ALLOW_FROM or DENY_FROM in /etc/default/pveproxy keep ${this.#host} out?)`
      : `no TLS with its port ${PORT} (${trouble.message})`;
  }

  async open(): Promise<Duplex> {
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined && !first.destroyed) return first;
    // A string is no ZebuError: whether to knock again is decided by who asks.
    const channel = await this.#knock();
    if (typeof channel === 'string') throw new Error(channel);
    return this.#secure(channel);
  }

  async credential(method: string): Promise<Readonly<Record<string, string>>> {
    if (this.#current !== undefined && isStale(this.#current, Date.now())) this.renew();
    const { ticket, csrf } = await this.#ticket;
    return {
      cookie: `PVEAuthCookie=${encodeURIComponent(ticket.reveal())}`,
      ...(method === 'GET' ? {} : { csrfpreventiontoken: csrf.reveal() }),
    };
  }

  renew(): void {
    const made = this.#made(makeTicket(this.#options, true)).catch((error: unknown) => {
      if (!(error instanceof NoTicket)) throw error;
      throw new ZebuError('AUTH_FAILED', `${this.where} makes no new ticket: ${error.message}`, {
        hint: this.refusedHint,
      });
    });
    // By whoever asks for the credential next.
    this.#ticket = handledLater(made);
  }

  async #made(ticket: Promise<Ticket | string>): Promise<Ticket> {
    const made = await ticket;
    if (typeof made === 'string') throw new NoTicket(made);
    return (this.#current = made);
  }

  /** A raw channel, or why there is none. */
  #knock(): Promise<Duplex | string> {
    return this.#options.session
      .forwardOut(this.#host, PORT)
      .catch((error: unknown) => (error instanceof Error ? error.message : 'no channel'));
  }

  /** @returns why there is no channel, or what is wrong with its other end; undefined when it is kept for the first request */
  async #meet(): Promise<Error | string | undefined> {
    const channel = await this.#knock();
    if (typeof channel === 'string') return channel;
    try {
      this.#first = await this.#secure(channel);
      return undefined;
    } catch (error) {
      this.#options.signal.throwIfAborted();
      return error as Error;
    }
  }

  #secure(channel: Duplex): Promise<TLSSocket> {
    const untrusted = async (socket: TLSSocket): Promise<ZebuError | undefined> => {
      const presented = (socket.getPeerCertificate() as { fingerprint256?: string } | null)?.fingerprint256;
      const { fingerprints } = this.#current ?? (await this.#ticket);
      if (presented !== undefined && fingerprints.has(presented)) return undefined;
      return new ZebuError(
        'TLS_UNTRUSTED',
        `what listens on its port ${PORT} does not have the node's own certificate`,
        {
          hint: 'Was the certificate replaced by hand? On the host: systemctl restart pveproxy',
          details: { presented },
        },
      );
    };
    const { signal, timeoutMs } = this.#options;
    const limit = AbortSignal.timeout(timeoutMs);
    return openTls({ stream: channel }, { untrusted, signal: AbortSignal.any([signal, limit]) }).catch(
      (error: unknown) => {
        if (!limit.aborted || signal.aborted) throw error;
        throw new Error(`no answer within ${Math.round(timeoutMs / 1000)} s`, { cause: error });
      },
    );
  }
}
