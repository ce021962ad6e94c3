import { isZebuError, variables, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { parseHistory, type ReleaseRecord } from '../app-folder/history.js';
import { appLayout } from '../app-folder/layout.js';
import { durationSeconds } from '../config/durations.js';
import type { Config } from '../config/schema.js';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { formatSeconds } from '../ui/units.js';
import type { StepReport } from '../ui/steps.js';
import PROBATION from './probation.sh';

/** Of a deploy whose `previous` was live before: of a first one there is nothing to go back to. */
export const probationOf = ({ deploy }: Config, previous: string | null): number =>
  previous === null ? 0 : durationSeconds(deploy.probation);

interface Look {
  /** Seconds; undefined when it is over. */
  readonly left: number | undefined;
  /** How it was gone back; undefined where it was not. */
  readonly back: ReleaseRecord | undefined;
}

function parseLook(stdout: string): Look {
  const left = /^left=(\d+)$/m.exec(stdout)?.[1];
  const back = /^back=(.*)$/m.exec(stdout)?.[1];
  return { left: left === undefined ? undefined : Number(left), back: parseHistory(back ?? '')[0] };
}

const LOOK_MS = 3000;
/** How long the VM may be away, as while it is started again. */
const AWAY_MS = 300_000;

/** Stays until the probation of a release is over. @throws DEPLOY_RESTORED, DEPLOY_UNHEALTHY, OUTCOME_UNKNOWN */
export async function stayThroughProbation(context: Context, id: string, report: StepReport): Promise<void> {
  const { clock, signal, config } = context;
  const script = variables({ base: appLayout(config.app.name).base, run: id }) + PROBATION;
  let answered = clock.elapsed();
  let session: SshSession | undefined;
  for (;;) {
    try {
      session ??= (await openGuest(context)).session;
      const { stdout, code } = await session.exec({ line: script }, { signal, timeoutMs: 60_000 });
      if (code !== 0) throw new ZebuError('UNREACHABLE', 'The VM does not say how the probation is');
      answered = clock.elapsed();
      const { left, back } = parseLook(stdout);
      if (back !== undefined) throw goneBack(id, back);
      if (left === undefined) return;
      report.update(left === 0 ? 'waiting for how it ends' : `${formatSeconds(left)} left`);
    } catch (error) {
      if (!isZebuError(error) || error.code !== 'UNREACHABLE' || clock.elapsed() - answered > AWAY_MS)
        throw goesOn(error, id);
      session = undefined;
      report.update(`${error.message}; asking again`);
    }
    await clock.sleep(LOOK_MS, signal).catch((error: unknown) => {
      throw goesOn(error, id);
    });
  }
}

/** Who stops watching ends nothing: the probation goes on in the VM. */
function goesOn(error: unknown, id: string): unknown {
  if (!isZebuError(error) || (error.code !== 'UNREACHABLE' && error.code !== 'INTERRUPTED')) return error;
  const why = error.code === 'INTERRUPTED' ? 'You stopped watching' : error.message;
  return new ZebuError('OUTCOME_UNKNOWN', `${why}; the release is live, and its probation goes on in the VM`, {
    hint: 'See how it is: zebu app:status',
    details: { release: id, started: true },
    cause: error,
  });
}

function goneBack(id: string, { verdict, cause, reason, run }: ReleaseRecord): ZebuError {
  const details = { release: id, cause, reason, evidence: [] };
  const hint = `Its last words: zebu app:follow ${run ?? ''}`.trim();
  return verdict === 'restored'
    ? new ZebuError('DEPLOY_RESTORED', `The release failed ${reason}. The previous release was restored and verified`, {
        hint,
        details,
      })
    : new ZebuError('DEPLOY_UNHEALTHY', `The app is not healthy: the release failed ${reason}`, { hint, details });
}
