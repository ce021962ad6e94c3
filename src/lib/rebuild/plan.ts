import { ZebuError } from '@zebu/kit';
import type { Place } from '../temporary/remove.js';
import { storagesAnswer } from '../proxmox/answers.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { parseAnswer } from '../proxmox/parse.js';
import { formatBytes } from '../ui/units.js';
import type { DesiredVm } from '../vm/desired.js';
import { DISK } from '../vm/facts.js';
import type { VmPlan } from '../vm/plan.js';
import type { Surveyed } from './survey.js';

const GIB = 1024 ** 3;
/** A system with Docker, and room for what is unpacked. */
const SYSTEM = 3 * GIB;

/** Where the plan puts the disk; undefined where a script does. */
function storageOf({ steps }: VmPlan): string | undefined {
  const disk = steps.map(({ call }) => call.params[DISK]).find((value) => typeof value === 'string');
  return typeof disk === 'string' ? disk.split(':')[0] : undefined;
}

/** Whether what is to be brought over has room: in the new VM, and in the storage of the host. @throws NO_SPACE */
export async function requireFit(
  client: ProxmoxClient,
  node: string,
  desired: DesiredVm,
  { trees, imageBytes }: Surveyed,
  plan?: VmPlan,
): Promise<void> {
  const need = trees.reduce((sum, { bytes }) => sum + bytes, 0) + 2 * imageBytes + SYSTEM;
  if (desired.diskGb * GIB < need)
    throw new ZebuError(
      'NO_SPACE',
      `What is to be brought over takes ${formatBytes(need)} with a system; vm.disk_gb is ${desired.diskGb}`,
      {
        hint: 'Raise vm.disk_gb, or remove what is not needed: zebu app:prune.',
        details: { need },
      },
    );
  const name = plan === undefined ? desired.storage : (storageOf(plan) ?? desired.storage);
  if (name === undefined) return;
  const rows = parseAnswer(
    storagesAnswer,
    await client.request('GET', `/nodes/${node}/storage`),
    'the list of storages',
  );
  const avail = rows.find(({ storage }) => storage === name)?.avail;
  if (avail === undefined || avail >= need + GIB) return;
  throw new ZebuError(
    'NO_SPACE',
    `The storage ${name} has ${formatBytes(avail)} left; the new VM takes ${formatBytes(need)}, and 1 GiB is kept free`,
    {
      hint: 'Free some, or name another one with vm.storage.',
      details: { storage: name, avail, need },
    },
  );
}

/** What is done, for people. */
export function plannedSteps({
  from,
  to,
  plan,
  host,
}: {
  readonly from: Place;
  readonly to: Place;
  readonly plan: VmPlan;
  readonly host: string;
}): readonly string[] {
  return [
    ...plan.steps.map(({ title }) => title),
    'Install Docker in it, as vm:create does',
    'Bring data and images over while the app runs',
    `Stop the app in VM ${from.vmid}, and bring over what has changed since`,
    `Start it in VM ${to.vmid}, and judge it there`,
    `Shut down both; VM ${to.vmid} gets the address ${host}, VM ${from.vmid} is unplugged and kept`,
    `Start VM ${to.vmid}, and judge it from outside; where it is not good, VM ${from.vmid} serves again`,
  ];
}
