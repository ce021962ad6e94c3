import { isZebuError, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { connectGuest } from '../../guest/session.js';
import type { Step, StepReport } from '../../ui/steps.js';
import { retryUntil } from '../../proxmox/agent.js';
import { waitUntilReady, type Ensuring } from './ensuring.js';

/** Errors of a machine that is still booting: sshd not there yet, the user not made yet. */
function bootCures(error: unknown): boolean {
  return isZebuError(error) && (error.code === 'UNREACHABLE' || error.code === 'AUTH_FAILED');
}

/** After this many milliseconds of being refused, a key is wrong rather than early. */
const AUTH_GRACE_MS = 180_000;

/** A new login of the deploy user, in place of the one before: with the groups it has by now. */
export async function login(ensuring: Ensuring, report: StepReport): Promise<SshSession> {
  const { address, context } = ensuring;
  if (address === undefined) throw new Error('the address is found before logging in');
  await ensuring.session?.close();
  ensuring.session = undefined;
  const started = context.clock.elapsed();
  ensuring.session = await retryUntil(
    waitUntilReady(ensuring, report),
    `waiting for ${address.user}@${address.host} to accept our key`,
    (signal) => connectGuest({ ...context, signal }, address),
    (last) => (isZebuError(last) ? last : new ZebuError('VM_NOT_READY', 'SSH in the VM did not become ready')),
    (error) =>
      bootCures(error) &&
      !(isZebuError(error) && error.code === 'AUTH_FAILED' && context.clock.elapsed() - started > AUTH_GRACE_MS),
  );
  return ensuring.session;
}

export function loginStep(ensuring: Ensuring): Step {
  return {
    title: `Log in as ${ensuring.desired.user}`,
    run: async (report) => {
      await login(ensuring, report);
    },
  };
}
