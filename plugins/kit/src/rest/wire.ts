import type { Duplex } from 'node:stream';

/** How requests get to a node's REST API: the one thing that transports which speak it differ in. */
export interface RestWire {
  /** For messages: `https://pve:8006`, `root@pve:22`. */
  readonly where: string;
  /** What to do when nothing answers there. */
  readonly unreachableHint: string;
  /** What to do when the credential is not accepted; left out: what there is to do about a token. */
  readonly refusedHint?: string;
  /**
   * One new connection, ready for a request: its peer has proved who it is, for the first thing that is written to it is
   * a credential. Rejects with ZebuError when it is not who it should be, with any other error when there is no connection.
   */
  open(signal: AbortSignal): Promise<Duplex>;
  /** The headers that carry the credential. @param method in capitals */
  credential(method: string): Promise<Readonly<Record<string, string>>>;
  /** Where there is a newer credential to be had: the next call of `credential` gives it. */
  renew?(): void;
}
