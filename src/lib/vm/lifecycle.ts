import { isZebuError, ZebuError, type Io } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { pinsFor } from '../guest/address.js';
import { runSteps, type Step, type StepReport } from '../ui/steps.js';
import { isFrozen } from '../proxmox/agent-answer.js';
import { addressOf, readInterfaces, type AgentTarget } from '../proxmox/agent.js';
import { desiredVm } from './desired.js';
import { bootStep } from './ensure/boot.js';
import { reachStep } from './ensure/reach.js';
import type { NodeName } from '../proxmox/ids.js';
import { findAppVm, placingTask, vmTask, type AppVm } from './app-vm.js';
import { readHistory, type Timeframe } from '../proxmox/history.js';
import { driftOf } from './plan.js';
import { diskBytes, macOf } from '../proxmox/properties.js';
import { says } from '../proxmox/said.js';
import { taskExit } from '../proxmox/task-failure.js';
import type { VmPower, VmStatus } from './results.js';

/** @returns where it runs: the HA manager may choose another node */
const start = (context: Context, appVm: AppVm, report: StepReport): Promise<NodeName> =>
  placingTask(context, appVm, report, {
    method: 'POST',
    path: '/status/start',
    task: 'qmstart',
    label: `starting VM ${appVm.vm.vmid}`,
  });

export async function stop(context: Context, appVm: AppVm, report: StepReport, force: boolean): Promise<void> {
  const { vmid } = appVm.vm;
  if (force) {
    await vmTask(context, appVm, report, {
      method: 'POST',
      path: '/status/stop',
      task: 'qmstop',
      label: `stopping VM ${vmid}`,
    });
    return;
  }
  const timeout = Math.round(context.config.vm.stop_timeout);
  const params = { timeout };
  if (appVm.vm.status.ha?.managed === true)
    context.io.note(`The HA manager pulls the plug of VM ${vmid} if it does not shut down within ${timeout} s`);
  try {
    await vmTask(context, appVm, report, {
      method: 'POST',
      path: '/status/shutdown',
      params,
      task: 'qmshutdown',
      label: `shutting down VM ${vmid}`,
    });
  } catch (error) {
    if (!isZebuError(error) || taskExit(error) === undefined || !says(error, 'not shut down')) throw error;
    throw new ZebuError('TASK_FAILED', error.message, {
      hint: 'It did not shut down in time; `--force` pulls the plug, a higher vm.stop_timeout waits longer.',
      details: error.details,
    });
  }
}

/** The steps, and where the VM is after them. */
export function starting(
  context: Context,
  appVm: AppVm,
  title: string,
): { readonly steps: readonly Step[]; readonly target: AgentTarget } {
  const target = { client: appVm.client, node: appVm.vm.node, vmid: appVm.vm.vmid };
  const run = async (report: StepReport): Promise<void> => {
    target.node = await start(context, appVm, report);
  };
  return { steps: [{ title, run }, bootStep({ context, target }), reachStep(context, target)], target };
}

export async function startVm(context: Context): Promise<VmPower> {
  const appVm = await findAppVm(context);
  const changed = appVm.vm.status.status !== 'running';
  let { node } = appVm.vm;
  if (changed) {
    const { steps, target } = starting(context, appVm, `Start VM ${appVm.vm.vmid} (${appVm.name})`);
    await runSteps(context.io, context.signal, steps);
    node = target.node;
  }
  return { changed, vmid: appVm.vm.vmid, node, name: appVm.name, status: 'running' };
}

export async function stopVm(context: Context, force: boolean): Promise<VmPower> {
  const appVm = await findAppVm(context);
  const changed = appVm.vm.status.status !== 'stopped';
  if (changed) {
    const title = force
      ? `Stop VM ${appVm.vm.vmid} (${appVm.name}) at once`
      : `Shut down VM ${appVm.vm.vmid} (${appVm.name})`;
    await runSteps(context.io, context.signal, [{ title, run: (report) => stop(context, appVm, report, force) }]);
  }
  return { changed, vmid: appVm.vm.vmid, node: appVm.vm.node, name: appVm.name, status: 'stopped' };
}

export async function restartVm(context: Context, force: boolean): Promise<VmPower> {
  const appVm = await findAppVm(context);
  const { steps, target } = starting(context, appVm, 'Start it');
  await runSteps(context.io, context.signal, [
    ...(appVm.vm.status.status === 'running'
      ? [
          {
            title: `Shut down VM ${appVm.vm.vmid} (${appVm.name})`,
            run: (report: StepReport) => stop(context, appVm, report, force),
          },
        ]
      : []),
    ...steps,
  ]);
  return { changed: true, vmid: appVm.vm.vmid, node: target.node, name: appVm.name, status: 'running' };
}

/**
 * Destroys the app's VM with its disks.
 * @param confirm asked with the VM's name; throws to leave everything as it is
 */
export async function destroyVm(context: Context, confirm: (name: string) => Promise<true>): Promise<VmPower> {
  const appVm = await findAppVm(context);
  const { vm, name } = appVm;
  await confirm(name);
  await runSteps(context.io, context.signal, [
    ...(vm.status.status === 'running'
      ? [{ title: `Stop VM ${vm.vmid} (${name})`, run: (report: StepReport) => stop(context, appVm, report, true) }]
      : []),
    {
      title: `Destroy VM ${vm.vmid} (${name}) and its disks`,
      run: (report) =>
        vmTask(context, appVm, report, {
          method: 'DELETE',
          path: '',
          params: { purge: 1, 'destroy-unreferenced-disks': 1 },
          task: 'qmdestroy',
          label: `destroying VM ${vm.vmid}`,
        }),
    },
  ]);
  await pinsFor(context, appVm.client).remove();
  return { changed: true, vmid: vm.vmid, node: vm.node, name, status: 'absent' };
}

/** The address by the guest agent; null when it does not answer. An agent that a backup has frozen counts as present. */
async function agentAddress(
  io: Io,
  target: AgentTarget,
  mac: string | undefined,
): Promise<{ agent: boolean; ip: string | null }> {
  try {
    const interfaces = await readInterfaces(target);
    return { agent: true, ip: mac === undefined ? null : (addressOf(interfaces, mac) ?? null) };
  } catch (error) {
    if (!isFrozen(error)) return { agent: false, ip: null };
    io.warn((error as ZebuError).message);
    return { agent: true, ip: null };
  }
}

export async function vmStatus(context: Context, timeframe: Timeframe): Promise<VmStatus> {
  const { client, vm, name, load } = await findAppVm(context);
  const { status, config } = vm;
  const running = status.status === 'running';
  const target: AgentTarget = { client, node: vm.node, vmid: vm.vmid };
  const [{ agent, ip }, pin, desired, history] = await Promise.all([
    running ? agentAddress(context.io, target, macOf(config['net0'])) : { agent: false, ip: null },
    pinsFor(context, client).read(),
    desiredVm(context).catch(() => undefined),
    readHistory(context, target, timeframe),
  ]);
  return {
    vmid: vm.vmid,
    node: vm.node,
    name,
    status: status.status,
    lock: status.lock ?? null,
    uptime: status.uptime,
    cores: Number(config['cores'] ?? 1),
    cpu: running ? load : 0,
    memoryBytes: { used: status.mem ?? null, max: status.maxmem ?? null },
    diskBytes: diskBytes(config['scsi0']) ?? null,
    ip,
    agent,
    hostKeyPinned: pin?.vmid === vm.vmid,
    drift: desired === undefined ? [] : driftOf(desired, vm),
    history,
  };
}
