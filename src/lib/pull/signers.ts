import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { ZebuError } from '@zebu/kit';
import { expand } from '../config/expand.js';

/** Who may release. */
export interface Signers {
  /** allowed_signers of ssh-keygen, for signatures of git alone. */
  readonly ssh: string;
  /** Armored public keys. */
  readonly openpgp: string;
  /** For people: `me@laptop SHA256:…`, `release.pub (OpenPGP)`. */
  readonly names: readonly string[];
}

const SSH_KEY = /^((?:ssh|ecdsa|sk)-[A-Za-z0-9@.-]+)[ \t]+([A-Za-z0-9+/]+=*)(?:[ \t](.*))?$/;
const PUBLIC_BLOCK = /-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]+?-----END PGP PUBLIC KEY BLOCK-----/g;

/** The name under which the history has somebody: what a principal may not hold is left out. */
const principal = (comment: string, blob: string): string =>
  comment
    .split(/[^A-Za-z0-9@._+]/)
    .filter((part) => part !== '')
    .join('-') || `key-${fingerprint(blob).slice(7, 15)}`;

const fingerprint = (blob: string): string =>
  `SHA256:${createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replaceAll('=', '')}`;

interface Found {
  readonly ssh: readonly string[];
  readonly openpgp: readonly string[];
  readonly names: readonly string[];
}

/** @param where for messages @throws CONFIG_INVALID */
export function readSigner(text: string, shown: string, where: string): Found {
  const refuse = (why: string, hint: string): ZebuError =>
    new ZebuError('CONFIG_INVALID', `${where}: \`pull.signed_by\`: ${shown} ${why}`, { hint });
  if (/-----BEGIN (?:OPENSSH|RSA|EC|DSA|PGP) PRIVATE KEY/.test(text))
    throw refuse('is a private key', 'Name the public half: the file that ends in .pub, or gpg --armor --export.');
  const blocks = text.match(PUBLIC_BLOCK) ?? [];
  if (blocks.length > 0) return { ssh: [], openpgp: blocks, names: blocks.map(() => `${basename(shown)} (OpenPGP)`) };
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const parsed = keys.map((line) => SSH_KEY.exec(line));
  if (keys.length === 0 || parsed.includes(null))
    throw refuse('holds no public key', 'An SSH key as in ~/.ssh/id_ed25519.pub, or what gpg --armor --export prints.');
  const found = parsed.flatMap((match) => {
    const [, type = '', blob = '', comment = ''] = match ?? [];
    return [
      {
        line: `${principal(comment, blob)} namespaces="git" ${type} ${blob}`,
        name: `${principal(comment, blob)} ${fingerprint(blob)}`,
      },
    ];
  });
  return { ssh: found.map(({ line }) => line), openpgp: [], names: found.map(({ name }) => name) };
}

/**
 * Reads what `pull.signed_by` names: lines, or files below `root`.
 * @param where of the key in zebu.yml @throws CONFIG_INVALID
 */
export async function readSigners(entries: readonly string[], root: string, where: string): Promise<Signers> {
  const found = await Promise.all(
    entries.map(async (entry) => {
      if (SSH_KEY.test(entry.trim())) return readSigner(entry, 'the line', where);
      const text = await readFile(expand(entry, root), 'utf8').catch((error: unknown) => {
        throw new ZebuError(
          'CONFIG_INVALID',
          `${where}: \`pull.signed_by\`: ${entry} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`,
          { hint: 'A public key in a file, or as a line: ssh-ed25519 AAAA… me@laptop' },
        );
      });
      return readSigner(text, entry, where);
    }),
  );
  const ssh = [...new Set(found.flatMap((each) => each.ssh))];
  const openpgp = [...new Set(found.flatMap((each) => each.openpgp))];
  return {
    ssh: ssh.map((line) => `${line}\n`).join(''),
    openpgp: openpgp.map((block) => `${block}\n`).join(''),
    names: [...new Set(found.flatMap((each) => each.names))],
  };
}
