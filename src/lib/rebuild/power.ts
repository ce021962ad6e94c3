import { isZebuError, ZebuError } from '@zebu/kit';
import type { Place } from '../temporary/remove.js';
import type { Context } from '../context/context.js';
import { taskExit } from '../proxmox/task-failure.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { readVm, type ExistingVm } from '../proxmox/observe.js';
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

/**
 * Until it is off. One that does not shut down in time loses its power, where nothing counts that it may not have written yet: its app is
 * stopped and is not the one that goes on. @param gently it keeps its power, and that it does not shut down is thrown
 */
export async function turnOff(
  context: Context,
  client: ProxmoxClient,
  place: Place,
  report: StepReport,
  { gently = false }: { readonly gently?: boolean } = {},
): Promise<void> {
  const machine = await machineAt(client, place);
  if (machine.vm.status.status !== 'running') {
    report.done('it is off already');
    return;
  }
  try {
    await stop(context, machine, report, false);
  } catch (error) {
    if (gently || !isZebuError(error) || taskExit(error) === undefined) throw error;
    report.update('it does not shut down: its plug is pulled');
    await stop(context, machine, report, true);
  }
}

const LOOK_MS = 10_000;

/** @throws VM_NOT_READY where something else has it in its hands, such as a backup: it could not be shut down, or be changed */
export function requireUnlocked(machines: readonly ExistingVm[]): void {
  const locked = machines.find(({ config }) => config['lock'] !== undefined);
  if (locked === undefined) return;
  throw new ZebuError('VM_NOT_READY', `VM ${locked.vmid} is locked in Proxmox (${locked.config['lock']})`, {
    hint: 'Wait for what is done to it, such as a backup, and run the command again.',
  });
}

const UNLOCKED_MS = 1_800_000;

/** Waits until nothing else has any of them in its hands. @throws VM_NOT_READY after half an hour */
export async function onceUnlocked(
  { clock, signal }: Context,
  client: ProxmoxClient,
  places: readonly Place[],
  report: Pick<StepReport, 'update'>,
): Promise<void> {
  for (const until = clock.elapsed() + UNLOCKED_MS; ; await clock.sleep(LOOK_MS, signal)) {
    const machines = await Promise.all(places.map((place) => readVm(client, place)));
    const locked = machines.find(({ config }) => config['lock'] !== undefined);
    if (locked === undefined) return;
    if (clock.elapsed() > until) requireUnlocked(machines);
    report.update(`VM ${locked.vmid} is locked (${locked.config['lock']}): waiting for what is done to it`);
  }
}

/** A backup of a VM that is off has it started, but stopped before its first step: it is off again afterwards. */
export const isHalted = ({ status: { status, qmpstatus } }: ExistingVm): boolean =>
  status === 'running' && qmpstatus !== undefined && qmpstatus !== 'running';

const HALTED_MS = 600_000;

export async function onceNotHalted(
  { clock, signal }: Context,
  client: ProxmoxClient,
  place: Place,
  report: Pick<StepReport, 'update'>,
): Promise<AppVm> {
  const until = clock.elapsed() + HALTED_MS;
  for (;;) {
    const machine = await machineAt(client, place);
    if (!isHalted(machine.vm)) return machine;
    const { qmpstatus } = machine.vm.status;
    if (clock.elapsed() > until)
      throw new ZebuError('VM_NOT_READY', `VM ${place.vmid} is ${qmpstatus}: it is on, but does not run`, {
        hint: 'A backup may have it in its hands: wait for its end, and run zebu vm:rebuild again.',
      });
    report.update(`it is ${qmpstatus}, as during a backup: waiting for its end`);
    await clock.sleep(LOOK_MS, signal);
  }
}

export async function turnOn(context: Context, client: ProxmoxClient, place: Place, report: StepReport): Promise<void> {
  const machine = await onceNotHalted(context, client, place, report);
  if (machine.vm.status.status === 'running') {
    report.done('it runs already');
    return;
  }
  await startIt(context, machine, report);
}

export const startIt = (context: Context, machine: AppVm, report: StepReport): Promise<void> =>
  vmTask(context, machine, report, {
    method: 'POST',
    path: '/status/start',
    task: 'qmstart',
    label: `starting VM ${machine.vm.vmid}`,
  });
