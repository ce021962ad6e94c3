import { ZebuError } from '@zebu/kit';

declare const brand: unique symbol;

/**
 * UTC time and short commit: `20261124T053000Z-1a2b3c4`; safe as a file name and image tag. The time is that of the clock
 * which asked for it, and says nothing about what came before or after: see order.sh.
 */
export type ReleaseId = string & { readonly [brand]: 'ReleaseId' };

export const RELEASE_ID = /^\d{8}T\d{6}Z-[0-9a-f]{7,40}$/;

export function makeReleaseId(now: Date, commit: string): ReleaseId {
  const time = now
    .toISOString()
    .replace(/\.\d{3}Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
  return `${time}-${commit.slice(0, 7)}` as ReleaseId;
}

/**
 * The name of a run that makes no release, such as a rollback: one of its own also where a deploy of the same commit was over within the same
 * second, for it has the thousandths behind the commit.
 */
export function makeRunId(now: Date, release: ReleaseId): ReleaseId {
  const commit = release.split('-').at(-1)?.slice(0, 7) ?? '';
  return `${makeReleaseId(now, commit)}${now.getUTCMilliseconds().toString(16).padStart(3, '0')}` as ReleaseId;
}

export function toReleaseId(text: string): ReleaseId {
  if (!RELEASE_ID.test(text))
    throw new ZebuError('REF_UNKNOWN', `\`${text}\` is not a release id`, { hint: 'See zebu app:releases' });
  return text as ReleaseId;
}
