import { isZebuError } from '@zebu/kit';
import type { Step } from '../../ui/steps.js';
import { waitForAgent } from '../agent.js';
import { tailSerial, type SerialTail } from '../serial-tail.js';
import { waitFor, type Ensuring } from './ensuring.js';

/** A VM that boots in less has nothing to tell; most do. */
const LISTEN_AFTER_MS = 5000;

export function bootStep({ context, target }: Ensuring): Step {
  const { clock, config, io } = context;
  return {
    title: 'Boot until the guest agent answers',
    run: async (report) => {
      const { hostShell, id } = await context.transport();
      const started = clock.elapsed();
      let tail: SerialTail | undefined;
      const waiting = waitFor(context, config.vm.boot_timeout, report);
      const onWait = (text: string): void => {
        if (clock.elapsed() - started > LISTEN_AFTER_MS && hostShell !== undefined) {
          tail ??= tailSerial(hostShell, target.vmid);
        }
        waiting.onWait(text);
      };
      try {
        await waitForAgent(target, { ...waiting, onWait }, () => tail?.lines() ?? []);
      } catch (error) {
        if (isZebuError(error) && error.code === 'VM_NOT_READY') {
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
