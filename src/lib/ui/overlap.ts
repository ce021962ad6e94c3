import { handledLater } from '@zebu/kit';
import type { Step, StepReport } from './steps.js';

/**
 * Two steps of which the second does not need the first: it is begun with it, and shown as usual once its turn comes. What
 * it throws is thrown then; a first one that fails still waits for it, so that nothing goes on behind an error.
 */
export function overlapped(first: Step, second: Step): readonly [Step, Step] {
  let begun: Promise<void> | undefined;
  let result = '';
  const quiet: StepReport = { update: () => {}, output: () => {}, done: (text) => (result = text) };
  return [
    {
      title: first.title,
      run: async (report) => {
        begun = handledLater(second.run(quiet));
        try {
          await first.run(report);
        } catch (error) {
          await Promise.allSettled([begun]);
          throw error;
        }
      },
    },
    {
      title: second.title,
      run: async (report) => {
        await begun;
        if (result !== '') report.done(result);
      },
    },
  ];
}
