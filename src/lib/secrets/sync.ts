import { Sensitive, ZebuError, type ListedSecret, type SecretSource } from '@zebu/kit';
import { checkLink } from '../app-folder/current-link.js';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { applyChanges } from './apply.js';
import { compareSecrets, generateMissing, refuseUnwanted } from './changes.js';
import { collectFrom, collectSecrets, describeUnusable } from './collect.js';
import { keyedDigest, newDigestKey } from './digest.js';
import { readMemory, saveMemory, type SecretMemory } from './memory.js';
import { openSource, writable } from './sources.js';
import { readStore, readValues, writeStore } from './store.js';
import type { SecretChange, SyncResult } from './results.js';

export interface SyncOptions {
  /** Id of a source, `vm`, or undefined for all configured sources in their order. */
  readonly from: string | undefined;
  /** `vm`, or the id of a source that can be written to. */
  readonly to: string;
  readonly dryRun: boolean;
  /** Bring the live release to the new values at once. */
  readonly apply: boolean;
  /** Asks before names that are no longer declared are removed; undefined leaves them alone. */
  readonly prune: ((names: readonly string[]) => Promise<boolean>) | undefined;
}

interface Given {
  readonly where: string;
  readonly values: ReadonlyMap<string, Sensitive>;
  readonly origins: ReadonlyMap<string, string>;
}

async function given(context: Context, from: string | undefined): Promise<Given> {
  if (from === 'vm') {
    const { session } = await openGuest(context);
    const all = await readValues(context, session, await readStore(context, session));
    const values = new Map([...all].filter(([name]) => name in context.config.secrets));
    return { where: 'the VM', values, origins: new Map([...values.keys()].map((name) => [name, 'the VM'])) };
  }
  const sources = from === undefined ? undefined : [await openSource(context, from)];
  const collected = await (sources === undefined ? collectSecrets(context) : collectFrom(context, sources));
  const [only] = sources ?? [];
  if (only?.readable === false && collected.values.size === 0) {
    throw new ZebuError(
      'SECRET_STORE_REFUSED',
      `${only.where} has no values here: what is stored there cannot be read back`,
      {
        hint: 'It gives names and dates only (zebu secrets:list --in github). In a workflow: env: { ZEBU_SECRETS: "${{ toJSON(secrets) }}" }',
      },
    );
  }
  for (const [name, unusable] of collected.unusable)
    context.io.warn(`${name} is left alone: ${describeUnusable(unusable)}`);
  return { where: sources?.[0]?.where ?? 'the configured sources', ...collected };
}

async function toVm(context: Context, source: Given, options: SyncOptions): Promise<SyncResult> {
  const { session } = await openGuest(context);
  const found = await readStore(context, session);
  const key = found.key ?? newDigestKey();
  const store = { ...found, key };
  const declared = context.config.secrets;
  let changes = compareSecrets({ declared, ...source, store, key });
  // A dry run shows what a real one would refuse.
  if (!options.dryRun) refuseUnwanted(context.config, changes, found);
  const stale = changes.filter(({ status }) => status === 'stale').map(({ name }) => name);
  const remove =
    stale.length > 0 && options.prune !== undefined && (options.dryRun || (await options.prune(stale))) ? stale : [];
  changes = changes.map((change) =>
    remove.includes(change.name) ? { ...change, status: 'removed', after: null } : change,
  );
  const result = { from: source.where, to: 'the VM', dryRun: options.dryRun, changes };
  if (options.dryRun) return { ...result, version: found.latest, applied: false };
  const set = new Map(generateMissing(declared, changes, (value) => new Sensitive(value)));
  for (const value of set.values()) context.io.mask(value.reveal());
  for (const { name, status } of changes) {
    const value = source.values.get(name);
    if (value !== undefined && (status === 'added' || status === 'changed')) set.set(name, value);
  }
  if (set.size === 0 && remove.length === 0) return { ...result, version: found.latest, applied: false };
  if (options.apply) checkLink(context.config.app.name, found.link);
  if (options.apply && found.current !== undefined) {
    const { version } = await applyChanges(
      context,
      session,
      { ...store, current: found.current },
      { set, remove },
      'sync',
    );
    return { ...result, version, applied: true };
  }
  const version = await writeStore(context, session, store, { set, remove }, 'sync');
  return { ...result, version, applied: false };
}

