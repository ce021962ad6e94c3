import { formatSeconds } from '../ui/units.js';
import type { Context } from '../context/context.js';
import { readBackupAge, readJobsIfAllowed } from '../vm/backup/state.js';
import { covers } from '../vm/backup/job.js';
import { PLACES } from '../vm/backup/place.js';
import { backupText } from '../vm/backup/text.js';
import { ok, skip, warn, type Finding } from './check.js';
import { clientOf, type Findings } from './proxmox.js';

/** Whether anything backs the VM up, how old the newest backup is, and what is lost with the host. */
export async function backupsFinding(context: Context, findings: Findings): Promise<Finding> {
  const { vm } = findings;
  const { app, vm: wanted } = context.config;
  if (vm === null || vm === undefined) return skip('there is no VM yet');
  const client = clientOf(findings);
  if (wanted.backup?.enabled !== true) {
    const jobs = await readJobsIfAllowed(client);
    if (jobs === undefined) return ok('zebu.yml asks for none; whether others make some is not to be seen');
    const covering = jobs.filter((job) => covers(job, vm));
    if (covering.length > 0) return ok(`by the job ${covering.map(({ id }) => id).join(', ')}`);
    return ok('nothing backs the VM up by itself; vm.backup in zebu.yml would');
  }
  const age = await readBackupAge(client, app.name, wanted.backup, vm, context.clock.now());
  const said = backupText(age);
  if (!age.jobs.some((job) => job.enabled)) return warn(said, 'zebu vm:apply makes the job of vm.backup.');
  // On the first day there is none to be expected.
  const waits = age.newest === null && vm.uptime < age.maxSeconds;
  if (age.tooOld && !waits)
    return warn(
      said,
      `None came in ${formatSeconds(age.maxSeconds)}: look at the tasks of the node in Proxmox, and at vm:backup:list.`,
    );
  if (age.newest?.place === 'node')
    return warn(said, `Who loses the host loses what is ${PLACES.node}: vm.backup.storage, docs/operations.md.`);
  return ok(said);
}
