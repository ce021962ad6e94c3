import { ZebuError, type Sensitive } from '@zebu/kit';
import type { SecretDeclaration } from '../config/secret-declaration.js';
import { isBound, type Declared } from '../config/secret-meaning.js';
import { formatMinute } from '../ui/units.js';
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
    const status =
      before === null
        ? 'added'
        : before === after
          ? 'unchanged'
          : entries[name]?.replaced?.includes(after) === true
            ? 'outdated'
            : 'changed';
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
 * What a deploy or a sync must not bring: values from before a change that was made in the VM, and others than the data was
 * made with.
 * @throws SECRET_OUTDATED, SECRET_PROTECTED, naming all at once
 */
export function refuseUnwanted(declared: Declared, changes: readonly SecretChange[], store: SecretStore): void {
  refuseOutdated(declared, changes, store);
  refuseProtected(declared, changes);
}

/** `rotated on 2026-11-29 12:00 UTC by ada`: how the value came about that is in force. */
function howItCame(store: SecretStore, name: string): string {
  const entry = latestEntries(store)[name];
  const made = store.versions.find(({ version }) => version === entry?.version);
  if (entry === undefined || made === undefined) return 'changed in the VM';
  const done = { rotate: 'rotated', set: 'set', rollback: 'rolled back' }[made.why] ?? 'changed';
  return `${done} on ${formatMinute(entry.since)} UTC by ${made.who}`;
}

function refuseOutdated(declared: Declared, changes: readonly SecretChange[], store: SecretStore): void {
  const found = changes.filter(({ status }) => status === 'outdated');
  if (found.length === 0) return;
  const list = found.map(({ name, origin }) => `${name} in ${origin ?? 'its source'} (${howItCame(store, name)})`);
  const names = found.map(({ name }) => name);
  const back = names.filter((name) => !isBound(declared, name));
  throw new ZebuError('SECRET_OUTDATED', `The VM has a newer value than the source: ${list.join(', ')}`, {
    hint: [
      'Write the newer one there with zebu secrets:sync --from vm --to dotenv (or github).',
      ...(back.length === 0 ? [] : [`To go back to the older one: zebu secrets:set ${back[0] ?? ''}.`]),
    ].join(' '),
    details: { names },
  });
}

/** What the data was made with is changed by `secrets:rotate` only. */
function refuseProtected(declared: Declared, changes: readonly SecretChange[]): void {
  const found = changes.filter(({ name, status }) => status === 'changed' && isBound(declared, name));
  if (found.length === 0) return;
  const list = found.map(({ name, origin }) => `${name} (${origin ?? 'new value'})`).join(', ');
  const never = found.some(({ name }) => declared.secrets[name]?.rotate === 'never');
  throw new ZebuError('SECRET_PROTECTED', `The value differs from the one the data in the VM was made with: ${list}`, {
    hint: never
      ? 'Take the VM’s value over with zebu secrets:sync --from vm --to dotenv. A secret with `rotate: never` keeps it.'
      : 'Take the VM’s value over with zebu secrets:sync --from vm --to dotenv, or change it with zebu secrets:rotate.',
    details: { names: found.map(({ name }) => name) },
  });
}
