import type { Readable } from 'node:stream';
import type { Io } from './io.js';

export type Method = 'DELETE' | 'GET' | 'POST' | 'PUT';

/** The answers of a remote shell. `code` is null when the process was ended by a signal or the link dropped. */
export interface ExecResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecOptions {
  /** Written to standard input, then closed. */
  readonly stdin?: Buffer | Readable | string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the command is given up (UNREACHABLE). Without it: no limit. */
  readonly timeoutMs?: number | undefined;
  /** Whole chunks as they come, decoded as UTF-8; when given, that stream is not collected into the result. */
  readonly onStdout?: ((text: string) => void) | undefined;
  readonly onStderr?: ((text: string) => void) | undefined;
}

export interface HostShell {
  /** Runs argv on the Proxmox host. Resolves for every exit status; rejects only when the link fails. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** Writes a file on the host atomically. @param mode such as 0o600. */
  upload(path: string, content: Buffer | Readable | string, mode: number): Promise<void>;
}

/** How one logs in on the Proxmox host over SSH, to go on from there into a VM. */
export interface JumpHost {
  readonly host: string;
  /** Default: 22, or what ~/.ssh/config says. */
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly identityFile?: string | undefined;
  /** Files of known host keys. */
  readonly knownHosts: readonly string[];
  /** `[user@]host[:port]`, comma-separated for several hops, on the way to the host. */
  readonly proxyJump?: string | undefined;
}

/** Something that works, and not as it should; both in one sentence. */
export interface Concern {
  readonly what: string;
  /** What to do about it. */
  readonly remedy: string;
}

/**
 * One authenticated way to a Proxmox VE node or cluster. The shape of `doRequest` is that of proxmox-api's
 * `ApiRequestable`, so the typed client runs over any transport.
 *
 * Rejects with ZebuError: PROXMOX_REFUSED / PROXMOX_FORBIDDEN with `details: {status, reason, errors?, path, method}`,
 * UNREACHABLE, AUTH_FAILED, TLS_UNTRUSTED, HOST_KEY_*. A write whose answer was lost rejects with OUTCOME_UNKNOWN and
 * is never sent again by the transport.
 */
export interface Transport {
  readonly id: string;
  /** For messages: `https://host:8006`, `root@host:22`. */
  readonly where: string;
  /**
   * @param path starting with `/api2/json` or `/`, parameters already encoded by the caller
   * @returns the `data` member of PVE's answer
   */
  doRequest(method: string, path: string, pathTemplate: string, params?: Record<string, unknown>): Promise<unknown>;
  /**
   * Whether this transport saw the task of a request it made end well, so that nobody has to ask Proxmox for its status.
   * False, or left out: that is not known.
   */
  endedWell?(upid: string): boolean;
  /**
   * What `doctor` warns of: requests that have to go a slower way than they should, a credential that is about to expire. None,
   * or left out: all is as it should be.
   */
  concerns?(): Promise<readonly Concern[]>;
  /** Present where commands can be run on the host itself. */
  readonly hostShell?: HostShell;
  /** Present where a VM can be reached through the host, for `vm.via: host`. */
  readonly jumpHost?: JumpHost;
  close(): Promise<void>;
}

/** What a transport is told when it is made. */
export interface TransportContext {
  readonly io: Io;
  readonly signal: AbortSignal;
  /** The `proxmox` section of the configuration, checked: zebu's own keys and those that transports declare. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Reads ZEBU_* and the variables the configuration refers to; undefined when unset or empty. */
  readonly env: (name: string) => string | undefined;
  /** Names, for messages, of where a key came from: `zebu.yml:7`, `ZEBU_PROXMOX_HOST`. */
  readonly origin: (key: string) => string;
}

export interface TransportFactory {
  /** Connects lazily or now; must have authenticated the peer before the first secret is sent. */
  connect(context: TransportContext): Promise<Transport>;
}
