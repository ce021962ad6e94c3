import { variables } from '@zebu/kit';
import { MASK_FUNCTION } from '../app-folder/secrets/masks.js';
import type { Config } from '../config/schema.js';
import type { Unit } from '../units/unit.js';
import HISTORY from './history.awk';
import POLL from './poll.sh';
import RUN from './pull-run.sh';
import VERSION from './version.awk';

/** Looks at the repository. */
export const POLL_UNIT = 'pull';
/** Deploys what was found. */
export const RUN_UNIT = 'pull-run';

/** Seconds for a question and a fetch. */
const LOOK_LIMIT = 900;
/** Seconds beyond what zebu.yml gives the steps of a deploy: hooks, pulling images, going back. */
const RUN_SLACK = 7200;
/** Seconds for one that dumps the data before it, and waits for a dump that is under way. */
const DUMP_SLACK = 4 * 3600;

/** The programs of pull deploys. */
export const POLL_PROGRAM = variables({ version_program: VERSION, history_program: HISTORY }) + MASK_FUNCTION + POLL;
export const RUN_PROGRAM = RUN;

export function pullUnits(
  { build_timeout: build, timeout, drain, dump }: Config['deploy'],
  every: number,
): readonly Unit[] {
  const dumping = dump === 'never' ? 0 : DUMP_SLACK;
  return [
    {
      name: POLL_UNIT,
      summary: 'Look for a release',
      program: POLL_PROGRAM,
      start: { every },
      limit: LOOK_LIMIT,
      rights: 'fetch',
      writes: ['pull/state', 'events'],
    },
    {
      name: RUN_UNIT,
      summary: 'Deploy a release that was found',
      program: RUN_PROGRAM,
      start: { path: 'pull/state/order' },
      limit: Math.ceil(build + 3 * timeout + drain + dumping + RUN_SLACK),
      rights: 'deploy',
      writes: [],
    },
  ];
}
