import { runnerSize, runnerSum } from '../../runner/sum.js';
import type { Sums } from './sums.js';

export interface RunnerPart {
  /** What take-runner.sh finds set. */
  readonly values: Readonly<Record<'runner_size' | 'runner_sum', number | string>>;
  /** What standard input has to bring for it; it is loaded when it is asked for. */
  input(): Promise<string>;
}

/** @param sums what the VM was seen to have; of another runner by now it is a conflict */
export function runnerPart(sums?: Sums): RunnerPart {
  const there = sums?.get('runner') === runnerSum;
  return {
    values: { runner_size: there ? 0 : runnerSize, runner_sum: runnerSum },
    input: async () => (there ? '' : (await import('../../runner/index.js')).RUNNER),
  };
}
