import { ZebuError } from '@zebu/kit';
import { strengthOfValue, type Strength } from '@zebu/kit/core';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { collectSecrets } from './collect.js';
import { openSource } from './sources.js';
import { readStore } from './store.js';
import { readUsage } from './usage.js';
import { latestEntries } from '../app-folder/secrets/versions.js';
import type { PlaceList, SecretsList } from './results.js';

/** What another place holds, such as GitHub: names and dates. @throws USAGE for one that cannot tell */
export async function listPlace(context: Context, id: string): Promise<PlaceList> {
  const source = await openSource(context, id);
  if (source.list === undefined) throw new ZebuError('USAGE', `${source.where} cannot be listed`);
  const names = (await source.list()).map(({ name, updatedAt }) => ({
    name,
    updatedAt: updatedAt ?? null,
    declared: name in context.config.secrets,
  }));
  return { place: source.where, readable: source.readable !== false, names };
}

/** Every declared secret and every one that has a value in the VM. No value is read. */
export async function listSecrets(context: Context): Promise<SecretsList> {
  const collected = await collectSecrets(context);
  const { session } = await openGuest(context);
  const store = await readStore(context, session);
  const usage = await readUsage(context, session);
  const entries = latestEntries(store);
  const { secrets: declared } = context.config;
  const digestIn = (version: number | undefined, name: string): string | undefined =>
    store.versions.find((each) => each.version === version)?.entries[name]?.digest;
  const live = store.current === undefined ? undefined : store.releases.get(store.current);
  // What was rotated is the same for every release, whatever version that one refers to; one that was set since waits for a deploy.
  const follows = (name: string): boolean =>
    live !== undefined &&
    (typeof declared[name]?.rotate === 'object' ||
      (entries[name]?.rotated === true &&
        [...store.releases.values()].some((version) => digestIn(version, name) === entries[name]?.digest)));
  const isLive = (name: string, digest: string): boolean => digestIn(live, name) === digest || follows(name);
  const masking = (name: string): Strength | null => {
    const value = collected.values.get(name);
    return value === undefined ? null : strengthOfValue(value.reveal());
  };
  const names = [...new Set([...Object.keys(declared), ...Object.keys(entries)])];
  return {
    version: store.latest,
    release: store.current ?? null,
    secrets: names.map((name) => {
      const entry = entries[name];
      return {
        name,
        declared: name in declared,
        required: declared[name]?.required ?? false,
        state: entry === undefined ? 'none' : isLive(name, entry.digest) ? 'live' : 'next',
        digest: entry?.digest ?? null,
        since: entry?.since ?? null,
        source: collected.origins.get(name) ?? null,
        masked: masking(name),
        usedBy: usage === undefined ? null : (usage.get(name) ?? []),
        releases: [...store.releases]
          .filter(([, version]) => entry !== undefined && digestIn(version, name) === entry.digest)
          .map(([id]) => id),
      };
    }),
  };
}
