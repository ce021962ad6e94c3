import { overlapped } from '../ui/overlap.js';
import type { Step } from '../ui/steps.js';
import type { Ensuring } from './ensure/ensuring.js';
import { configStep, ensureSteps, firewallStep } from './ensure/index.js';
import type { PlannedStep, VmPlan } from './plan.js';

export const starts = ({ call }: PlannedStep): boolean => call.task === 'qmstart';

/** The steps before the start, with those of the firewall; concurrently with the import where there is one. */
function closedMeanwhile(plan: VmPlan, planned: (step: PlannedStep) => Step, firewall: Step): readonly Step[] {
  const before = plan.steps.filter((step) => !starts(step));
  const at = before.findIndex(({ imports }) => imports === true);
  const steps = before.map(planned);
  const importing = steps[at];
  if (importing === undefined) return [...steps, firewall];
  const [first, second] = overlapped(importing, firewall);
  return [...steps.with(at, first), second];
}

/** Everything from the first request to a VM that is ready: the firewall is on before the VM is. */
export function makingSteps(plan: VmPlan, planned: (step: PlannedStep) => Step, ensuring: Ensuring): readonly Step[] {
  return [
    ...closedMeanwhile(plan, planned, firewallStep(ensuring)),
    configStep(ensuring),
    ...plan.steps.filter(starts).map(planned),
    ...ensureSteps(ensuring),
  ];
}
