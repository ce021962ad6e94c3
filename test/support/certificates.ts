import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Issued {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

export interface Wanted {
  /** `a.example`, `*.a.example`; an address as `IP:192.0.2.1`. */
  readonly names?: readonly string[];
  readonly commonName?: string;
  readonly days?: number;
  /** Without it signs itself. */
  readonly by?: Issued;
  /** May sign others. */
  readonly authority?: boolean;
  /** Further extensions as openssl has them. */
  readonly extensions?: readonly string[];
}

/** A certificate with a key of its own, by openssl. */
export function issue({ names = [], commonName = 'test', days = 90, by, authority = false, extensions = [] }: Wanted): Issued {
  const folder = mkdtempSync(join(tmpdir(), 'zebu-certificate-'));
  const run = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8', input: '' });
    if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const write = (name: string, text: string): void => {
    spawnSync('sh', ['-c', 'cat >"$1"', 'sh', name], { cwd: folder, input: text });
  };
  try {
    if (by !== undefined) {
      write('ca.pem', by.certificate);
      write('ca.key', by.key);
    }
    const alternatives = names.map((name) => (name.startsWith('IP:') ? name : `DNS:${name}`)).join(',');
    const all = [
      `basicConstraints=critical,CA:${authority ? 'TRUE' : 'FALSE'}`,
      ...(alternatives === '' ? [] : [`subjectAltName=${alternatives}`]),
      ...extensions,
    ];
    run(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', String(days)],
      ...['-subj', `/CN=${commonName}`, '-keyout', 'key.pem', '-out', 'cert.pem'],
      ...(by === undefined ? [] : ['-CA', 'ca.pem', '-CAkey', 'ca.key']),
      ...all.flatMap((extension) => ['-addext', extension]),
    );
    return { certificate: readFileSync(join(folder, 'cert.pem'), 'utf8'), key: readFileSync(join(folder, 'key.pem'), 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The key behind a passphrase. */
export function encrypted(key: string): string {
  const { stdout } = spawnSync('openssl', ['pkey', '-aes128', '-passout', 'pass:word'], { input: key, encoding: 'utf8' });
  return stdout;
}