/** What the place has, as digests: of what can be read, else of what is remembered to have been written. */
async function digestsAt(
  source: SecretSource,
  names: readonly string[],
  memory: SecretMemory,
): Promise<ReadonlyMap<string, string | null>> {
  if (source.readable !== false) {
    const values = await source.read(names);
    return new Map([...values].map(([name, value]) => [name, keyedDigest(memory.key, name, value.reveal())]));
  }
  const listed: readonly ListedSecret[] = (await source.list?.()) ?? [];
  const written = memory.places[source.where] ?? {};
  return new Map(
    listed.map(({ name, updatedAt }) => {
      const known = written[name];
      // Somebody else wrote it since: its value is not known any more.
      return [name, known !== undefined && known.updatedAt === (updatedAt ?? null) ? known.digest : null];
    }),
  );
}

async function toPlace(
  context: Context,
  source: Given,
  target: SecretSource,
  options: SyncOptions,
): Promise<SyncResult> {
  const place = writable(target);
  const memory = await readMemory(context);
  const names = Object.keys(context.config.secrets);
  const there = await digestsAt(place, names, memory);
  const written = memory.places[place.where] ?? {};
  const declaredChanges = names.map((name): SecretChange => {
    const [before, value] = [there.get(name), source.values.get(name)];
    const origin = source.origins.get(name) ?? null;
    if (value === undefined) {
      return {
        name,
        status: before === undefined ? 'missing' : 'kept',
        before: before ?? null,
        after: before ?? null,
        origin,
      };
    }
    const after = keyedDigest(memory.key, name, value.reveal());
    const status = before === undefined ? 'added' : before === after ? 'unchanged' : 'changed';
    return { name, status, before: before ?? null, after, origin };
  });
  // Only names that zebu itself wrote there: the place may hold others that do not belong to the app.
  const stale = Object.keys(written).filter((name) => !names.includes(name) && there.has(name));
  const canRemove = place.remove !== undefined && options.prune !== undefined && stale.length > 0;
  const remove = canRemove && (options.dryRun || (await options.prune?.(stale)) === true) ? stale : [];
  const staleChanges = stale.map((name): SecretChange => {
    const before = there.get(name) ?? null;
    return remove.includes(name)
      ? { name, status: 'removed', before, after: null, origin: null }
      : { name, status: 'stale', before, after: before, origin: null };
  });
  const changes = [...declaredChanges, ...staleChanges];
  const result = {
    from: source.where,
    to: place.where,
    dryRun: options.dryRun,
    changes,
    version: null,
    applied: false,
  };
  if (options.dryRun) return result;
  const set = new Map(
    changes.flatMap(({ name, status }) => {
      const value = source.values.get(name);
      return value !== undefined && (status === 'added' || status === 'changed') ? [[name, value] as const] : [];
    }),
  );
  if (set.size > 0) await place.write(set);
  if (remove.length > 0) await place.remove?.(remove);
  if (place.readable === false && set.size + remove.length > 0) await remember(context, place, memory, set, remove);
  return result;
}

async function remember(
  context: Context,
  place: SecretSource,
  memory: SecretMemory,
  set: ReadonlyMap<string, Sensitive>,
  remove: readonly string[],
): Promise<void> {
  const dates = new Map(((await place.list?.()) ?? []).map(({ name, updatedAt }) => [name, updatedAt ?? null]));
  const written = { ...memory.places[place.where] };
  for (const name of remove) delete written[name];
  for (const [name, value] of set) {
    written[name] = { digest: keyedDigest(memory.key, name, value.reveal()), updatedAt: dates.get(name) ?? null };
  }
  await saveMemory(context, { ...memory, places: { ...memory.places, [place.where]: written } });
}

/** Brings a place to what the sources have. Adds and changes; removes only what is asked for and agreed to. */
export async function syncSecrets(context: Context, options: SyncOptions): Promise<SyncResult> {
  const { from, to } = options;
  if (from === to)
    throw new ZebuError('USAGE', `--from and --to are both ${to}`, { hint: 'Give two different places.' });
  // What is wrong with the target is said before anything is read.
  const target = to === 'vm' ? undefined : writable(await openSource(context, to));
  const source = await given(context, from);
  return target === undefined ? toVm(context, source, options) : toPlace(context, source, target, options);
}
