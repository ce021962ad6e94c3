import type { Context } from '../../../context/context.js';
import type { ProxmoxClient } from '../../../proxmox/client.js';
import { forgetMemo } from '../../../temporary/memo.js';
import { thisMaker } from '../../../temporary/maker.js';
import type { StepReport } from '../../../ui/steps.js';
import type { PlannedStep, VmPlan } from '../../plan.js';
import { planStep } from '../run.js';
import { buildTemplate } from './build.js';
import { cloneTemplate } from './clone.js';

/** Does a step of a plan that has to do with a template. */
export async function runTemplateStep(
  context: Context,
  client: ProxmoxClient,
  place: Pick<VmPlan, 'node' | 'vmid'>,
  { template, ...step }: PlannedStep,
  report: StepReport,
): Promise<void> {
  if (template?.kind === 'build') return buildTemplate(context, client, template, report);
  if (template?.kind === 'clone')
    return cloneTemplate(context, client, place, { call: step.call, clone: template }, report);
  await planStep(context, client, place, step).run(report);
  // From now on it is what everybody finds.
  await forgetMemo(context, 'template', thisMaker());
}
