import { ZebuError, type Sensitive } from '@zebu/kit';
import { isBound, type SecretDeclaration } from '../config/secret-declaration.js';
import { keyedDigest } from './digest.js';
import { generateValue } from './generate.js';
import { latestEntries, type SecretStore } from '../app-folder/secrets/versions.js';
import type { SecretChange } from './results.js';

export interface ComparedSecrets {
  readonly declared: Readonly<Record<string, SecretDeclaration>>;
  readonly values: ReadonlyMap<string, Sensitive>;
  readonly origins: ReadonlyMap<string, string>;
  readonly store: SecretStore;
  readonly key: string;
}

/** What writing the values into the VM would mean, name by name, in the order of zebu.yml. */
export function compareSecrets(input: ComparedSecrets): readonly SecretChange[] {
  const { declared, values, origins, store, key } = input;
  const entries = latestEntries(store);
  const known = Object.keys(declared).map((name): SecretChange => {
    const before = entries[name]?.digest ?? null;
    const value = values.get(name);
    if (value === undefined) {
      const status = before === null ? (declared[name]?.generate === undefined ? 'missing' : 'generated') : 'kept';
      return { name, status, before, after: before, origin: null };
    }
    const after = keyedDigest(key, name, value.reveal());
    const status = before === null ? 'added' : before === after ? 'unchanged' : 'changed';
    return { name, status, before, after, origin: origins.get(name) ?? null };
  });
  const stale = Object.entries(entries)
    .filter(([name]) => !(name in declared))
    .map(([name, { digest }]): SecretChange => ({
      name,
      status: 'stale',
      before: digest,
      after: digest,
      origin: null,
    }));
  return [...known, ...stale];
}

/** Values for what is declared `generate` and has none anywhere. */
export function generateMissing(
  declared: Readonly<Record<string, SecretDeclaration>>,
  changes: readonly SecretChange[],
  wrap: (value: string) => Sensitive,
): ReadonlyMap<string, Sensitive> {
  return new Map(
    changes.flatMap(({ name, status }) => {
      const settings = declared[name]?.generate;
      return status === 'generated' && settings !== undefined ? [[name, wrap(generateValue(settings))] as const] : [];
    }),
  );
}

/**
 * What the data was made with is not changed by a deploy or a sync, only by `secrets:rotate`.
 * @throws SECRET_PROTECTED naming all at once
 */
export function refuseProtected(
  declared: Readonly<Record<string, SecretDeclaration>>,
  changes: readonly SecretChange[],
): void {
  const found = changes.filter(({ name, status }) => status === 'changed' && isBound(declared[name]));
  if (found.length === 0) return;
  const list = found.map(({ name, origin }) => `${name} (${origin ?? 'new value'})`).join(', ');
  const never = found.some(({ name }) => declared[name]?.rotate === 'never');
  throw new ZebuError('SECRET_PROTECTED', `The value differs from the one the data in the VM was made with: ${list}`, {
    hint: never
      ? 'Take the VM’s value over with zebu secrets:sync --from vm --to dotenv. A secret with `rotate: never` keeps it.'
      : 'Take the VM’s value over with zebu secrets:sync --from vm --to dotenv, or change it with zebu secrets:rotate.',
    details: { names: found.map(({ name }) => name) },
  });
}
