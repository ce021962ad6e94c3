import { proveGuest } from '../../guest/prove.js';
import type { Step } from '../../ui/steps.js';
import { whileGettingReady, type Ensuring } from './ensuring.js';
import { login } from './login.js';

export function proveStep(ensuring: Ensuring): Step {
  const { context, desired } = ensuring;
  return {
    title: 'Prove Docker and Compose by running them',
    run: async (report) => {
      const session = ensuring.session ?? (await login(ensuring, report));
      ensuring.facts = await whileGettingReady(ensuring, 'cloud-init or Docker takes longer', (signal) =>
        proveGuest(session, {
          user: desired.user,
          dockerFrom: context.config.vm.docker,
          io: context.io,
          signal,
          timeoutMs: context.config.vm.ready_timeout * 1000,
          onWait: (text) => report.update(text),
          reconnect: () => login(ensuring, report),
        }),
      );
      report.done(`Docker ${ensuring.facts.docker}, Compose ${ensuring.facts.compose}`);
    },
  };
}
