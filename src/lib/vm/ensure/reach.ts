import { isZebuError, ZebuError } from '@zebu/kit';
import type { Context } from '../../context/context.js';
import { locateGuest } from '../../guest/address.js';
import { rememberAddress } from '../../guest/last-address.js';
import { connectGuest } from '../../guest/session.js';
import { isNotYet, retryUntil, type AgentTarget } from '../../proxmox/agent.js';
import type { Step } from '../../ui/steps.js';
import { waitFor } from './ensuring.js';

/** Seconds for a VM whose agent answers to let us in; less where vm.ready_timeout is. */
const REACH_SECONDS = 180;
/** Seconds for which a key is refused because of the boot, until whose end nobody but root may log in. */
const REFUSED_SECONDS = 20;
/** Milliseconds for its address to take a connection, so that the reason is known where none is. */
const ANSWER_MS = 10_000;

/**
 * After the boot: what comes next logs in by SSH, which is there some seconds later than the agent. That it is not there in time is a
 * warning, for the VM runs: whoever starts it may have no key for it, or be in another network.
 */
export function reachStep(context: Context, target: AgentTarget): Step {
  return {
    title: 'Wait until it can be logged in to',
    run: async (report) => {
      const { clock, config, io, signal } = context;
      const { vmid } = target;
      const began = clock.elapsed();
      const cures = (error: unknown): boolean => {
        if (!isZebuError(error)) return false;
        if (error.code === 'AUTH_FAILED') return clock.elapsed() - began < REFUSED_SECONDS * 1000;
        return isNotYet(error) || error.code === 'VM_NOT_READY';
      };
      const waiting = waitFor(context, Math.min(REACH_SECONDS, config.vm.ready_timeout), report);
      const row = { vmid, node: target.node, type: 'qemu', status: 'running', uptime: 0 };
      const attempt = async (during: AbortSignal): Promise<string> => {
        const within = { ...context, signal: during };
        const address = await locateGuest(within, undefined, row);
        await (await connectGuest(within, address, ANSWER_MS)).close();
        await rememberAddress(context, address);
        return address.host;
      };
      const giveUp = (last: unknown): ZebuError =>
        isZebuError(last) ? last : new ZebuError('VM_NOT_READY', `VM ${vmid} does not answer`);
      try {
        report.done(await retryUntil(waiting, `waiting for SSH as ${config.vm.user}`, attempt, giveUp, cures));
      } catch (error) {
        signal.throwIfAborted();
        if (!isZebuError(error)) throw error;
        const seconds = Math.round((clock.elapsed() - began) / 1000);
        report.done(`not within ${seconds} s`);
        io.warn(
          `VM ${vmid} runs and its guest agent answers, but nobody could log in to it from here within ${seconds} s, as zebu app:status and vm:ssh do: ${error.message}`,
        );
      }
    },
  };
}
