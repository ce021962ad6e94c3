import { X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const KEY = /-----BEGIN ([A-Z]+ )*PRIVATE KEY-----[^-]+-----END ([A-Z]+ )*PRIVATE KEY-----/;

export interface PemCertificate {
  readonly text: string;
  readonly parsed: X509Certificate;
}

/** The certificates in a text, in its order; undefined where one of them cannot be read. */
export function certificatesIn(text: string): readonly PemCertificate[] | undefined {
  try {
    return [...text.matchAll(CERTIFICATE)].map(([each]) => ({ text: each, parsed: new X509Certificate(each) }));
  } catch {
    return undefined;
  }
}

/** The first private key in a text as it stands there. */
export const keyIn = (text: string): string | undefined =>
  KEY.exec(text.replaceAll(/^(Proc-Type|DEK-Info):.*\n/gm, ''))?.[0];

export const isEncrypted = (text: string): boolean =>
  text.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----') || /^Proc-Type: 4,ENCRYPTED/m.test(text);
