import type { Step, StepReport } from '../../ui/steps.js';
import { changeOf, changeSteps, ensuredOnly, nothingOfFirewall, type VmChange } from '../change.js';
import { inspectVm, warnOfFirewall, type InspectedVm } from '../inspect.js';
import { planStep } from '../provision/run.js';
import type { Ensuring } from './ensuring.js';

/** What Proxmox keeps of every VM of zebu, seen to before it boots: its firewall, that it has an agent, and whose it is. */

const wantedOf = ({ desired }: Ensuring, vm: InspectedVm): VmChange => ensuredOnly(changeOf(desired, vm));

async function change(ensuring: Ensuring, vm: InspectedVm, wanted: VmChange, report: StepReport): Promise<void> {
  const { context, target } = ensuring;
  const steps = changeSteps(wanted, vm);
  for (const step of steps) {
    report.update(step.title);
    await planStep(context, target.client, { node: target.node, vmid: target.vmid }, step).run(report);
    ensuring.settings.push(step);
  }
  report.done(steps.length === 0 ? 'as it should be' : `${steps.length} changes`);
}

/** Proxmox keeps the firewall in a file of its own, so that this can be done while it works on the VM's disk. */
export function firewallStep(ensuring: Ensuring): Step {
  const { context, target, desired } = ensuring;
  return {
    title: 'See to its firewall in Proxmox',
    run: async (report) => {
      const vm = await inspectVm(target.client, target);
      ensuring.inspected = vm;
      if (desired.firewall.enabled) warnOfFirewall(context.io, vm);
      await change(ensuring, vm, { ...wantedOf(ensuring, vm), config: [] }, report);
    },
  };
}

/** Runs after all other changes of the VM's configuration, so that what was read before is still valid. */
export function configStep(ensuring: Ensuring): Step {
  const { target } = ensuring;
  return {
    title: 'See to its tags and agent in Proxmox',
    run: async (report) => {
      const before = ensuring.inspected ?? (await inspectVm(target.client, target));
      // What is changed has to be what is there now, which is what its digest stands for.
      const vm = wantedOf(ensuring, before).config.length === 0 ? before : await inspectVm(target.client, target);
      await change(ensuring, vm, { ...wantedOf(ensuring, vm), firewall: nothingOfFirewall }, report);
    },
  };
}
