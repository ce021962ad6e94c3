import { sh } from '@zebu/kit';
import type { Cause } from './causes.js';

/** A registry as the VM logs in there. */
export interface RegistryLogin {
  readonly host: string;
  readonly user: string;
  /** Under which the token is among the values: the secret's name, or for one that a command prints its number. */
  readonly name: string;
  /** PEM of a private authority; empty for none. */
  readonly authority: string;
}

/** Defines registry_1 and so on: each calls what it is given with the words of its registry. See each_registry in registry-login.sh. */
export function registryFunctions(logins: readonly RegistryLogin[]): string {
  return logins
    .map(({ host, user, name, authority }, index) => {
      const call = `registry_${index + 1}`;
      return sh`${call}() { "$@" ${[host, user, name, authority]}; }` + '\n';
    })
    .join('');
}

const REMEDIES: Readonly<Partial<Record<Cause, string>>> = {
  'registry-denied':
    'Look at `user` and token of that registry (registries in zebu.yml): a token may have expired, or may not read packages.',
  'registry-untrusted':
    'Give the authority of a private registry as its `ca_file` (registries in zebu.yml), or correct its certificate.',
  'registry-away': 'Look whether `host` is right (registries in zebu.yml), and whether the VM reaches it: zebu vm:ssh',
};

/** What to do about a login that failed; undefined for another cause. */
export const registryRemedy = (cause: Cause | undefined): string | undefined =>
  cause === undefined ? undefined : REMEDIES[cause];
