import { createHash } from 'node:crypto';
import { pruneRule, type BackupSection } from '../../config/backup-section.js';
import type { BackupJob } from '../../proxmox/answers.js';
import type { Drift } from '../../proxmox/drift.js';
import type { PlannedStep } from '../plan.js';
import { backupMark, isMarked } from './mark.js';

/** `vm.backup`: the job of Proxmox that backs the VM up, and what is asked of Proxmox to make it so. */

/** The VM as far as jobs choose by it. */
export interface JobTarget {
  readonly vmid: number;
  readonly node: string;
  readonly pool?: string | undefined;
}

export interface JobWish {
  readonly app: string;
  readonly section: BackupSection;
  /** Where the backups go. */
  readonly storage: string;
}

export interface BackupJobChange {
  readonly drift: readonly Drift[];
  readonly steps: readonly PlannedStep[];
}

const JOBS = '/cluster/backup';

const NAME_MAX = 50;

/** A job of its own for each app; of a name that is too long, its beginning and what tells it from others. */
export function jobId(app: string): string {
  const id = `zebu-${app}`;
  if (id.length <= NAME_MAX) return id;
  const sum = createHash('sha256').update(app).digest('hex').slice(0, 8);
  return `${id.slice(0, NAME_MAX - sum.length - 1)}-${sum}`;
}

const words = (text: string): readonly string[] => text.split(/[\s,;]+/).filter((word) => word !== '');

/** By its comment where one has it, else by its id: people edit either. */
export const isOwnJob = (job: BackupJob, app: string): boolean => isMarked(job.comment, app) ?? job.id === jobId(app);

/** Whether the job backs the VM up when its time comes. */
export function covers(job: BackupJob, { vmid, node, pool }: JobTarget): boolean {
  if (!job.enabled || job.type !== 'vzdump' || (job.node !== undefined && job.node !== node)) return false;
  if (job.all) return !words(job.exclude ?? '').includes(String(vmid));
  if (job.pool !== undefined) return job.pool === pool && !words(job.exclude ?? '').includes(String(vmid));
  return words(job.vmid ?? '').includes(String(vmid));
}

/** `keep-daily=7,keep-weekly=4` however it is written, in one order. */
function rule(value: BackupJob['prune-backups']): string {
  const parts = typeof value === 'string' ? value.split(',') : Object.entries(value).map((each) => each.join('='));
  return parts
    .filter((part) => part !== '')
    .toSorted()
    .join(',');
}

type Params = Readonly<Record<string, number | string>>;

const wantedParams = ({ section, storage }: JobWish, { vmid }: JobTarget): Params => ({
  enabled: 1,
  schedule: section.schedule,
  storage,
  mode: section.mode,
  vmid: String(vmid),
  'prune-backups': pruneRule(section.keep),
  mailto: section.notify.join(','),
});

/** Of a job as it is, the same. */
const foundParams = (job: BackupJob): Params => ({
  enabled: job.enabled ? 1 : 0,
  schedule: job.schedule,
  storage: job.storage ?? 'the default one',
  mode: job.mode,
  vmid: job.all ? 'all' : (job.vmid ?? `pool ${job.pool ?? ''}`),
  'prune-backups': rule(job['prune-backups']),
  mailto: words(job.mailto).join(','),
});

const KEYS: Readonly<Record<string, string>> = {
  enabled: 'vm.backup.enabled',
  schedule: 'vm.backup.schedule',
  storage: 'vm.backup.storage',
  mode: 'vm.backup.mode',
  vmid: 'vm.backup (whom it backs up)',
  'prune-backups': 'vm.backup.keep',
  mailto: 'vm.backup.notify',
};

/** Who is written to is said together with that it is only about failures. */
const mail = (to: string): Params =>
  to === '' ? {} : { mailto: to, mailnotification: 'failure', 'notification-mode': 'legacy-sendmail' };

const shown = (value: number | string | undefined): string =>
  value === undefined || value === '' ? 'not set' : String(value);

/** @param job of this app, where there is one */
function removed(job: BackupJob | undefined): BackupJobChange | undefined {
  if (job === undefined) return undefined;
  return {
    drift: [{ key: 'vm.backup', wanted: 'no job', found: `job ${job.id}`, change: 'now' }],
    steps: [
      {
        title: `Remove the backup job ${job.id}`,
        call: { method: 'DELETE', path: `${JOBS}/${job.id}`, params: {}, task: undefined },
      },
    ],
  };
}

function made(wish: JobWish, target: JobTarget): BackupJobChange {
  const { mailto = '', ...params } = wantedParams(wish, target);
  const id = jobId(wish.app);
  return {
    drift: [
      {
        key: 'vm.backup',
        wanted: `backed up to ${wish.storage} (${wish.section.schedule})`,
        found: 'by no job',
        change: 'now',
      },
    ],
    steps: [
      {
        title: `Back it up to ${wish.storage} (${wish.section.schedule}): job ${id}`,
        call: {
          method: 'POST',
          path: JOBS,
          params: {
            id,
            ...params,
            ...mail(String(mailto)),
            compress: 'zstd',
            comment: backupMark(wish.app),
            'notes-template': `${backupMark(wish.app)}: {{guestname}}`,
          },
          task: undefined,
        },
      },
    ],
  };
}

function changed(job: BackupJob, wish: JobWish, target: JobTarget): BackupJobChange | undefined {
  const wanted = wantedParams(wish, target);
  const found = foundParams(job);
  const differ = Object.keys(wanted).filter((name) =>
    name === 'prune-backups' ? rule(String(wanted[name])) !== found[name] : wanted[name] !== found[name],
  );
  if (differ.length === 0) return undefined;
  const { mailto, ...params } = Object.fromEntries(differ.map((name) => [name, wanted[name] ?? '']));
  const unmailed = mailto === '' ? { delete: 'mailto,mailnotification,notification-mode' } : mail(String(mailto ?? ''));
  return {
    drift: differ.map((name) => ({
      key: KEYS[name] ?? name,
      wanted: shown(wanted[name]),
      found: shown(found[name]),
      change: 'now',
    })),
    steps: [
      {
        title: `Set ${differ.join(', ')} of the backup job ${job.id}`,
        call: { method: 'PUT', path: `${JOBS}/${job.id}`, params: { ...params, ...unmailed }, task: undefined },
      },
    ],
  };
}

/** Jobs of others that back the VM up. */
export const foreignJobs = (jobs: readonly BackupJob[], app: string, target: JobTarget): readonly BackupJob[] =>
  jobs.filter((job) => !isOwnJob(job, app) && covers(job, target));

/**
 * What has to change; undefined where nothing has to. A VM that a job of somebody else backs up already gets none of ours.
 * @param jobs all of the cluster
 */
export function backupJobChange(
  wish: JobWish,
  jobs: readonly BackupJob[],
  target: JobTarget,
): BackupJobChange | undefined {
  const own = jobs.find((job) => isOwnJob(job, wish.app));
  if (!wish.section.enabled) return removed(own);
  if (own !== undefined) return changed(own, wish, target);
  return foreignJobs(jobs, wish.app, target).length > 0 ? undefined : made(wish, target);
}
