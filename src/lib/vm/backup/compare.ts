import type { Io } from '@zebu/kit';
import type { ProxmoxClient } from '../../proxmox/client.js';
import type { DesiredVm } from '../desired.js';
import { backupJobChange, foreignJobs, type BackupJobChange, type JobTarget } from './job.js';
import { PLACES, placeOf } from './place.js';
import { chooseBackupStorage, readBackupStorages } from './read.js';
import type { BackupJobState } from './results.js';
import { jobStates, longestPause, readJobs } from './state.js';

/** `vm.backup` beside the jobs there are. */
export interface ComparedBackup {
  readonly change: BackupJobChange | undefined;
  /** Jobs of others that back the VM up already. */
  readonly foreign: readonly BackupJobState[];
  /** Why the storage of zebu's own job is a poor place. */
  readonly warning: string | undefined;
}

/**
 * Undefined where zebu.yml says nothing of backups.
 * @throws CONFIG_INVALID for a schedule or storage that Proxmox does not take, PROXMOX_FORBIDDEN without Sys.Audit on /
 */
export async function compareBackup(
  client: ProxmoxClient,
  { app, backup: section }: Pick<DesiredVm, 'app' | 'backup'>,
  target: JobTarget,
): Promise<ComparedBackup | undefined> {
  if (section === undefined) return undefined;
  const [jobs, rows] = await Promise.all([
    readJobs(client),
    section.enabled ? readBackupStorages(client, target.node) : [],
    // Before anything is changed: Proxmox would refuse the job last of all.
    section.enabled ? longestPause(client, section.schedule) : undefined,
  ]);
  const able = rows.map((row) => row.storage);
  const storage = section.enabled
    ? chooseBackupStorage(able, section.storage, `vm.backup.storage: ${section.storage ?? ''}`)
    : '';
  const foreign = jobStates(foreignJobs(jobs, app, target), app, target);
  const row = rows.find((each) => each.storage === storage);
  return {
    change: backupJobChange({ app, section, storage }, jobs, target),
    foreign,
    warning:
      row !== undefined && foreign.length === 0 && placeOf(row) === 'node'
        ? `Backups go to ${storage}, which is ${PLACES.node}: who loses ${target.node} or its disk loses them with the VM`
        : undefined,
  };
}

const showJob = ({ id, schedule, storage }: BackupJobState): string =>
  `${id} (${schedule}${storage === null ? '' : `, to ${storage}`})`;

export const showForeign = (foreign: readonly BackupJobState[]): string =>
  `backed up already by the job ${foreign.map(showJob).join(', ')} of somebody else, so zebu makes none`;

export function tellBackup(io: Io, compared: ComparedBackup | undefined): void {
  if (compared?.warning !== undefined) io.warn(compared.warning);
}
