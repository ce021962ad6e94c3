import type { Step } from '../../ui/steps.js';
import { compareBackup, showForeign, tellBackup } from '../backup/compare.js';
import { planStep } from '../provision/run.js';
import type { Ensuring } from './ensuring.js';

/** Last, for there is something to back up by then. */
export function backupStep(ensuring: Ensuring): Step {
  const { context, target, desired } = ensuring;
  const { client, node, vmid } = target;
  return {
    title: 'See to its backups in Proxmox',
    run: async (report) => {
      const compared = await compareBackup(client, desired, target);
      tellBackup(context.io, compared);
      const steps = compared?.change?.steps ?? [];
      for (const step of steps) {
        report.update(step.title);
        await planStep(context, client, { node, vmid }, step).run(report);
        ensuring.afterwards.push(step);
      }
      if (compared !== undefined && compared.foreign.length > 0) report.done(showForeign(compared.foreign));
      else report.done(steps.length === 0 ? 'as they should be' : steps.map(({ title }) => title).join(', '));
    },
  };
}
