import { RUNNER } from '../../runner/index.js';
import { sumOf, type Sums } from './sums.js';

const SUM = sumOf(RUNNER);

export interface RunnerPart {
  /** What take-runner.sh finds set. */
  readonly values: Readonly<Record<'runner_size' | 'runner_sum', number | string>>;
  /** What standard input has to bring for it. */
  readonly input: string;
}

/** @param sums what the VM was seen to have; of another runner by now it is a conflict */
export function runnerPart(sums?: Sums): RunnerPart {
  const there = sums?.get('runner') === SUM;
  return {
    values: { runner_size: there ? 0 : Buffer.byteLength(RUNNER), runner_sum: SUM },
    input: there ? '' : RUNNER,
  };
}
