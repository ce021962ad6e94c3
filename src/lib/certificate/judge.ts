import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { certificatesIn, isEncrypted, keyIn } from './pem.js';

/** Days before the end from which it is said; of one that is good for days only, the last third of its time. */
const NEAR_DAYS = 14;
const NEAR_SHARE = 1 / 3;
const DAY_MS = 86_400_000;
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const ANY_PURPOSE = '2.5.29.37.0';

export interface Given {
  /** What the files hold. */
  readonly certificate: string;
  readonly key: string;
  /** Names it is to be good for. */
  readonly domains: readonly string[];
  readonly now: Date;
}

/** Which of the two files is wrong, and in what. */
export interface Refused {
  readonly file: 'cert_file' | 'key_file';
  readonly why: string;
  readonly hint: string;
}

export interface Good {
  /** The chain and the key as one PEM. */
  readonly text: string;
  readonly until: Date;
  /** What is to be said although it works. */
  readonly warnings: readonly string[];
}

/** `2026-12-24`. */
export const dayOf = (date: Date): string => date.toISOString().slice(0, 10);

const nameOf = (certificate: X509Certificate): string =>
  /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? certificate.subject.replaceAll('\n', ', ');

/** The names a certificate is good for, as browsers see it: that of the subject has not counted for years. */
export function namesOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  return subjectAltName.split(', ').flatMap((entry) => {
    const [, name] = /^(?:DNS|IP Address):(.+)$/.exec(entry) ?? [];
    return name === undefined ? [] : [name.toLowerCase()];
  });
}

/** A `*` stands for one label, and is itself covered only by itself. */
export const covers = (names: readonly string[], domain: string): boolean =>
  names.includes(domain) || (!domain.startsWith('*.') && names.includes(domain.replace(/^[^.]+/, '*')));

function readKey(text: string): KeyObject | string {
  if (isEncrypted(text)) return 'is encrypted, and nobody is there to type a passphrase when Caddy starts';
  const key = keyIn(text);
  if (key === undefined) return 'holds no private key';
  try {
    return createPrivateKey(key);
  } catch {
    return 'holds no private key that can be read';
  }
}

/** Where each is not followed by who issued it. */
const disorder = (chain: readonly X509Certificate[]): X509Certificate | undefined =>
  chain.slice(0, -1).find((each, index) => {
    const next = chain[index + 1];
    return next !== undefined && !each.checkIssued(next);
  });

/** In whole days how long it is good for yet, when that is not long; undefined when it is. */
export function nearEnd({ validFromDate: from, validToDate: to }: X509Certificate, now: Date): number | undefined {
  const left = to.getTime() - now.getTime();
  const near = left < NEAR_DAYS * DAY_MS && left < (to.getTime() - from.getTime()) * NEAR_SHARE;
  return near ? Math.floor(left / DAY_MS) : undefined;
}

/** `ends on 2026-12-24, in 3 days`. */
export const endText = ({ validToDate: to }: X509Certificate, days: number): string =>
  `ends on ${dayOf(to)}, ${days === 0 ? 'within a day' : days === 1 ? 'in a day' : `in ${days} days`}`;

export function timeProblem({ validFromDate: from, validToDate: to }: X509Certificate, now: Date): string | undefined {
  if (to <= now) return `ended on ${dayOf(to)}`;
  return from > now ? `is good only from ${dayOf(from)} on` : undefined;
}

/** Whether two files are a certificate and its key that a server for these names can use now. */
export function judgeCertificate({ certificate, key: keyText, domains, now }: Given): Good | Refused {
  const bad = (file: Refused['file'], why: string, hint: string): Refused => ({ file, why, hint });
  const found = certificatesIn(certificate);
  if (found === undefined)
    return bad('cert_file', 'holds no certificate that can be read', 'It is PEM: -----BEGIN CERTIFICATE-----.');
  const chain = found.map(({ parsed }) => parsed);
  const [own, next] = chain;
  if (own === undefined)
    return bad(
      'cert_file',
      'holds no certificate',
      'It is PEM: -----BEGIN CERTIFICATE-----. DER can be made into it: openssl x509 -inform der.',
    );
  const key = readKey(keyText);
  if (typeof key === 'string') return bad('key_file', key, 'It is the private key in PEM, as openssl pkey writes it.');
  if (!own.checkPrivateKey(key)) {
    const other = chain.find((each) => each.checkPrivateKey(key));
    return other === undefined
      ? bad(
          'key_file',
          `is not the key of ${nameOf(own)}`,
          'Certificate and key are made together: name two files of one pair.',
        )
      : bad(
          'cert_file',
          `is not in order: ${nameOf(other)} has to stand first`,
          'First the own certificate, then that of who issued it, and so on.',
        );
  }
  const purposes = own.keyUsage as readonly string[] | undefined;
  if (purposes !== undefined && !purposes.includes(SERVER_AUTHENTICATION) && !purposes.includes(ANY_PURPOSE))
    return bad(
      'cert_file',
      `is not for servers: ${nameOf(own)}`,
      'Ask the authority for one for servers (serverAuth).',
    );
  const wrong = timeProblem(own, now);
  if (wrong !== undefined)
    return bad('cert_file', wrong, 'Renew it. If it is good: is the clock of this machine right?');
  const names = namesOf(own);
  const lacking = domains.filter((domain) => !covers(names, domain));
  if (lacking.length > 0)
    return bad(
      'cert_file',
      `is not good for ${lacking.join(', ')}, but for ${names.join(', ') || 'no name at all'}`,
      'Ask for one with all of app.proxy.domains (subjectAltName); *.example.org covers one label, and not example.org.',
    );
  const odd = disorder(chain);
  if (odd !== undefined)
    return bad(
      'cert_file',
      `is not in order: behind ${nameOf(odd)} there is not who issued it (${odd.issuer.replaceAll('\n', ', ')})`,
      'First the own certificate, then that of who issued it, and so on.',
    );
  const ended = chain.slice(1).find((each) => timeProblem(each, now) !== undefined);
  const days = nearEnd(own, now);
  const alone = next === undefined && own.issuer !== own.subject && own.infoAccess?.includes('CA Issuers') === true;
  return {
    text: `${[...found.map(({ text }) => text), keyIn(keyText)].join('\n')}\n`,
    until: own.validToDate,
    warnings: [
      ...(days === undefined ? [] : [`${endText(own, days)}: renew it and deploy`]),
      ...(ended === undefined ? [] : [`has ${nameOf(ended)} in its chain, which ${timeProblem(ended, now) ?? ''}`]),
      ...(alone
        ? ['holds the certificate without those between it and the authority; browsers want them (fullchain.pem)']
        : []),
    ],
  };
}
