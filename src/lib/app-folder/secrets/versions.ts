import { acceptedJson } from '../../config/rules.js';
import { secretVersionLine } from '../built-rules.js';
import type { SecretEntry, SecretVersion } from './version-schema.js';

/** The secrets of an app as the VM has them, values left out. */
export interface SecretStore {
  /** Key of the digests; undefined before the first version. */
  readonly key: string | undefined;
  /** Number of the newest version; 0 for none. */
  readonly latest: number;
  /** Oldest first. */
  readonly versions: readonly SecretVersion[];
  /** Versions whose values are still there. */
  readonly kept: readonly number[];
  /** Release → number of its version. */
  readonly releases: ReadonlyMap<string, number>;
  /** Live release; undefined before the first deploy. */
  readonly current: string | undefined;
  /** How the link to the live release is; see current-link.sh. */
  readonly link?: string | undefined;
  /** A change of the live release's secrets was cut off, by a crash or a power cut. */
  readonly cutOff: boolean;
}

export const EMPTY_STORE: SecretStore = {
  key: undefined,
  latest: 0,
  versions: [],
  kept: [],
  releases: new Map(),
  current: undefined,
  cutOff: false,
};

/** Reads the `key=value` lines of the VM. */
export function parseStore(stdout: string): SecretStore {
  const lines = stdout.split('\n');
  const all = (key: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  const kept = all('secret-version')
    .map(Number)
    .filter((number) => Number.isInteger(number))
    .toSorted((a, b) => a - b);
  const releases = all('release-secrets').flatMap((text) => {
    const [, id, number] = /^(\S+) (\d+)$/.exec(text) ?? [];
    return id === undefined ? [] : [[id, Number(number)] as const];
  });
  return {
    key: all('secret-key')[0],
    latest: kept.at(-1) ?? 0,
    versions: all('secret-record')
      .flatMap((line) => acceptedJson(line, secretVersionLine) ?? [])
      .toSorted((a, b) => a.version - b.version),
    kept,
    releases: new Map(releases),
    current: all('current')[0]?.split('/').at(-1) || undefined,
    link: all('link')[0],
    cutOff: all('secret-cut-off').length > 0,
  };
}

/** What the newest version holds. */
export function latestEntries(store: SecretStore): Readonly<Record<string, SecretEntry>> {
  return store.versions.find(({ version }) => version === store.latest)?.entries ?? {};
}
