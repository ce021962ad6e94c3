import { isZebuError, ZebuError } from '@zebu/kit';
import { ageSeconds } from '../../config/durations.js';
import type { BackupSection } from '../../config/backup-section.js';
import type { Context } from '../../context/context.js';
import { backupJobsAnswer, scheduleAnswer, type BackupJob } from '../../proxmox/answers.js';
import { makeClient, type ProxmoxClient } from '../../proxmox/client.js';
import { findVm } from '../../proxmox/observe.js';
import { parseAnswer } from '../../proxmox/parse.js';
import { covers, isOwnJob, type JobTarget } from './job.js';
import { readBackups } from './read.js';
import type { BackupAge, BackupJobState } from './results.js';

/** @throws PROXMOX_FORBIDDEN without Sys.Audit on / */
export async function readJobs(client: ProxmoxClient): Promise<readonly BackupJob[]> {
  return parseAnswer(backupJobsAnswer, await client.request('GET', '/cluster/backup'), 'the backup jobs');
}

/** The same; undefined for a login that may not see them. */
export async function readJobsIfAllowed(client: ProxmoxClient): Promise<readonly BackupJob[] | undefined> {
  try {
    return await readJobs(client);
  } catch (error) {
    if (isZebuError(error) && error.code === 'PROXMOX_FORBIDDEN') return undefined;
    throw error;
  }
}

/** Those of the app, and those of others that back its VM up. */
export function jobStates(
  jobs: readonly BackupJob[],
  app: string,
  target: JobTarget | undefined,
): readonly BackupJobState[] {
  return jobs
    .filter((job) => isOwnJob(job, app) || (target !== undefined && covers(job, target)))
    .map((job) => ({
      id: job.id,
      ours: isOwnJob(job, app),
      enabled: job.enabled,
      schedule: job.schedule,
      storage: job.storage ?? null,
      next: job['next-run'] ?? null,
    }));
}

/** Enough to see the pause over a weekend. */
const LOOKED_AHEAD = 10;

/** Of a schedule that Proxmox cannot lay out. */
const PAUSE_UNKNOWN = 86_400;

/**
 * The longest pause of a schedule, in seconds.
 * @throws CONFIG_INVALID for one that Proxmox does not take
 */
export async function longestPause(client: ProxmoxClient, schedule: string): Promise<number> {
  try {
    const data = await client.request('GET', '/cluster/jobs/schedule-analyze', { schedule, iterations: LOOKED_AHEAD });
    const times = parseAnswer(scheduleAnswer, data, 'the times of a schedule').map(({ timestamp }) => timestamp);
    const pauses = times.slice(1).map((time, i) => time - (times[i] ?? time));
    return Math.max(...pauses, pauses.length === 0 ? PAUSE_UNKNOWN : 0);
  } catch (error) {
    if (!isZebuError(error) || error.code !== 'PROXMOX_REFUSED') throw error;
    throw new ZebuError('CONFIG_INVALID', `vm.backup.schedule: Proxmox takes no schedule \`${schedule}\``, {
      hint: 'Such as 02:30, sun 01:00, mon..fri 22:00 or *-*-01 03:00.',
      cause: error,
    });
  }
}

/** How old the newest backup is. @param vm undefined: there is none now */
export async function readBackupAge(
  client: ProxmoxClient,
  app: string,
  section: BackupSection,
  vm: JobTarget,
  now: Date,
): Promise<BackupAge> {
  const [jobs, backups, pause] = await Promise.all([
    readJobs(client),
    readBackups(client, vm.node, app, vm.vmid),
    section.max_age === undefined ? longestPause(client, section.schedule) : 0,
  ]);
  const newest = backups[0] ?? null;
  const seconds = newest === null ? null : Math.max(0, Math.round(now.getTime() / 1000 - newest.time));
  const maxSeconds = section.max_age === undefined ? 2 * pause : ageSeconds(section.max_age);
  return {
    jobs: jobStates(jobs, app, vm),
    newest,
    seconds,
    maxSeconds,
    tooOld: seconds === null || seconds > maxSeconds,
  };
}

/** What `app:status` asks, where zebu.yml wants backups at all. A Proxmox that does not answer is no reason to show nothing. */
export async function backupAge(context: Context): Promise<BackupAge | null> {
  const { app, vm } = context.config;
  if (vm.backup?.enabled !== true) return null;
  try {
    const client = await makeClient(await context.transport(), context.io);
    const row = await findVm(client, app.name);
    return row === undefined ? null : await readBackupAge(client, app.name, vm.backup, row, context.clock.now());
  } catch (error) {
    context.signal.throwIfAborted();
    context.io.warn(`How old the newest backup is could not be seen: ${(error as Error).message}`);
    return null;
  }
}
