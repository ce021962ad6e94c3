/** A tag that says a version: `v1.2.3`, `16.4-alpine3.20`, `3.13.0rc1-slim`. */
interface Version {
  /** `v`, or what else stands before. */
  readonly prefix: string;
  readonly parts: readonly number[];
  /** A preview: `rc.1`. */
  readonly preview: string | undefined;
  /** What kind it is of, with # for the numbers in it: `-alpine#.#`. Only like is compared with like. */
  readonly variant: string;
  /** The numbers in the variant. */
  readonly inVariant: readonly number[];
}

/** The newest tags of the same kind; null for none that is newer. */
export interface Newer {
  /** Only the third number and what follows it differ, or the numbers of the variant. */
  readonly patch: string | null;
  readonly minor: string | null;
  readonly major: string | null;
}

/** Longer ones are dates, builds and commits, and newer than any version. */
const DIGITS = 9;
const LONE_DIGITS = 5;
const PREVIEW =
  /^[-.]?((?:alpha|beta|rc|cr|pre|preview|dev|develop|nightly|snapshot|canary|edge|next|test|testing|unstable|milestone|ea|a|b|m|p?rc)[.-]?\d*(?:\.\d+)*)(?![a-z])/i;

/** Undefined for a tag without a version, such as `latest`. */
export function parseVersion(tag: string): Version | undefined {
  const [all, prefix = '', numbers = ''] = /^(v|version-|release-)?(\d+(?:\.\d+)*)/i.exec(tag) ?? [];
  if (all === undefined) return undefined;
  const texts = numbers.split('.');
  if (texts.some((text) => text.length > DIGITS)) return undefined;
  let rest = tag.slice(all.length);
  // `1a2b3c` is a commit.
  const [taken, preview] = PREVIEW.exec(rest) ?? [];
  if (taken !== undefined) rest = rest.slice(taken.length);
  if (rest !== '' && !/^[-_.]/.test(rest)) return undefined;
  const words = rest.split(/[-_.]/).filter((word) => word !== '');
  if (preview === undefined && words.some((word) => PREVIEW.exec(word)?.[0] === word))
    return { prefix, parts: texts.map(Number), preview: rest, variant: rest, inVariant: [] };
  return {
    prefix,
    parts: texts.map(Number),
    preview,
    variant: rest.replaceAll(/\d+/g, '#'),
    inVariant: (rest.match(/\d+/g) ?? []).map(Number),
  };
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A preview comes before what it is a preview of. */
function compare(a: Version, b: Version): number {
  const parts = compareNumbers(a.parts, b.parts);
  if (parts !== 0) return parts;
  const previews = Number(a.preview === undefined) - Number(b.preview === undefined);
  return previews === 0 ? compareNumbers(a.inVariant, b.inVariant) : previews;
}

/** Numbers of one part that are too long are dates and builds, unless they are what is used already. */
const plausible = ({ parts }: Version, current: Version): boolean =>
  parts.length > 1 || String(parts[0]).length < LONE_DIGITS || String(current.parts[0]).length >= LONE_DIGITS;

/**
 * What is newer than a tag among those of the same kind: as many numbers, the same words before and behind, no preview.
 * @returns undefined for a tag without a version
 */
export function newerTags(tag: string, tags: Iterable<string>): Newer | undefined {
  const current = parseVersion(tag);
  if (current === undefined) return undefined;
  const best: Record<keyof Newer, { readonly tag: string; readonly version: Version } | null> = {
    patch: null,
    minor: null,
    major: null,
  };
  for (const each of tags) {
    const version = parseVersion(each);
    if (
      version === undefined ||
      version.preview !== undefined ||
      version.prefix !== current.prefix ||
      version.parts.length !== current.parts.length ||
      version.variant !== current.variant ||
      !plausible(version, current) ||
      compare(version, current) <= 0
    )
      continue;
    const kind =
      version.parts[0] === current.parts[0] ? (version.parts[1] === current.parts[1] ? 'patch' : 'minor') : 'major';
    const before = best[kind];
    if (before === null || compare(version, before.version) > 0) best[kind] = { tag: each, version };
  }
  return { patch: best.patch?.tag ?? null, minor: best.minor?.tag ?? null, major: best.major?.tag ?? null };
}
