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
  /** Of its whole life. */
  readonly days?: number;
  /** Days since it was signed; needs `by`. */
  readonly age?: number;
  /** Without it signs itself. */
  readonly by?: Issued;
  /** May sign others. */
  readonly authority?: boolean;
  /** Further extensions as openssl has them. */
  readonly extensions?: readonly string[];
}

/** A certificate with a key of its own, by openssl. */
export function issue({
  names = [],
  commonName = 'test',
  days = 90,
  age = 0,
  by,
  authority = false,
  extensions = [],
}: Wanted): Issued {
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
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'];
    const subject = ['-subj', `/CN=${commonName}`];
    if (age === 0)
      run(
        ...['req', '-x509', ...key, '-days', String(days), ...subject, '-out', 'cert.pem'],
        ...(by === undefined ? [] : ['-CA', 'ca.pem', '-CAkey', 'ca.key']),
        ...all.flatMap((extension) => ['-addext', extension]),
      );
    else {
      // Only this of its programs dates back.
      const own = ['database=index.txt', 'new_certs_dir=.', 'default_md=sha256', 'policy=names', 'rand_serial=yes'];
      const sections = ['[ca]', 'default_ca=own', '[own]', ...own, '[names]', 'commonName=supplied', '[more]', ...all];
      write('ca.cnf', `${sections.join('\n')}\n`);
      write('index.txt', '');
      const at = (day: number): string =>
        `${new Date(Date.now() + day * 86_400_000).toISOString().replaceAll(/\D/g, '').slice(0, 14)}Z`;
      run('req', '-new', ...key, ...subject, '-out', 'request.pem');
      run(
        ...[
          'ca',
          '-batch',
          '-notext',
          '-config',
          'ca.cnf',
          '-extensions',
          'more',
          '-cert',
          'ca.pem',
          '-keyfile',
          'ca.key',
        ],
        ...['-startdate', at(-age), '-enddate', at(days - age), '-in', 'request.pem', '-out', 'cert.pem'],
      );
    }
    return {
      certificate: readFileSync(join(folder, 'cert.pem'), 'utf8'),
      key: readFileSync(join(folder, 'key.pem'), 'utf8'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The key behind a passphrase. */
export function encrypted(key: string): string {
  const { stdout } = spawnSync('openssl', ['pkey', '-aes128', '-passout', 'pass:word'], {
    input: key,
    encoding: 'utf8',
  });
  return stdout;
}
