import { sh } from '@zebu/kit';
import { CHANGED_STATUS } from '../../app-folder/secrets/scripts.js';
import { RUNNER } from '../../runner/index.js';
import { sumOf, type Sums } from './sums.js';
import { takePart } from '../../app-folder/take-part.js';

const SUM = sumOf(RUNNER);

export interface RunnerPart {
  /** Run in the app's folder, under the lock: `.incoming/runner` from standard input, or `runner` as it is. */
  readonly script: string;
  /** What standard input has to bring for it. */
  readonly input: string;
}

/** @param sums what the VM was seen to have; of another runner by now it is a conflict */
export function runnerPart(sums?: Sums): RunnerPart {
  if (sums?.get('runner') !== SUM)
    return { script: takePart('.incoming/runner', Buffer.byteLength(RUNNER)), input: RUNNER };
  const script = sh`
[ "$(sha256sum <runner)" = ${`${SUM}  -`} ] || { echo changed >&2; exit ${CHANGED_STATUS}; }
`;
  return { script, input: '' };
}
