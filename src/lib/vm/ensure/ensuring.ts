import { ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../../context/context.js';
import type { GuestAddress } from '../../guest/address.js';
import type { EnsuredGuest } from '../../guest/ensure/ensure.js';
import type { GuestFacts } from '../../guest/prove.js';
import { timeLimit, type TimeLimit } from '../../context/time-limit.js';
import type { StepReport } from '../../ui/steps.js';
import type { AgentTarget, Interfaces, Waiting } from '../../proxmox/agent.js';
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
  /** `vm.ready_timeout`: one for all steps after the boot, begun by the first of them. */
  ready: TimeLimit | undefined;
  /** The requests that were made to Proxmox because settings differed. */
  readonly settings: PlannedStep[];
  /** The same to the HA manager, which come last. */
  readonly afterwards: PlannedStep[];
  guest: EnsuredGuest | undefined;
  /** The login of the deploy user, opened by the first step that needs it and closed with the last step. */
  session: SshSession | undefined;
}

/** What is left of `vm.ready_timeout`. */
export function readyLimit(ensuring: Pick<Ensuring, 'context' | 'ready'>): TimeLimit {
  const { context } = ensuring;
  ensuring.ready ??= timeLimit(context.config.vm.ready_timeout * 1000, context);
  return ensuring.ready;
}

/**
 * Does one thing after the boot within what is left of `vm.ready_timeout`.
 * @param what it waits for, for the message: `SSH`, `cloud-init and Docker`
 */
export async function whileGettingReady<T>(
  ensuring: Pick<Ensuring, 'context' | 'ready' | 'target'>,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const done = await readyLimit(ensuring).within(async (signal) => ({ value: await work(signal) }));
  if (done !== undefined) return done.value;
  const seconds = ensuring.context.config.vm.ready_timeout;
  throw new ZebuError('VM_NOT_READY', `VM ${ensuring.target.vmid} was not ready within ${seconds} s: ${what}`, {
    hint: 'On a slow host or line raise vm.ready_timeout; run again to go on.',
  });
}

/** As `waitFor`, with what is left of `vm.ready_timeout`. */
export function waitUntilReady(ensuring: Pick<Ensuring, 'context' | 'ready'>, report: StepReport): Waiting {
  return { ...waitFor(ensuring.context, 0, report), timeoutMs: readyLimit(ensuring).left() };
}

export function waitFor(context: Context, seconds: number, report: StepReport): Waiting {
  return {
    clock: context.clock,
    signal: context.signal,
    timeoutMs: seconds * 1000,
    onWait: (text) => report.update(text),
  };
}
