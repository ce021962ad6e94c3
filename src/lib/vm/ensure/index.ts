import type { Context } from '../../context/context.js';
import type { Step } from '../../ui/steps.js';
import type { AgentTarget } from '../../proxmox/agent.js';
import type { DesiredVm } from '../desired.js';
import { bootStep } from './boot.js';
import type { Ensuring } from './ensuring.js';
import { guestStep } from './guest.js';
import { locateStep } from './locate.js';
import { loginStep } from './login.js';
import { proveStep } from './prove.js';

/**
 * What every running VM is brought to, in order, however it was made. Each step finds out what is missing and does that
 * alone, so that all of them may run again at any time.
 */
const STEPS: readonly ((ensuring: Ensuring) => Step)[] = [bootStep, locateStep, loginStep, guestStep, proveStep];

export function beginEnsuring(context: Context, target: AgentTarget, desired: DesiredVm): Ensuring {
  return {
    context,
    target,
    desired,
    interfaces: undefined,
    address: undefined,
    facts: undefined,
    inspected: undefined,
    ready: undefined,
    settings: [],
    afterwards: [],
    guest: undefined,
    session: undefined,
  };
}

/** The steps for a VM that may not run yet. */
export { configStep, firewallStep } from './settings.js';
/** The step after all others, where zebu.yml says something of it. */
export { backupStep } from './backup.js';
export { haStep } from './ha.js';

export function ensureSteps(ensuring: Ensuring): readonly Step[] {
  return STEPS.map((step) => step(ensuring));
}

export async function endEnsuring(ensuring: Ensuring): Promise<void> {
  await ensuring.session?.close();
}
