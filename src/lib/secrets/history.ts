import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { readStore } from './store.js';
import type { SecretVersionSummary } from './results.js';

/** The versions, newest first: names that changed, never a value. */
export async function secretHistory(context: Context): Promise<readonly SecretVersionSummary[]> {
  const { session } = await openGuest(context);
  const store = await readStore(context, session);
  return store.versions
    .map((record, index): SecretVersionSummary => {
      const before = store.versions[index - 1]?.entries ?? {};
      const { version, at, who, from, why, entries } = record;
      const releases = [...store.releases].filter(([, each]) => each === version).map(([id]) => id);
      return {
        ...{ version, at, who, from, why },
        added: Object.keys(entries).filter((name) => !(name in before)),
        changed: Object.keys(entries).filter(
          (name) => name in before && before[name]?.digest !== entries[name]?.digest,
        ),
        removed: Object.keys(before).filter((name) => !(name in entries)),
        kept: store.kept.includes(version),
        releases,
        live: store.current !== undefined && releases.includes(store.current),
      };
    })
    .toReversed();
}
