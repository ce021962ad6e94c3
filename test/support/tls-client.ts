import { request } from 'node:https';
import type { TLSSocket } from 'node:tls';

export interface Shown {
  readonly status: number;
  readonly text: string;
  /** Of the certificate that was shown: colons between pairs of hex digits. */
  readonly fingerprint: string;
  readonly issuer: string;
}

/** Asks a server at an address for a name that no DNS knows, and trusts only what `authority` signed. */
export function askByName(host: string, port: number, name: string, authority: string): Promise<Shown> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host,
        port,
        path: '/',
        servername: name,
        ca: authority,
        headers: { host: name },
        agent: false,
        timeout: 10_000,
      },
      (answer) => {
        const { fingerprint256: fingerprint, issuer } = (answer.socket as TLSSocket).getPeerCertificate();
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, text, fingerprint, issuer: String(issuer.CN) }),
        );
      },
    );
    asked.once('timeout', () => asked.destroy(new Error('no answer in 10 s')));
    asked.once('error', reject).end();
  });
}
