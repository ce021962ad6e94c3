import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { interrupted, type ZebuError } from '../errors.js';

/** An address to connect to, or a connection that is there already. */
export type TlsTarget = { readonly host: string; readonly port: number } | { readonly stream: Duplex };

export interface TlsOptions {
  readonly ca?: Buffer | undefined;
  /** Judges who is at the other end, before the first byte of ours; undefined: it is who it should be. */
  readonly untrusted: (socket: TLSSocket) => ZebuError | undefined | Promise<ZebuError | undefined>;
  readonly signal: AbortSignal;
}

/** A TLS connection whose peer was judged. Rejects with what `untrusted` says, the abort reason, or a system's error. */
export function openTls(target: TlsTarget, { ca, untrusted, signal }: TlsOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason instanceof Error ? signal.reason : interrupted());
      return;
    }
    const options: ConnectionOptions = {
      ...('stream' in target
        ? { socket: target.stream }
        : { host: target.host, port: target.port, ...(isIP(target.host) === 0 ? { servername: target.host } : {}) }),
      ...(ca === undefined ? {} : { ca }),
      // Judged by `untrusted`, which also knows pins.
      rejectUnauthorized: false,
    };
    const socket = connect(options);
    const settle = (error?: Error): void => {
      signal.removeEventListener('abort', stop);
      socket.off('error', fail).off('close', closed);
      if (error === undefined) resolve(socket);
      else {
        // Later errors of the socket are ignored: the promise is settled.
        socket.on('error', () => {});
        socket.destroy();
        reject(error);
      }
    };
    const fail = (error: Error): void => settle(error);
    const closed = (): void => settle(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
    const stop = (): void => settle(signal.reason instanceof Error ? signal.reason : interrupted());
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', fail).once('close', closed);
    socket.once('secureConnect', () => {
      socket.setNoDelay(true);
      void Promise.resolve(untrusted(socket)).then(settle, fail);
    });
  });
}
