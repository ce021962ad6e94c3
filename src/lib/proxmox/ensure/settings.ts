import type { Step } from '../../ui/steps.js';
import { changeOf, changeSteps, ensuredOnly } from '../change.js';
import { inspectVm, warnOfFirewall } from '../inspect.js';
import { planStep } from '../provision/run.js';
import type { Ensuring } from './ensuring.js';

/** What Proxmox keeps of every VM of zebu: its firewall, that it has an agent, and whose it is. Before it boots. */
export function settingsStep(ensuring: Ensuring): Step {
  const { context, target, desired } = ensuring;
  return {
    title: 'See to its firewall, tags and agent in Proxmox',
    run: async (report) => {
      const vm = await inspectVm(target.client, target);
      ensuring.inspected = vm;
      if (desired.firewall.enabled) warnOfFirewall(context.io, vm);
      const steps = changeSteps(ensuredOnly(changeOf(desired, vm)), vm);
      for (const step of steps) {
        report.update(step.title);
        await planStep(context, target.client, { node: target.node, vmid: target.vmid }, step).run(report);
        ensuring.settings.push(step);
      }
      report.done(steps.length === 0 ? 'as they should be' : `${steps.length} changes`);
    },
  };
}
