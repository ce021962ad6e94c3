import { isPlaceholder, isZebuError, Sensitive, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { isBound } from '../config/secret-meaning.js';
import { checkLink } from '../app-folder/current-link.js';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { applyChanges } from './apply.js';
import { declarationsOf } from './declared.js';
import { generateValue, USUAL } from './generate.js';
import { checkValue } from './value.js';
import type { SecretChanges } from './bundle.js';
import { readStore, readValues, writeStore } from './store.js';
import { latestEntries, type SecretStore } from '../app-folder/secrets/versions.js';
import type { ChangedSecrets } from './results.js';
import { planWriteBack, writeBack, type AskToWriteBack } from './write-back.js';

/** Stores, or stores and brings the live release to it; then the sources that have the values before. */
async function carry(
  context: Context,
  session: SshSession,
  store: SecretStore,
  changes: SecretChanges,
  options: { why: string; apply: boolean; writeBack: AskToWriteBack },
): Promise<ChangedSecrets> {
  const plan = await planWriteBack(context, store, changes.set, options.writeBack);
  const changed = await bring(context, session, store, changes, options);
  return { ...changed, sources: [...(await writeBack(context, plan, changes.set))] };
}

async function bring(
  context: Context,
  session: SshSession,
  store: SecretStore,
  changes: SecretChanges,
  options: { why: string; apply: boolean },
): Promise<Omit<ChangedSecrets, 'sources'>> {
  const names = [...changes.set.keys(), ...changes.remove];
  if (names.length === 0) return { names, version: store.latest, applied: false, services: [] };
  if (options.apply) checkLink(context.config.app.name, store.link);
  if (options.apply && store.current !== undefined) {
    const { version, services } = await applyChanges(
      context,
      session,
      { ...store, current: store.current },
      changes,
      options.why,
    );
    return { names, version, applied: true, services };
  }
  const version = await writeStore(context, session, store, changes, options.why);
  return { names, version, applied: false, services: [] };
}

/** @throws USAGE for what cannot be a value */
export function givenValue(context: Context, name: string, text: string): Sensitive {
  context.io.mask(text);
  checkValue(name, text, 'standard input');
  if (text.trim() === '') throw new ZebuError('USAGE', `The value for ${name} is empty`);
  if (isPlaceholder(text)) throw new ZebuError('USAGE', `The value for ${name} is a placeholder of an example`);
  return new Sensitive(text);
}

/** Sets one value. @throws SECRET_UNKNOWN, SECRET_PROTECTED when the data was made with another */
export async function setSecret(
  context: Context,
  name: string,
  value: Sensitive,
  options: { apply: boolean; writeBack: AskToWriteBack },
): Promise<ChangedSecrets> {
  const declaration = declarationsOf(context, [name]).get(name);
  const { session } = await openGuest(context);
  const store = await readStore(context, session);
  if (isBound(context.config, name) && latestEntries(store)[name] !== undefined) {
    throw new ZebuError('SECRET_PROTECTED', `The data in the VM was made with the value ${name} has`, {
      hint:
        declaration?.rotate === 'never'
          ? '`rotate: never` in zebu.yml refuses another one.'
          : `Change both with zebu secrets:rotate ${name}; a value on standard input is taken.`,
      details: { name },
    });
  }
  return carry(context, session, store, { set: new Map([[name, value]]), remove: [] }, { why: 'set', ...options });
}

/** Makes values for names that have none. @param names empty for all that are declared `generate` */
export async function generateSecrets(context: Context, names: readonly string[]): Promise<ChangedSecrets> {
  const declared = context.config.secrets;
  const chosen =
    names.length > 0
      ? [...declarationsOf(context, names).keys()]
      : Object.keys(declared).filter((name) => declared[name]?.generate !== undefined);
  const { session } = await openGuest(context);
  const store = await readStore(context, session);
  const entries = latestEntries(store);
  const held = chosen.filter((name) => entries[name] !== undefined);
  if (names.length > 0 && held.length > 0) {
    throw new ZebuError('SECRET_PROTECTED', `The VM has a value for ${held.join(', ')}`, {
      hint: 'Give it a new one with zebu secrets:rotate.',
      details: { names: held },
    });
  }
  const set = new Map(
    chosen.filter((name) => entries[name] === undefined).map((name) => [name, freshValue(context, name)] as const),
  );
  const changed = await bring(context, session, store, { set, remove: [] }, { why: 'generate', apply: false });
  return { ...changed, sources: [] };
}

function freshValue(context: Context, name: string): Sensitive {
  const value = generateValue(context.config.secrets[name]?.generate ?? USUAL);
  context.io.mask(value);
  return new Sensitive(value);
}

export interface RotateOptions {
  /** The value to take, read when all else is in order; undefined has one made. @throws USAGE when there is neither */
  readonly value: (name: string, generate: boolean) => Promise<Sensitive | undefined>;
  readonly writeBack: AskToWriteBack;
  /** Called with the new values before they are stored, where something outside of the app has to take them beside the old ones. */
  readonly admit: (values: ReadonlyMap<string, Sensitive>) => Promise<Admitted>;
}

/** Lets go of the old values where the new ones are in force, and else of the new; of none where nobody knows. */
type Admitted = (inForce: boolean | undefined) => Promise<void>;

/**
 * New values, live at once: only what uses them is recreated, and all of it is undone when the app is not healthy with
 * them. @throws SECRET_PROTECTED for `rotate: never`, DEPLOY_RESTORED, DEPLOY_UNHEALTHY
 */
export async function rotateSecrets(
  context: Context,
  names: readonly string[],
  options: RotateOptions,
): Promise<ChangedSecrets> {
  const declarations = declarationsOf(context, names);
  const never = names.filter((name) => declarations.get(name)?.rotate === 'never');
  if (never.length > 0) {
    throw new ZebuError('SECRET_PROTECTED', `zebu.yml says \`rotate: never\` for ${never.join(', ')}`, {
      hint: 'What was made with it would be lost. Remove that line only when you are sure.',
      details: { names: never },
    });
  }
  const { session } = await openGuest(context);
  const store = await readStore(context, session);
  const entries = latestEntries(store);
  const none = names.filter((name) => entries[name] === undefined);
  if (none.length > 0) {
    throw new ZebuError('SECRET_UNKNOWN', `The VM has no value for ${none.join(', ')} to rotate`, {
      hint: 'Give it one with zebu secrets:set or zebu secrets:generate.',
    });
  }
  const set = new Map<string, Sensitive>();
  for (const name of names) {
    const given = await options.value(name, declarations.get(name)?.generate !== undefined);
    set.set(name, given ?? freshValue(context, name));
  }
  const { writeBack } = options;
  const letGo = await options.admit(set);
  const changed = await carry(
    context,
    session,
    store,
    { set, remove: [] },
    { why: 'rotate', apply: true, writeBack },
  ).catch(async (error: unknown) => {
    // What came of it is not known to anybody: both are taken then, and nothing is lost.
    await letGo(isZebuError(error) && error.code !== 'OUTCOME_UNKNOWN' && !context.signal.aborted ? false : undefined);
    throw error;
  });
  await letGo(true);
  return changed;
}

/** The values of an earlier version again, as a new version. What the data was made with stays as it is. */
export async function rollbackSecrets(
  context: Context,
  wanted: number | undefined,
  options: { writeBack: AskToWriteBack },
): Promise<ChangedSecrets> {
  const { session } = await openGuest(context);
  const store = await readStore(context, session);
  const version = wanted ?? store.kept.at(-2);
  if (version === undefined) {
    throw new ZebuError('SECRET_UNKNOWN', 'There is no earlier version of the secrets in the VM', {
      hint: 'See zebu secrets:history.',
    });
  }
  const [then, now] = [
    await readValues(context, session, store, { version }),
    await readValues(context, session, store),
  ];
  const differing = [...then].filter(([name, value]) => now.get(name)?.reveal() !== value.reveal());
  const bound = differing.filter(([name]) => isBound(context.config, name)).map(([name]) => name);
  if (bound.length > 0) context.io.warn(`Left as it is, since the data goes with it: ${bound.join(', ')}`);
  const set = new Map(differing.filter(([name]) => !bound.includes(name)));
  return carry(context, session, store, { set, remove: [] }, { why: 'rollback', apply: true, ...options });
}

/** One value out of the VM, to be shown. @throws SECRET_UNKNOWN */
export async function getSecret(context: Context, name: string): Promise<Sensitive> {
  const { session } = await openGuest(context);
  const store = await readStore(context, session);
  const value = (await readValues(context, session, store, { mask: false })).get(name);
  if (value !== undefined) return value;
  throw new ZebuError('SECRET_UNKNOWN', `The VM has no value for ${name}`, { hint: 'See zebu secrets:list.' });
}
