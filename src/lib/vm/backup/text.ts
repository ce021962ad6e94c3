import { formatSeconds, formatUnixMinute } from '../../ui/units.js';
import { PLACES } from './place.js';
import type { BackupAge, BackupJobState } from './results.js';

const minute = (unixSeconds: number): string => `${formatUnixMinute(unixSeconds)} UTC`;

/** When something backs the VM up again. */
export function jobsText(jobs: readonly BackupJobState[]): string {
  const enabled = jobs.filter((job) => job.enabled);
  if (enabled.length === 0) return jobs.length === 0 ? 'by no job' : 'its job is switched off';
  const due = enabled.flatMap(({ next }) => (next === null ? [] : [next]));
  return due.length === 0 ? `by the job ${enabled.map(({ id }) => id).join(', ')}` : `next ${minute(Math.min(...due))}`;
}

/** What backs the VM up by schedule, a line each. */
export function jobLines(jobs: readonly BackupJobState[] | null): readonly string[] {
  if (jobs === null) return [];
  if (jobs.length === 0) return ['no job of Proxmox backs it up: vm.backup in zebu.yml makes one'];
  return jobs.map(({ id, ours, enabled, schedule, storage, next }) => {
    const when = enabled ? `${schedule}${next === null ? '' : `, next ${minute(next)}`}` : 'switched off';
    return `job ${id}${ours ? '' : ' (of somebody else)'}: ${when}${storage === null ? '' : `, to ${storage}`}`;
  });
}

/** How old the newest is, in one line. */
export function backupText({ jobs, newest, seconds, maxSeconds, tooOld }: BackupAge): string {
  if (newest === null || seconds === null) return `NONE yet; ${jobsText(jobs)}`;
  const old = tooOld ? `, TOO OLD (more than ${formatSeconds(maxSeconds)})` : '';
  return `${formatSeconds(seconds)} ago on ${newest.storage}, ${PLACES[newest.place]}${old}; ${jobsText(jobs)}`;
}
