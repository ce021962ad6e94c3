import type { BackupJob, LabState } from './state.js';

/** Which VMs the backup jobs of the cluster cover. The lab stores and shows jobs; nothing runs them. */

const idsOf = (text: string | undefined): readonly string[] => (text ?? '').split(/[,; ]+/).filter((id) => id !== '');

/** VMs of a job, also such as are not there. */
export function coveredBy(state: LabState, job: BackupJob): readonly string[] {
  if (job['all'] !== '1') return idsOf(job['vmid']);
  const excluded = new Set(idsOf(job['exclude']));
  return Object.keys(state.vms).filter((id) => !excluded.has(id));
}

/** A VM that is purged is in no job any more; a job that has none left goes with it. */
export function removeFromJobs(state: LabState, vmid: number): void {
  const without = (text: string): string =>
    idsOf(text)
      .filter((id) => id !== String(vmid))
      .join(',');
  for (const [id, job] of Object.entries(state.backupJobs)) {
    if (job['vmid'] !== undefined) job['vmid'] = without(job['vmid']);
    if (job['exclude'] !== undefined) job['exclude'] = without(job['exclude']);
    if (job['exclude'] === '') delete job['exclude'];
    if (job['vmid'] === '' && job['all'] !== '1') delete state.backupJobs[id];
  }
}
