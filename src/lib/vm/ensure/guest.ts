import { ensureGuest, type EnsuredGuest } from '../../guest/ensure/ensure.js';
import { connectGuest } from '../../guest/session.js';
import type { Step } from '../../ui/steps.js';
import { readyLimit, type Ensuring } from './ensuring.js';
import { login } from './login.js';

/** What could not be put right, or cannot be seen in this guest, is said; it is no reason to fail. */
function warnOf({ left, unavailable }: EnsuredGuest, ensuring: Ensuring): void {
  const { io } = ensuring.context;
  for (const { key, wanted, why } of left) io.warn(`${key} is not ${wanted} yet: ${why}`);
  for (const { key, why } of unavailable) io.warn(`${key} cannot be seen to: ${why}`);
}

/** Milliseconds that a command has at least, however little time is left: a repair must not be cut off in the middle. */
const SHORTEST_MS = 30_000;

export function guestStep(ensuring: Ensuring): Step {
  const { context, desired } = ensuring;
  return {
    title: 'See to SSH, upgrades, logs and swap in the VM',
    run: async (report) => {
      const session = ensuring.session ?? (await login(ensuring, report));
      const limit = readyLimit(ensuring);
      ensuring.guest = await ensureGuest(session, desired.guest, {
        io: context.io,
        signal: context.signal,
        // Each command in it; what it does to SSH is not broken off between two of them.
        timeoutMs: Math.max(SHORTEST_MS, limit.left()),
        onWait: (text) => report.update(text),
        // The old connection stays open meanwhile, to undo what keeps the new one out.
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
