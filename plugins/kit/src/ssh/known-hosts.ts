import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs';
import { promisify } from 'node:util';
import { expandHome } from './target.js';

export interface KnownKey {
  readonly file: string;
  readonly line: number;
  readonly type: string;
  readonly key: Buffer;
  readonly revoked: boolean;
}

/** As `ssh-keygen -l` shows it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replaceAll('=', '')}`;
}

/** The algorithm a public key blob names in its first string. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return '';
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

function matchesHashed(pattern: string, name: string): boolean {
  const [, , salt = '', digest = ''] = pattern.split('|');
  const expected = Buffer.from(digest, 'base64');
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function matchesGlob(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'i').test(name);
}

function matches(patterns: string, name: string): boolean {
  if (patterns.startsWith('|1|')) return matchesHashed(patterns, name.toLowerCase());
  let found = false;
  for (const pattern of patterns.split(',')) {
    if (pattern.startsWith('!')) {
      if (matchesGlob(pattern.slice(1), name)) return false;
    } else if (matchesGlob(pattern, name)) found = true;
  }
  return found;
}

/** The name a host has in known hosts: with its port when that is not 22. */
export function hostKeyLookup(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/** All keys one file's text holds for a host; malformed lines and certificate authorities are skipped. */
export function keysFor(text: string, file: string, host: string, port: number): readonly KnownKey[] {
  const name = hostKeyLookup(host, port);
  return text.split('\n').flatMap((raw, index) => {
    const words = raw.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined;
    const [patterns, type, key] = words;
    if (patterns === undefined || patterns.startsWith('#') || type === undefined || key === undefined) return [];
    if (marker !== undefined && marker !== '@revoked') return [];
    if (!matches(patterns, name)) return [];
    return [{ file, line: index + 1, type, key: Buffer.from(key, 'base64'), revoked: marker === '@revoked' }];
  });
}

/** Reads the files in order; one that does not exist holds nothing. */
export async function readKnownKeys(
  files: readonly string[],
  host: string,
  port: number,
): Promise<readonly KnownKey[]> {
  const found: KnownKey[] = [];
  for (const file of files) {
    try {
      found.push(...keysFor(await promisify(readFile)(expandHome(file), 'utf8'), file, host, port));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return found;
}

/** Public key lines (`type base64 [comment]`) as known keys. */
export function pinnedKeys(lines: readonly string[]): readonly KnownKey[] {
  return lines.flatMap((raw, index) => {
    const [type, key] = raw.trim().split(/\s+/);
    if (type === undefined || key === undefined) return [];
    return [{ file: 'pinned key', line: index + 1, type, key: Buffer.from(key, 'base64'), revoked: false }];
  });
}
