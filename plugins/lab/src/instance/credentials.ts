import { createPrivateKey, generateKeyPair, randomUUID, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { run } from '../guest/process.js';
import type { ApiTokenRecord } from '../pve/state.js';
import { Tickets } from '../pve/tickets.js';
import type { Layout } from './layout.js';

export const TOKEN_ID = 'root@pam!zebu';

export interface SshFiles {
  readonly identity: string;
  readonly authorizedKeys: string;
  readonly hostKey: string;
  readonly knownHosts: string;
}

export function sshFiles(layout: Layout): SshFiles {
  return {
    identity: join(layout.ssh, 'id_ed25519'),
    authorizedKeys: join(layout.ssh, 'authorized_keys'),
    hostKey: join(layout.ssh, 'ssh_host_ed25519_key'),
    knownHosts: join(layout.ssh, 'known_hosts'),
  };
}

async function makeKey(file: string, comment: string): Promise<void> {
  if (!existsSync(file)) await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
}

/** Keys of the host shell: its own, and one that may log in. */
export async function ensureSshKeys(layout: Layout, port: number): Promise<void> {
  const files = sshFiles(layout);
  await mkdir(layout.ssh, { recursive: true, mode: 0o700 });
  await makeKey(files.identity, 'zebu-lab');
  await makeKey(files.hostKey, 'zebu-lab-host');
  await writeFile(files.authorizedKeys, await readFile(`${files.identity}.pub`));
  const [type = '', key = ''] = (await readFile(`${files.hostKey}.pub`, 'utf8')).split(' ');
  await writeFile(files.knownHosts, `[127.0.0.1]:${port} ${type} ${key}\n`);
}

/** A self-signed certificate, as a fresh node has one: to be pinned by its fingerprint. */
export async function ensureCertificate(layout: Layout, node: string): Promise<void> {
  if (existsSync(layout.tlsCert) && existsSync(layout.tlsKey)) return;
  await run([
    ...[
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '3650',
    ],
    ...['-subj', `/CN=${node}`, '-addext', `subjectAltName=DNS:${node},DNS:localhost,IP:127.0.0.1`],
    ...['-keyout', layout.tlsKey, '-out', layout.tlsCert],
  ]);
  await chmod(layout.tlsKey, 0o600);
}

/** What a node signs tickets with. */
export async function ensureTicketKeys(layout: Layout): Promise<void> {
  if (existsSync(layout.authKey) && existsSync(layout.authKeyPublic) && existsSync(layout.wwwKey)) return;
  const pem = { format: 'pem' } as const;
  for (const file of [layout.authKey, layout.wwwKey]) {
    const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
    await writeFile(file, pair.privateKey.export({ ...pem, type: 'pkcs1' }), { mode: 0o600 });
    if (file === layout.authKey) await writeFile(layout.authKeyPublic, pair.publicKey.export({ ...pem, type: 'spki' }));
  }
}

export async function readTicketKeys(layout: Layout): Promise<Tickets> {
  const [authKey, www] = await Promise.all([readFile(layout.authKey), readFile(layout.wwwKey, 'utf8')]);
  return new Tickets(createPrivateKey(authKey), www);
}

/** SHA-256 with colons, as PVE shows it. */
export async function certificateFingerprint(layout: Layout): Promise<string> {
  return new X509Certificate(await readFile(layout.tlsCert)).fingerprint256;
}

/** The token file holds `id=secret`, ready for `proxmox.token_file`. */
export async function ensureToken(layout: Layout): Promise<void> {
  if (!existsSync(layout.token)) await writeFile(layout.token, `${TOKEN_ID}=${randomUUID()}\n`, { mode: 0o600 });
}

export async function readTokens(layout: Layout): Promise<ApiTokenRecord[]> {
  const text = (await readFile(layout.token, 'utf8')).trim();
  const cut = text.lastIndexOf('=');
  return [{ id: text.slice(0, cut), secret: text.slice(cut + 1), privsep: false, expire: 0 }];
}
