import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../../context.js';
import type { GuestAddress } from '../../guest/address.js';
import type { EnsuredGuest } from '../../guest/ensure/ensure.js';
import type { GuestFacts } from '../../guest/prove.js';
import type { StepReport } from '../../ui/steps.js';
import type { AgentTarget, Interfaces, Waiting } from '../agent.js';
import type { DesiredVm } from '../desired.js';
import type { InspectedVm } from '../inspect.js';
import type { PlannedStep } from '../plan.js';

/** What the steps that make a VM ready work on, and what they find out for each other. */
export interface Ensuring {
  readonly context: Context;
  readonly target: AgentTarget;
  readonly desired: DesiredVm;
  /** As the agent had them with its first answer. */
  interfaces: Interfaces | undefined;
  /** Set by the step that reads it through the agent. */
  address: GuestAddress | undefined;
  facts: GuestFacts | undefined;
  /** The VM as Proxmox had it before it was started; maybe before it had its disk. */
  inspected: InspectedVm | undefined;
  /** What had to be set in Proxmox. */
  readonly settings: PlannedStep[];
  /** And last of all. */
  readonly afterwards: PlannedStep[];
  guest: EnsuredGuest | undefined;
  /** The login of the deploy user, opened by the first step that needs it and closed with the last step. */
  session: SshSession | undefined;
}

export function waitFor(context: Context, seconds: number, report: StepReport): Waiting {
  return {
    clock: context.clock,
    signal: context.signal,
    timeoutMs: seconds * 1000,
    onWait: (text) => report.update(text),
  };
}
