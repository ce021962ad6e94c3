import { durationSeconds } from '../../config/durations.js';
import type { Config } from '../../config/schema.js';
import type { Unit } from '../../units/unit.js';
import PROGRAM from './main.sh';

/** Longer than any probation with what comes of it: started again it goes on. */
const LIMIT_SECONDS = 2 * 86_400;

/** Watches the live release while it is on probation; costs nothing when none is. Undefined where none is asked for. */
export function probationUnit({ deploy }: Pick<Config, 'deploy'>): Unit | undefined {
  if (durationSeconds(deploy.probation) === 0) return undefined;
  return {
    name: 'probation',
    summary: 'Probation of the live release',
    program: PROGRAM,
    start: { path: 'probation' },
    limit: LIMIT_SECONDS,
    rights: 'deploy',
    writes: [],
  };
}
