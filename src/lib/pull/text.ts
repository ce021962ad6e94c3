import { formatSeconds, formatUnixMinute } from '../ui/units.js';
import { unitTroubles } from '../units/seen.js';
import type { PullEnabled, PullStatus } from './results.js';

const ago = (then: number, now: number): string => `${formatSeconds(Math.max(0, now - then))} ago`;

/** What is left to do after `pull:enable`, for people. */
export function enabledLines({ accepted, key, keyPage, looked, every, repository }: PullEnabled): readonly string[] {
  const lines: string[] = [];
  if (accepted === true) lines.push(`${repository} lets the VM in; it looks again every ${every} s`);
  if (accepted === true && looked !== null) lines.push(looked.why);
  if (accepted !== true && looked !== null) lines.push(`${repository} does not let the VM in yet: ${looked.why}`);
  if (key !== null && accepted !== true)
    lines.push(
      keyPage === null
        ? 'Add this key to the repository at its server, as a deploy key that may only read:'
        : `Add this key at ${keyPage}, without write access:`,
    );
  if (key !== null) lines.push(key);
  return lines;
}

function troubleLine({ trouble }: PullStatus, now: number): readonly string[] {
  if (trouble === null) return [];
  const next = trouble.next > now ? `; asked again in ${formatSeconds(trouble.next - now)}` : '';
  return [`not reached since ${formatUnixMinute(trouble.since)} UTC, ${trouble.times} times${next}`];
}

/** `pull:status` for people. @param now Unix time in seconds of the VM's clock */
export function statusLines(status: PullStatus, now: number): readonly string[] {
  const {
    app,
    enabled,
    repository,
    tags,
    branch,
    every,
    signedBy,
    looked,
    planCurrent,
    run,
    refused,
    units,
    systemd,
    key,
  } = status;
  if (!enabled) return [`the VM does not deploy ${app} by itself: zebu pull:enable`];
  return [
    `${app} is deployed from ${repository ?? ''}: ${branch === null ? `tags ${tags ?? ''}` : `branch ${branch}`}, every ${every ?? 0} s`,
    `released by: ${signedBy.length === 0 ? 'whoever can push (pull.signed_by is none)' : signedBy.join(', ')}`,
    ...(looked === null ? ['not looked at yet'] : [`${looked.why} (looked at ${ago(looked.at, now)})`]),
    ...troubleLine(status, now),
    ...(planCurrent === false
      ? ['zebu.yml here is not what was enabled: commits that have it are refused until zebu pull:enable']
      : []),
    ...(systemd ? [] : ['the VM has no systemd: nothing looks by itself, only zebu pull:now']),
    ...units.flatMap(unitTroubles).map((trouble) => `${trouble}: zebu vm:apply puts it right`),
    ...(run === null ? [] : [`last run: ${run}`]),
    ...refused
      .slice(0, 5)
      .map(({ at, ref, cause, reason }) => `refused ${formatUnixMinute(at)} UTC, ${ref} (${cause}): ${reason}`),
    ...(key === null ? [] : [`deploy key: ${key}`]),
  ];
}
