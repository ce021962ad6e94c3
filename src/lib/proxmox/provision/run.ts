import type { Context } from '../../context.js';
import type { Step } from '../../ui/steps.js';
import type { ProxmoxClient } from '../client.js';
import { toNodeName, toVmid } from '../ids.js';
import { readVm } from '../observe.js';
import type { PlannedStep, VmPlan } from '../plan.js';
import { diskBytes } from '../properties.js';
import { runTask } from '../tasks.js';

type Placed = Pick<VmPlan, 'node' | 'vmid'>;

/** A disk that is as large already needs no growing; Proxmox would refuse it as shrinking. */
async function isDone(client: ProxmoxClient, step: PlannedStep, plan: Placed): Promise<string | undefined> {
  if (step.call.task !== 'resize') return undefined;
  const { config } = await readVm(client, plan);
  const bytes = diskBytes(config['scsi0']);
  const wanted = Number.parseInt(String(step.call.params['size']), 10) * 1024 ** 3;
  return bytes !== undefined && bytes >= wanted ? `has ${Math.round(bytes / 1024 ** 3)} GiB` : undefined;
}

/** Does one step of a plan as it is written there. */
export function planStep(context: Context, client: ProxmoxClient, plan: Placed, step: PlannedStep): Step {
  const { io, signal, clock, config } = context;
  return {
    title: step.title,
    run: async (report) => {
      const done = await isDone(client, step, plan);
      if (done !== undefined) {
        report.done(done);
        return;
      }
      const { method, path, params, task } = step.call;
      const send = (): Promise<unknown> => client.request(method, path, params);
      if (task === undefined) {
        await send();
        return;
      }
      const vmid = task === 'download' ? undefined : toVmid(plan.vmid);
      await runTask(
        client,
        send,
        { node: toNodeName(plan.node), type: task, vmid },
        {
          io,
          signal,
          clock,
          timeoutMs: config.proxmox.task_timeout * 1000,
          label: `in task "${task}"`,
          onWait: (seconds) => report.update(`(${seconds} s)`),
        },
      );
    },
  };
}
