import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { readStore } from './store.js';

export interface SecretVersionSummary {
  readonly version: number;
  readonly at: string;
  readonly who: string;
  readonly from: string;
  readonly why: string;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Its values are still in the VM: it can be rolled back to. */
  readonly kept: boolean;
  readonly releases: readonly string[];
  /** The live release has it. */
  readonly live: boolean;
}

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
