import { isZebuError } from '@zebu/kit';
import type { Place } from '../copies/remove.js';
import type { Context } from '../context/context.js';
import { taskExit } from '../proxmox/task-failure.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { readVm } from '../proxmox/observe.js';
import type { StepReport } from '../ui/steps.js';
import { vmTask, type AppVm } from '../vm/app-vm.js';
import { stop } from '../vm/lifecycle.js';

export async function machineAt(client: ProxmoxClient, place: Place): Promise<AppVm> {
  const vm = await readVm(client, place);
  return { client, vm, name: vm.config['name'] ?? String(place.vmid) };
}

export const setConfig = async (
  client: ProxmoxClient,
  { node, vmid }: Place,
  params: Readonly<Record<string, number | string>>,
): Promise<void> => {
  await client.request('PUT', `/nodes/${node}/qemu/${vmid}/config`, params);
};

/** Until it is off. One that does not shut down in time loses its power: its app is stopped, or is not the one that counts. */
export async function turnOff(
  context: Context,
  client: ProxmoxClient,
  place: Place,
  report: StepReport,
): Promise<void> {
  const machine = await machineAt(client, place);
  if (machine.vm.status.status !== 'running') {
    report.done('it is off already');
    return;
  }
  try {
    await stop(context, machine, report, false);
  } catch (error) {
    if (!isZebuError(error) || taskExit(error) === undefined) throw error;
    report.update('it does not shut down: its plug is pulled');
    await stop(context, machine, report, true);
  }
}

export async function turnOn(context: Context, client: ProxmoxClient, place: Place, report: StepReport): Promise<void> {
  const machine = await machineAt(client, place);
  if (machine.vm.status.status === 'running') {
    report.done('it runs already');
    return;
  }
  await vmTask(context, machine, report, {
    method: 'POST',
    path: '/status/start',
    task: 'qmstart',
    label: `starting VM ${place.vmid}`,
  });
}
