import { isZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { dropSnapshot, readySnapshot, runSnapshot, type ReadySnapshot } from '../vm/snapshot/snapshots.js';
import type { StepReport } from '../ui/steps.js';

/** Prefix of the names of zebu's snapshots, which tells them from those that people take; Proxmox allows 40 characters. */
const PREFIX = 'deploy-';

/** @throws SNAPSHOT_REFUSED when the storage has none, or lets the VM stand still and nobody allowed it */
export function readyForDeploy(context: Context, run: string): Promise<ReadySnapshot> {
  return readySnapshot(context, {
    name: `${PREFIX}${run}`,
    description: `Before the switch to ${run}, by zebu app:deploy`,
    allowFreeze: context.config.deploy.snapshot_freeze,
    freeze: { doing: 'The snapshot before the switch', accept: 'Set deploy.snapshot_freeze to accept it,' },
  });
}

/**
 * Takes the snapshot the runner waits for, and deletes those of earlier deploys: what a snapshot costs grows with every write.
 * @returns why there is none; undefined once it is taken
 */
export async function snapshotForDeploy(
  context: Context,
  run: string,
  report: StepReport,
): Promise<string | undefined> {
  let ready: ReadySnapshot;
  try {
    ready = await readyForDeploy(context, run);
    await runSnapshot(context, ready, report);
    report.output(`snapshot ${ready.name} of VM ${ready.appVm.vm.vmid}: zebu vm:snapshot:rollback ${ready.name}`);
  } catch (error) {
    if (!isZebuError(error) || error.code === 'INTERRUPTED') throw error;
    return `no snapshot: ${error.message}`;
  }
  for (const old of ready.list.filter((each) => each.name.startsWith(PREFIX))) {
    try {
      await dropSnapshot(context, ready.appVm, old, report);
    } catch (error) {
      if (!isZebuError(error) || error.code === 'INTERRUPTED') throw error;
      context.io.warn(`The snapshot ${old.name} of an earlier deploy is still there: ${error.message}`);
    }
  }
  return undefined;
}
