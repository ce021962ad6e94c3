import { isZebuError } from '@zebu/kit';
import type { Step } from '../../ui/steps.js';
import { waitForAgent } from '../../proxmox/agent.js';
import { tailSerial, type SerialTail } from '../../proxmox/serial-tail.js';
import { waitFor, type Ensuring } from './ensuring.js';

/** `interfaces` is set for the step that needs the address. */
type Booting = Pick<Ensuring, 'context' | 'target'> & { interfaces?: Ensuring['interfaces'] };

export function bootStep(ensuring: Booting): Step {
  const { context, target } = ensuring;
  const { config, io } = context;
  return {
    title: 'Boot until the guest agent answers',
    run: async (report) => {
      const { hostShell, id } = await context.transport();
      let tail: SerialTail | undefined;
      const waiting = waitFor(context, config.vm.boot_timeout, report);
      const onWait = (text: string): void => {
        // Listens from the start on: output that nobody listens to, such as that of a panic, is lost.
        if (hostShell !== undefined) tail ??= tailSerial(hostShell, target.vmid);
        waiting.onWait(text);
      };
      try {
        ensuring.interfaces = await waitForAgent(target, { ...waiting, onWait }, () => tail?.lines() ?? []);
      } catch (error) {
        if (isZebuError(error) && (error.code === 'VM_NOT_READY' || error.code === 'VM_NOT_RUNNING')) {
          const lines = tail?.lines() ?? [];
          if (lines.length > 0)
            io.note(`The last lines of its serial console:\n${lines.map((line) => `  | ${line}`).join('\n')}`);
          else if (hostShell === undefined)
            io.note(`Its serial console cannot be read over the transport ${id}; the web interface shows it.`);
          else io.note('Its serial console said nothing in that time.');
        }
        throw error;
      } finally {
        tail?.stop();
      }
    },
  };
}
