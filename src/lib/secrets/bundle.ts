import { type Sensitive } from '@zebu/kit';
import { dotenvLine } from '@zebu/kit/core';
import type { Author } from '../app-folder/author.js';
import { keyedDigest, newDigestKey } from './digest.js';
import type { SecretEntry, SecretVersion } from '../app-folder/secrets/version-schema.js';
import { latestEntries, type SecretStore } from '../app-folder/secrets/versions.js';

/** What is to be different in the next version; everything else keeps its value. */
export interface SecretChanges {
  readonly set: ReadonlyMap<string, Sensitive>;
  readonly remove: readonly string[];
}

export interface Stamp {
  readonly author: Author;
  /** ISO 8601. */
  readonly at: string;
  readonly why: string;
}

export function hasChanges(changes: SecretChanges): boolean {
  return changes.set.size > 0 || changes.remove.length > 0;
}

/** Changes that begin in the VM: the sources do not know of them. */
const IN_THE_VM = ['rotate', 'set', 'rollback'];
/** Who keeps a value for longer than that has to look anyway. */
const REMEMBERED = 20;

function nextEntry(
  before: SecretEntry | undefined,
  digest: string,
  { at, why, version }: { at: string; why: string; version: number },
): SecretEntry {
  const replaced = [
    ...(before?.replaced ?? []),
    ...(before !== undefined && IN_THE_VM.includes(why) ? [before.digest] : []),
  ].filter((each, index, all) => each !== digest && all.lastIndexOf(each) === index);
  return {
    digest,
    since: at,
    version,
    ...(replaced.length === 0 ? {} : { replaced: replaced.slice(-REMEMBERED) }),
    ...(before?.rotated === true || why === 'rotate' ? { rotated: true } : {}),
  };
}

/** The record of the version that the changes make. */
export function nextVersion(store: SecretStore, key: string, changes: SecretChanges, stamp: Stamp): SecretVersion {
  const version = store.latest + 1;
  const entries: Record<string, SecretEntry> = { ...latestEntries(store) };
  for (const name of changes.remove) delete entries[name];
  for (const [name, value] of changes.set) {
    entries[name] = nextEntry(entries[name], keyedDigest(key, name, value.reveal()), { ...stamp, version });
  }
  return { version, at: stamp.at, ...stamp.author, why: stamp.why, entries };
}

/**
 * The text that goes over standard input: the digest key, the record, then `NAME=value` lines to set and `-NAME` lines to
 * remove. Empty when nothing changes.
 */
export function secretBundle(store: SecretStore, changes: SecretChanges, stamp: Stamp): string {
  if (!hasChanges(changes)) return '';
  const key = store.key ?? newDigestKey();
  return [
    key,
    JSON.stringify(nextVersion(store, key, changes, stamp)),
    ...[...changes.set].map(([name, value]) => dotenvLine(name, value.reveal())),
    ...changes.remove.map((name) => `-${name}`),
    '',
  ].join('\n');
}
