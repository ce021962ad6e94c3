import type { Step } from '../../ui/steps.js';
import { haChange } from '../ha/change.js';
import { readHa, warnOfOwnDisk } from '../ha/read.js';
import { inspectVm } from '../inspect.js';
import { planStep } from '../provision/run.js';
import type { Ensuring } from './ensuring.js';

/** Last: what the HA manager has in its hands it starts, whatever state it is in. */
export function haStep(ensuring: Ensuring, wanted: boolean): Step {
  const { context, target } = ensuring;
  const { client, node, vmid } = target;
  return {
    title: wanted ? 'See that the HA manager has it' : 'See that the HA manager does not have it',
    run: async (report) => {
      const change = haChange(wanted, await readHa(client, vmid), { vmid, running: true });
      if (change === undefined) {
        report.done('as it should be');
        return;
      }
      if (change.adds) await warnOfOwnDisk(context.io, client, await inspectVm(client, target));
      for (const step of change.steps) {
        await planStep(context, client, { node, vmid }, step).run(report);
        ensuring.afterwards.push(step);
      }
    },
  };
}
