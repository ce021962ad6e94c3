import { variables, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { around } from '../hooks/around.js';
import type { DeployResult } from '../deploy/results.js';
import { checkLink, warnOfLink } from '../app-folder/current-link.js';
import { parseHistory } from '../app-folder/history.js';
import { appLayout } from '../app-folder/layout.js';
import { toReleaseId, type ReleaseId } from '../app-folder/release-id.js';
import { rollback } from '../deploy/rollback.js';
import { notDeployed } from '../app-folder/status.js';
import RELEASES from './releases.sh';
import type { Release } from './results.js';

interface Releases {
  readonly releases: readonly Release[];
  readonly current: string | null;
  /** Ids of all that have a folder in the VM, in the order the VM was given them. */
  readonly order: readonly string[];
  /** Ids of those that were live and were not rolled back from since, in the order they were live in. */
  readonly turns: readonly string[];
  /** How the link to the live one is; see current-link.sh. */
  readonly link: string | undefined;
}

export const releasesScript = (base: string): string => variables({ base }) + RELEASES;

/** The history with what is still there, newest first: in the order of the VM, which wrote it under its lock. */
export function parseReleases(stdout: string): Releases {
  const lines = stdout.split('\n');
  const valuesOf = (key: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  const current = valuesOf('current')[0]?.split('/').at(-1) || null;
  const kept = new Set(valuesOf('kept'));
  const releases = parseHistory(valuesOf('record').join('\n')).map((record) => ({
    ...record,
    current: record.id === current,
    kept: kept.has(record.id),
  }));
  return {
    releases: releases.toReversed(),
    current,
    order: valuesOf('place'),
    turns: valuesOf('turn'),
    link: valuesOf('link')[0],
  };
}

/** @throws APP_MISSING */
export async function listReleases(context: Context): Promise<readonly Release[]> {
  return listReleasesIn((await openGuest(context)).session, context);
}

/** The same over a connection that is there. @throws APP_MISSING */
export async function listReleasesIn(session: SshSession, context: Context): Promise<readonly Release[]> {
  const { name } = context.config.app;
  const { stdout } = await session.exec(
    { line: releasesScript(appLayout(name).base) },
    { signal: context.signal, timeoutMs: 60_000 },
  );
  const { releases, link } = parseReleases(stdout);
  if (releases.length === 0) throw notDeployed(name);
  warnOfLink(context, link);
  return releases;
}

/**
 * The release to go back to: the one of that id or ref, else the one that was live before the live one and was not rolled back from
 * since, so that neither a second rollback nor one after a further deploy returns to a release that somebody rolled back from.
 * @throws REF_UNKNOWN
 */
export function chooseRelease({ releases, current, order, turns }: Releases, wanted: string | undefined): ReleaseId {
  const candidates = releases.filter(({ id, kept, verdict }) => kept && verdict === 'live' && id !== current);
  if (wanted === undefined) {
    // For a release without a record in the history, only the order in which releases came to the VM is known.
    const known = current !== null && turns.includes(current) ? turns : order;
    const before = current === null ? known : known.slice(0, Math.max(0, known.indexOf(current)));
    const newest = before.findLast((id) => candidates.some((each) => each.id === id));
    if (newest !== undefined) return toReleaseId(newest);
    throw new ZebuError('REF_UNKNOWN', 'There is no earlier release to go back to', { hint: 'See zebu app:releases' });
  }
  // An id, or what was deployed: of a tag that was deployed twice the newest.
  const named = releases.filter(
    ({ id, ref, mode }) => id === wanted || (ref === wanted && mode !== 'secrets' && mode !== 'data'),
  );
  const known = named.find(({ id, kept, verdict }) => kept && (id === wanted || verdict === 'live'));
  if (known !== undefined) return toReleaseId(known.id);
  const there = [...new Set(candidates.map(({ ref, id }) => `${ref} (${id})`))].join(', ');
  throw new ZebuError(
    'REF_UNKNOWN',
    named.length === 0 ? `There is no release ${wanted} in the VM` : `The release ${wanted} is not in the VM any more`,
    {
      hint: there === '' ? 'There is no other.' : `To go back to there is ${there}. zebu app:deploy brings any other.`,
    },
  );
}

/** Makes an earlier release live again. @throws APP_MISSING, REF_UNKNOWN */
export function rollBack(context: Context, wanted: string | undefined): Promise<DeployResult> {
  return around(
    context,
    'rollback',
    { release: wanted ?? null },
    () => rollBackTo(context, wanted),
    (result) => result,
  );
}

async function rollBackTo(context: Context, wanted: string | undefined): Promise<DeployResult> {
  const { session, address } = await openGuest(context);
  const { name } = context.config.app;
  const { stdout } = await session.exec(
    { line: releasesScript(appLayout(name).base) },
    { signal: context.signal, timeoutMs: 60_000 },
  );
  const found = parseReleases(stdout);
  if (found.releases.length === 0) throw notDeployed(name);
  checkLink(name, found.link);
  const id = chooseRelease(found, wanted);
  return rollback(context, {
    id,
    previous: found.current,
    lockWait: context.config.deploy.lock_wait,
    session,
    host: address.host,
  });
}
