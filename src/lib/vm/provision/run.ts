import { isZebuError, ZebuError } from '@zebu/kit';
import type { Context } from '../../context/context.js';
import type { Step, StepReport } from '../../ui/steps.js';
import type { ProxmoxClient } from '../../proxmox/client.js';
import { needsPosition, ruleCall, type FirewallRequest } from '../firewall-plan.js';
import { toNodeName, toVmid } from '../../proxmox/ids.js';
import { readRules } from '../inspect.js';
import { readConfig } from '../../proxmox/observe.js';
import type { PlannedStep, VmPlan } from '../plan.js';
import { otherChecksum, says } from '../../proxmox/said.js';
import { withProgress } from '../../proxmox/long-task.js';
import { runTask, taskOptions } from '../../proxmox/tasks.js';
import { differences } from './adopt.js';
import type { ScriptRun } from './community-script/run.js';

type Placed = Pick<VmPlan, 'node' | 'vmid'>;

/** An image may be larger than the disk that is wanted. Proxmox says so itself, so that it is not asked before. */
const isLarger = (error: unknown, { task }: PlannedStep['call']): boolean =>
  task === 'resize' && says(error, 'would shrink');

/** What is sent; undefined when the VM is so already. */
async function paramsOf(
  client: ProxmoxClient,
  step: PlannedStep,
  plan: Placed,
): Promise<PlannedStep['call']['params'] | undefined> {
  if (step.adopt === undefined) return step.call.params;
  return differences(step.call, step.adopt.diskOptions, await readConfig(client, plan));
}

/** Proxmox's message when the digest that was sent is not that of the current configuration. */
const isOutdated = (error: unknown): boolean =>
  isZebuError(error) && error.code === 'PROXMOX_REFUSED' && says(error, 'configuration changed');

/** How often a rule is looked for again when others change the same firewall meanwhile. */
const RULE_ATTEMPTS = 4;

/**
 * A request about a rule goes to the position the rule has now: others may have moved it, and so has each request before.
 * @returns false when there is nothing to do any more
 */
async function sendRule(
  client: ProxmoxClient,
  { node, vmid }: Placed,
  { call, title }: PlannedStep,
  request: FirewallRequest,
): Promise<boolean> {
  const { method, path, params } = call;
  if (method === 'HOST') throw new Error(`no program changes a rule: ${path}`);
  // With the digest of what the plan was made from it needs no second look.
  let known = !needsPosition(request) || params['digest'] !== undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      if (known) {
        await client.request(method, path, params);
        return true;
      }
      const rules = await readRules(client, { node, vmid });
      const now = ruleCall(request, rules);
      if (now === undefined) {
        if (request.kind === 'remove') return false;
        throw new ZebuError('VM_DIFFERS', `${title}: somebody has changed that rule of VM ${vmid} meanwhile`, {
          hint: 'Nothing was closed that should stay open. Run the same command again.',
        });
      }
      await client.request(now.method, `/nodes/${node}/qemu/${vmid}/firewall/${now.path}`, now.params);
      return true;
    } catch (error) {
      if (!needsPosition(request) || !isOutdated(error) || attempt === RULE_ATTEMPTS) throw error;
      known = false;
    }
  }
}

async function runOnHost(context: Context, script: ScriptRun, report: StepReport): Promise<void> {
  const { hostShell } = await context.transport();
  if (hostShell === undefined) throw new Error('a script is planned only where there is a shell');
  const { runScript } = await import('./community-script/run.js');
  await runScript(context, hostShell, script, report);
}

/** @returns IMAGE_MISMATCH for a task that found another image than the configuration names, else the error itself */
function explainDownload(error: unknown, { params, path }: PlannedStep['call']): unknown {
  if (!isZebuError(error) || error.code !== 'TASK_FAILED') return error;
  const got = otherChecksum(error);
  if (got === undefined) return error;
  const volume = `${path.split('/').at(-2) ?? ''}:import/${String(params['filename'])}`;
  return new ZebuError(
    'IMAGE_MISMATCH',
    `The image from ${String(params['url'])} is not the one of vm.image.checksum`,
    {
      hint: `Its ${String(params['checksum-algorithm'])} is ${got}. Compare with the publisher's list: an address with \`latest\` in it changes. If the file on the node is damaged, remove it there (pvesm free ${volume}) and run again.`,
      details: { volume, got, wanted: params['checksum'] },
      cause: error,
    },
  );
}

/** Does one step of a plan as it is written there. */
export function planStep(context: Context, client: ProxmoxClient, plan: Placed, step: PlannedStep): Step {
  return {
    title: step.title,
    run: async (report) => {
      if (step.script !== undefined) {
        await runOnHost(context, step.script, report);
        return;
      }
      if (step.template !== undefined) {
        const { runTemplateStep } = await import('./template/run.js');
        await runTemplateStep(context, client, plan, step, report);
        return;
      }
      if (step.firewall !== undefined) {
        if (!(await sendRule(client, plan, step, step.firewall))) report.done('it is gone already');
        return;
      }
      const { method, path, task } = step.call;
      const params = await paramsOf(client, step, plan);
      if (params === undefined) {
        report.done('as it should be');
        return;
      }
      // Programs of the host were dealt with above.
      if (method === 'HOST') throw new Error(`nothing to run for ${path}`);
      const send = (): Promise<unknown> => client.request(method, path, params);
      if (task === undefined) {
        await send();
        return;
      }
      const vmid = task === 'download' ? undefined : toVmid(plan.vmid);
      const running = { node: toNodeName(plan.node), type: task, vmid };
      const ended = await withProgress(
        context,
        client,
        running,
        ({ text, part }) => report.update(text, part),
        () => runTask(client, send, running, taskOptions(context, `running task "${task}"`)),
      ).catch((error: unknown) => {
        if (!isLarger(error, step.call)) throw explainDownload(error, step.call);
        report.done('it is larger already');
      });
      const node = ended?.node ?? plan.node;
      if (node !== plan.node) {
        throw new ZebuError('VM_DIFFERS', `The HA manager has put VM ${plan.vmid} on ${node} instead of ${plan.node}`, {
          hint: 'Run the same command again: it goes on there.',
        });
      }
    },
  };
}
