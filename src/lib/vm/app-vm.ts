import type { Context } from '../context/context.js';
import type { StepReport } from '../ui/steps.js';
import { makeClient, type ProxmoxClient } from '../proxmox/client.js';
import type { NodeName } from '../proxmox/ids.js';
import { findVm, readVm, type ExistingVm } from '../proxmox/observe.js';
import { vmMissing } from '../proxmox/sight.js';
import { withProgress } from '../proxmox/long-task.js';
import { runTask, taskOptions } from '../proxmox/tasks.js';

/** The app's VM, wherever in the cluster it is, and the way to it. */
export interface AppVm {
  readonly client: ProxmoxClient;
  readonly vm: ExistingVm;
  readonly name: string;
}

export interface AppVmWithLoad extends AppVm {
  /**
   * Of all its cores, 0 to 1, as the node measures it all the time. The VM's own status has what the process that answers
   * saw between two questions: nothing at the first. Null where it was not measured yet.
   */
  readonly load: number | null;
}

/** @throws VM_MISSING, VM_DIFFERS when there are several */
export async function findAppVm(context: Context): Promise<AppVmWithLoad> {
  const client = await makeClient(await context.transport(), context.io);
  const row = await findVm(client, context.config.app.name);
  if (row === undefined) throw await vmMissing(client, context.config.app.name);
  const vm = await readVm(client, row);
  return { client, vm, name: vm.config['name'] ?? String(vm.vmid), load: row.cpu ?? null };
}

export interface VmRequest {
  readonly method: 'DELETE' | 'POST' | 'PUT';
  /** Below the VM's own path. */
  readonly path: string;
  readonly params?: Record<string, unknown>;
  /** Type of the task that it starts, such as `qmstart`. */
  readonly task: string;
  /** `starting VM 100`. */
  readonly label: string;
}

/** Sends a request about the app's VM that starts a task, and waits for the task. @returns where the VM is then */
export async function placingTask(
  context: Context,
  { client, vm }: AppVm,
  report: StepReport,
  request: VmRequest,
): Promise<NodeName> {
  const task = { node: vm.node, type: request.task, vmid: vm.vmid };
  const { node = vm.node } = await withProgress(
    context,
    client,
    task,
    ({ text, part }) => report.update(text, part),
    () =>
      runTask(
        client,
        () => client.request(request.method, `/nodes/${vm.node}/qemu/${vm.vmid}${request.path}`, request.params ?? {}),
        task,
        taskOptions(context, request.label),
      ),
  );
  return node;
}

/** The same for what leaves the VM where it is. */
export async function vmTask(context: Context, appVm: AppVm, report: StepReport, request: VmRequest): Promise<void> {
  await placingTask(context, appVm, report, request);
}
