import { X509Certificate } from 'node:crypto';
import { Sensitive, type Io } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { programText } from './program-text.js';

/** The Perl that a node runs to make a ticket for root. */
const TICKET_PROGRAM = programText('ticket.pl');

/** What a node that we are root of makes for one run, and what it says of itself. */
export interface Ticket {
  /** The value of the cookie. */
  readonly ticket: Sensitive;
  /** Goes with every write. */
  readonly csrf: Sensitive;
  /** SHA-256 fingerprints of the certificates the node's API server may present. */
  readonly fingerprints: ReadonlySet<string>;
  /** The only address pveproxy listens on, where it was told one. */
  readonly listens?: string | undefined;
  /** Milliseconds since 1970, by our clock. */
  readonly made: number;
}

/** The node takes them for two hours. */
const RENEW_AFTER_MS = 90 * 60_000;

export const isStale = (ticket: Ticket, now: number): boolean => now - ticket.made > RENEW_AFTER_MS;

/** What the program printed; undefined when that is no ticket. */
function parseTicket(text: string, made: number): Ticket | undefined {
  const [, ticket] = /^ticket=(PVE:\S+)$/m.exec(text) ?? [];
  const [, csrf] = /^csrf=(\S+)$/m.exec(text) ?? [];
  if (ticket === undefined || csrf === undefined) return undefined;
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const [, address] = /^LISTEN_IP=["']?([0-9A-Fa-f.:]+)["']?\s*$/m.exec(text) ?? [];
  return {
    ticket: new Sensitive(ticket),
    csrf: new Sensitive(csrf),
    fingerprints: new Set(certificates.flatMap(fingerprintOf)),
    ...(address === undefined || /^[0.:]+$/.test(address) ? {} : { listens: address }),
    made,
  };
}

function fingerprintOf(pem: string): readonly string[] {
  try {
    return [new X509Certificate(pem).fingerprint256];
  } catch {
    // What cannot be read as a certificate is none that could be presented.
    return [];
  }
}

export interface TicketOptions {
  readonly session: SshSession;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/**
 * Where root may not log in, which some hosts are told, its tickets are not taken either: then there is none. Which certificate
 * the API server shows, and where it listens, is read over the same connection, so that trust begins at the host key of SSH.
 * @param thorough one that the node made in the short way was not taken
 * @returns a ticket, or why there is none, in a few words
 */
export async function makeTicket(
  { session, io, signal, timeoutMs }: TicketOptions,
  thorough = false,
): Promise<Ticket | string> {
  const argv = ['perl', '-e', TICKET_PROGRAM, ...(thorough ? ['thorough'] : [])];
  const { code, stdout, stderr } = await session.exec(argv, { signal, timeoutMs });
  const ticket = code === 0 ? parseTicket(stdout, Date.now()) : undefined;
  if (ticket === undefined) {
    const why = stderr.trim().split('\n', 1)[0] ?? '';
    return `its Perl made no ticket${why === '' ? '' : ` (${why})`}`;
  }
  io.redactor.add(ticket.ticket.reveal());
  io.redactor.add(ticket.csrf.reveal());
  io.debug(() => `ticket made by ${/^by=(\S+)$/m.exec(stdout)?.[1] ?? 'its Perl'}`);
  return ticket;
}
