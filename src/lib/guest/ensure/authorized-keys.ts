import { createHash } from 'node:crypto';

const KEY = /(?:^|\s)((?:ssh|ecdsa|sk)-[A-Za-z0-9@.-]+)\s+([A-Za-z0-9+/]+=*)(?:\s+(\S.*)?)?$/;

/** What identifies a key: its blob. Options before it and the comment behind it do not. */
function blobOf(line: string): string | undefined {
  return line.trimStart().startsWith('#') ? undefined : KEY.exec(line)?.[2];
}

/** As `ssh-add -l` names it: comment and SHA-256. */
function nameOf(line: string): string {
  const [, , blob = '', comment = ''] = KEY.exec(line) ?? [];
  const sum = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replaceAll('=', '');
  return [comment.trim(), `SHA256:${sum}`].filter((part) => part !== '').join(' ');
}

export interface KeysChange {
  /** The whole new file. */
  readonly text: string;
  /** Names of keys, for people. */
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

/** An authorized_keys that lets in exactly the wanted keys. Lines that hold no key stay, as do options of a wanted key. */
export function keysChange(current: string, wanted: readonly string[]): KeysChange {
  const lines = current.split('\n').filter((line) => line.trim() !== '');
  const wantedBlobs = new Set(wanted.map(blobOf));
  const present = new Set(lines.map(blobOf));
  const extra = lines.filter((line) => blobOf(line) !== undefined && !wantedBlobs.has(blobOf(line)));
  const missing = wanted.filter((line) => !present.has(blobOf(line)));
  const text = [...lines.filter((line) => !extra.includes(line)), ...missing].map((line) => `${line}\n`).join('');
  return { text, missing: missing.map(nameOf), extra: extra.map(nameOf) };
}
