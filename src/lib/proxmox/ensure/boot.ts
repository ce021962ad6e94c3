import type { Step } from '../../ui/steps.js';
import { waitForAgent } from '../agent.js';
import { waitFor, type Ensuring } from './ensuring.js';

export function bootStep({ context, target }: Ensuring): Step {
  return {
    title: 'Boot until the guest agent answers',
    run: (report) => waitForAgent(target, waitFor(context, context.config.vm.boot_timeout, report)),
  };
}
