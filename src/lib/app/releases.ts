import { sh, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { around } from '../hooks/around.js';
import type { DeployResult } from '../deploy/deploy.js';
import { parseHistory, type ReleaseRecord } from '../app-folder/history.js';
import { appLayout } from '../app-folder/layout.js';
import { toReleaseId, type ReleaseId } from '../app-folder/release-id.js';
import { rollback } from '../deploy/rollback.js';
import { notDeployed } from '../app-folder/status.js';

export interface Release extends ReleaseRecord {
  readonly current: boolean;
  /** Still in the VM: it can be gone back to without a build. */
  readonly kept: boolean;
}

interface Releases {
  readonly releases: readonly Release[];
  readonly current: string | null;
}

function releasesScript(base: string): string {
  return sh`
cd ${base} 2>/dev/null || exit 0
printf 'current=%s\n' "$(readlink current 2>/dev/null)"
for verified in releases/*/verified; do [ -f "$verified" ] && printf 'kept=%s\n' "$(basename "$(dirname "$verified")")"; done
sed 's/^/record=/' releases.jsonl 2>/dev/null
exit 0
`;
}

/** The history with what is still there, newest first. */
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
  return { releases: releases.toReversed(), current };
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
  const { releases } = parseReleases(stdout);
  if (releases.length === 0) throw notDeployed(name);
  return releases;
}

/**
 * The release to go back to: the named one, else the newest verified one older than the live one, so that going back twice
 * does not return to what was fled. @throws REF_UNKNOWN
 */
export function chooseRelease(
  releases: readonly Release[],
  current: string | null,
  wanted: string | undefined,
): ReleaseId {
  const candidates = releases.filter(({ id, kept, verdict }) => kept && verdict === 'live' && id !== current);
  if (wanted === undefined) {
    const newest = candidates
      .filter(({ id }) => current === null || id < current)
      .toSorted((a, b) => (a.id < b.id ? 1 : -1))[0];
    if (newest !== undefined) return toReleaseId(newest.id);
    throw new ZebuError('REF_UNKNOWN', 'There is no earlier release to go back to', { hint: 'See zebu app:releases' });
  }
  const id = toReleaseId(wanted);
  const known = releases.find((release) => release.id === id && release.kept);
  if (known !== undefined) return id;
  throw new ZebuError('REF_UNKNOWN', `The release ${id} is not in the VM`, {
    hint: `There is ${candidates.map((release) => release.id).join(', ') || 'no other'}.`,
  });
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
  const { releases, current } = parseReleases(stdout);
  if (releases.length === 0) throw notDeployed(name);
  const id = chooseRelease(releases, current, wanted);
  return rollback(context, {
    id,
    previous: current,
    lockWait: context.config.deploy.lock_wait,
    session,
    host: address.host,
  });
}
