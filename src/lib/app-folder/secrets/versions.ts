import * as z from 'zod';

const entry = z.object({
  digest: z.string(),
  /** ISO 8601: since when the value is what it is. */
  since: z.string(),
  /** The version that brought it. */
  version: z.number(),
  /** Digests of what a change made in the VM has replaced, newest last. A source that still has one of them is behind. */
  replaced: z.array(z.string()).optional(),
  /** It was rotated once: no release brings back a value from before. */
  rotated: z.boolean().optional(),
});

const versionRecord = z.object({
  version: z.number(),
  at: z.string(),
  who: z.string(),
  from: z.string(),
  /** The command that made it: `deploy`, `sync`, `set`, `generate`, `rotate`, `rollback`, `remove`. */
  why: z.string(),
  entries: z.record(z.string(), entry),
});

export type SecretEntry = z.infer<typeof entry>;
/** What is known of a version without its values. */
export type SecretVersion = z.infer<typeof versionRecord>;

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

function parseVersion(line: string): readonly SecretVersion[] {
  try {
    const parsed = versionRecord.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

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
      .flatMap(parseVersion)
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
