import { isPlaceholder, ZebuError, type SecretSource, type Sensitive } from '@zebu/kit';
import { challengeSecrets } from '../config/named-secrets.js';
import type { Context } from '../context/context.js';
import { openSources } from './sources.js';
import { checkValue } from './value.js';

export interface CollectedSecrets {
  /** Declared names that some source has. */
  readonly values: ReadonlyMap<string, Sensitive>;
  /** Where each came from, for messages. */
  readonly origins: ReadonlyMap<string, string>;
  /** Declared names whose only value is empty or a placeholder. */
  readonly unusable: ReadonlyMap<string, Unusable>;
}

/** Why a value does not count, and where it stands. */
export interface Unusable {
  readonly why: 'empty' | 'placeholder';
  readonly where: string;
}

/** `empty in .env`. */
export function describeUnusable({ why, where }: Unusable): string {
  return why === 'empty' ? `empty in ${where}` : `still a placeholder in ${where}`;
}

/** Values of the declared names, first source first. Each is masked in all output from here on. */
export async function collectFrom(context: Context, sources: readonly SecretSource[]): Promise<CollectedSecrets> {
  const names = Object.keys(context.config.secrets);
  const values = new Map<string, Sensitive>();
  const origins = new Map<string, string>();
  const unusable = new Map<string, Unusable>();
  for (const source of sources) {
    for (const [name, value] of await source.read(names.filter((each) => !values.has(each)))) {
      if (!names.includes(name)) continue;
      const text = value.reveal();
      if (text.trim() === '') {
        unusable.set(name, { why: 'empty', where: source.where });
        continue;
      }
      if (isPlaceholder(text)) {
        unusable.set(name, { why: 'placeholder', where: source.where });
        continue;
      }
      context.io.mask(text);
      checkValue(name, text, source.where);
      values.set(name, value);
      origins.set(name, source.where);
      unusable.delete(name);
    }
  }
  return { values, origins, unusable };
}

export async function collectSecrets(context: Context): Promise<CollectedSecrets> {
  if (Object.keys(context.config.secrets).length === 0)
    return { values: new Map(), origins: new Map(), unusable: new Map() };
  return collectFrom(context, await openSources(context));
}

/**
 * A placeholder stops even when the VM has a value: somebody copied an example over what they had.
 * @param inVm names that have a value in the VM already. @throws SECRET_MISSING naming all at once
 */
export function checkRequired(context: Context, collected: CollectedSecrets, inVm: readonly string[]): void {
  const needed = new Set([
    ...context.config.registries.map(({ secret }) => secret),
    ...challengeSecrets(context.config.app.proxy),
  ]);
  const problems = Object.entries(context.config.secrets).flatMap(([name, { required, generate }]) => {
    if ((!required && !needed.has(name)) || collected.values.has(name)) return [];
    const unusable = collected.unusable.get(name);
    if (unusable?.why !== 'placeholder' && (inVm.includes(name) || generate !== undefined)) return [];
    return [{ name, unusable }];
  });
  if (problems.length === 0) return;
  const sources = context.config.secret_sources.map(({ use }) => use).join(', ');
  const list = problems
    .map(({ name, unusable }) => (unusable === undefined ? name : `${name} (${describeUnusable(unusable)})`))
    .join(', ');
  throw new ZebuError('SECRET_MISSING', `No value for ${list}`, {
    hint: `Looked in: ${sources}. Put them into .env, set variables of these names, or type them: zebu secrets:set.`,
    details: {
      missing: problems.map(({ name }) => name),
      problems: problems.map(({ name, unusable }) => ({
        name,
        reason: unusable === undefined ? 'missing' : describeUnusable(unusable),
      })),
    },
  });
}
