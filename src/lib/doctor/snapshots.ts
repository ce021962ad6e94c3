import type { Context } from '../context/context.js';
import { readVm } from '../proxmox/observe.js';
import { chooseProvisioner } from '../vm/provision/provisioner.js';
import { judgeVm, readSnapshots } from '../vm/snapshot/read.js';
import { efiDiskProblem, snapshotRemedy } from '../vm/snapshot/rules.js';
import { fail, ok, skip, warn, type Finding } from './check.js';
import type { Findings } from './proxmox.js';

/** Of the VM that vm:create would make. */
async function future(context: Context, { storages = [] }: Findings): Promise<Pick<Finding, 'detail' | 'remedy'>> {
  const { vm } = context.config;
  if (chooseProvisioner(vm, await context.transport(), undefined) !== 'community-script')
    return { detail: 'where its storage has them', remedy: null };
  const disk = storages.find(({ storage, content, active }) =>
    vm.storage === undefined ? content.split(',').includes('images') && active !== false : storage === vm.storage,
  );
  return (disk === undefined ? undefined : efiDiskProblem(disk)) ?? { detail: 'its storage has them', remedy: null };
}

/** Whether the VM, or the one that would be made, can have snapshots; and whether those it has are good. */
export async function snapshotFinding(context: Context, findings: Findings): Promise<Finding> {
  const { client, vm, unseen } = findings;
  if (client === undefined || unseen !== undefined) return skip('the VM may not be seen');
  const refused = (detail: string, remedy: string): Finding =>
    context.config.deploy.snapshot === 'never'
      ? warn(detail, remedy)
      : fail('SNAPSHOT_REFUSED', `${detail}; deploy.snapshot asks for them`, remedy);
  if (vm === undefined || vm === null) {
    const { detail, remedy } = await future(context, findings);
    return remedy === null ? ok(detail) : refused(detail, remedy);
  }
  const own = { client, vm: await readVm(client, vm), name: vm.name ?? '' };
  const [verdicts, { list }] = await Promise.all([judgeVm(own), readSnapshots(own)]);
  const bad = verdicts.filter(({ refusal }) => refusal !== undefined);
  if (bad.length > 0) {
    const named = bad.map(({ slot, storage, refusal }) => `${slot} is on ${storage}: ${refusal ?? ''}`).join('; ');
    return refused(`VM ${vm.vmid} cannot have any: ${named}`, snapshotRemedy(bad, vm.vmid));
  }
  const half = list.filter(({ unfinished }) => unfinished !== null).map(({ name }) => name);
  if (half.length === 0) return ok(`VM ${vm.vmid} can have them, and has ${list.length}`);
  return warn(`half-made: ${half.join(', ')}`, `Delete it: zebu vm:snapshot:delete ${half[0] ?? ''}`);
}
