import { ZebuError } from '@zebu/kit';
import { RELEASE_ID } from '../app-folder/release-id.js';

/** Checks the form of an argument, before anything is asked or connected. @throws USAGE */
export function worded(pattern: RegExp, what: string): (text: string) => Promise<string> {
  return async (text) => {
    if (text.length <= 200 && pattern.test(text)) return text;
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    throw new ZebuError('USAGE', `\`${shown}\` is not ${what}`, { hint: 'See the command with --help.' });
  };
}

export const secretNameArg = worded(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  'the name of a secret: letters, digits and underscores',
);

export const releaseArg = worded(
  RELEASE_ID,
  'the id of a release, such as 20261124T053000Z-1a2b3c4; zebu app:releases lists them',
);

/** What git takes for the name of a tag or branch is more than this; what a person deploys is not. */
export const releaseOrRefArg = worded(
  /^[\p{L}\p{N}][\p{L}\p{N}._/+@#-]*$/u,
  'a release or the tag it was deployed as; zebu app:releases lists them',
);

export const snapshotArg = worded(
  /^[A-Za-z][A-Za-z0-9_-]{1,39}$/,
  'the name of a snapshot: a letter, then up to 39 letters, digits, hyphens and underscores',
);

export const backupArg = worded(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, 'a backup as vm:backup:list names it, or latest');

export const storageArg = worded(/^[A-Za-z][A-Za-z0-9._-]*$/, 'the name of a storage');

export const addressArg = worded(
  /^(?:dhcp|(?:\d{1,3}\.){3}\d{1,3}\/\d{1,2})$/,
  'an address with its prefix, such as 192.0.2.99/24, or dhcp',
);

/** As Docker takes it: a name or a number, and perhaps a group. */
export const userArg = worded(
  /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/,
  'a user, such as app or 1000:1000',
);

export const folderArg = worded(/^\/\P{Cc}*$/u, 'a folder: a path that begins with /');

export const pruneArg = worded(
  /^(?:keep-[a-z]+=\d{1,9})(?:,keep-[a-z]+=\d{1,9})*$/,
  'a rule of Proxmox, such as keep-last=7,keep-weekly=4',
);

const service = worded(/^[A-Za-z0-9._][A-Za-z0-9._-]*$/, 'the name of a service');

/**
 * The words of a command with services, which is not strict: oclif hands unknown flags through.
 * @throws USAGE
 */
export async function serviceArgs(words: readonly string[]): Promise<readonly string[]> {
  return Promise.all(words.map((word) => (refuseFlag(word), service(word))));
}

/** The same with names of secrets. @throws USAGE */
export async function secretNameArgs(words: readonly string[]): Promise<readonly string[]> {
  return Promise.all(words.map((word) => (refuseFlag(word), secretNameArg(word))));
}

/** @throws USAGE */
function refuseFlag(word: string): void {
  if (word.startsWith('-'))
    throw new ZebuError('USAGE', `Nonexistent flag: ${word}`, { hint: 'See the command with --help.' });
}

export const dumpArg = worded(
  /^[0-9]{8}T[0-9]{6}Z$/,
  'the id of a dump, such as 20261129T023000Z; zebu data:list lists them',
);

export const storeArg = worded(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'the name of a store; zebu data:list lists them');
