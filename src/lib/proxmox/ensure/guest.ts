import { ensureGuest, type EnsuredGuest } from '../../guest/ensure/ensure.js';
import { connectGuest } from '../../guest/session.js';
import type { Step } from '../../ui/steps.js';
import type { Ensuring } from './ensuring.js';
import { login } from './login.js';

/** What could not be put right, or cannot be seen in this guest, is said; it is no reason to fail. */
function warnOf({ left, unavailable }: EnsuredGuest, ensuring: Ensuring): void {
  const { io } = ensuring.context;
  for (const { key, wanted, why } of left) io.warn(`${key} is not ${wanted} yet: ${why}`);
  for (const { key, why } of unavailable) io.warn(`${key} cannot be seen to: ${why}`);
}

export function guestStep(ensuring: Ensuring): Step {
  const { context, desired } = ensuring;
  return {
    title: 'See to SSH, upgrades, logs and swap in the VM',
    run: async (report) => {
      ensuring.guest = await ensureGuest(ensuring.session ?? (await login(ensuring, report)), desired.guest, {
        io: context.io,
        signal: context.signal,
        timeoutMs: context.config.vm.ready_timeout * 1000,
        onWait: (text) => report.update(text),
        // The old login stays open beside it: it is the way back.
        prove: async () => {
          if (ensuring.address === undefined) throw new Error('the address is found before logging in');
          await (await connectGuest(context, ensuring.address)).close();
        },
      });
      warnOf(ensuring.guest, ensuring);
      const { changes } = ensuring.guest;
      report.done(changes.length === 0 ? 'as they should be' : changes.join('; '));
    },
  };
}
