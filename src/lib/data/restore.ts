import { isZebuError, sh, variables, ZebuError, type ErrorCode } from '@zebu/kit';
import { author } from '../app-folder/author.js';
import { appLayout } from '../app-folder/layout.js';
import { makeRunId, toReleaseId } from '../app-folder/release-id.js';
import { notDeployed, surveyApp } from '../app-folder/status.js';
import type { Context } from '../context/context.js';
import { dumpSettings } from '../dumps/settings.js';
import { openGuest } from '../guest/session.js';
import type { Phases } from '../runs/journal-stream.js';
import { launch } from '../runs/launch.js';
import { runnerPart } from '../runs/programs/runner-part.js';
import { lockPart, startPart, type Start } from '../runs/programs/start.js';
import { carryOut, newRun } from '../runs/watch.js';
import { formatMinute } from '../ui/units.js';
import { seeData } from './ask.js';
import { chooseDump, type Chosen } from './choose.js';
import type { DataRestored } from './results.js';
import { dataTrouble } from './trouble.js';

const PHASES: Phases = [
  { title: 'Look at the dump', steps: ['start', 'heal', 'check', 'fetch', 'dump'] },
  { title: 'Put its data in place', steps: ['set-aside', 'restore-data', 'release-command'] },
  { title: 'Start', steps: ['start-up'] },
  { title: 'Verify', steps: ['verify', 'in-force', 'probe', 'commit'] },
];

export interface RestoreOptions {
  /** Undefined: the newest. */
  readonly id: string | undefined;
  /** Names of stores; empty for all that are in it. */
  readonly only: readonly string[];
  /** Dump what is there first. */
  readonly first: boolean;
  readonly dryRun: boolean;
  /** Asked before anything is changed. */
  readonly confirm: (what: string, name: string) => Promise<boolean>;
}

/** Refusals of a run that a restore has words of its own for. */
const OF_DUMPS: ReadonlySet<ErrorCode> = new Set([
  'DUMP_MISSING',
  'DUMP_REFUSED',
  'LOCK_HELD',
  'NO_SPACE',
  'OFFSITE_REFUSED',
]);

/** The words of a deploy's end, for a restore. */
function inWordsOfData(error: unknown, id: string): unknown {
  if (!isZebuError(error)) return error;
  const reason = typeof error.details?.['reason'] === 'string' ? error.details['reason'] : '';
  const cause = typeof error.details?.['cause'] === 'string' ? error.details['cause'] : undefined;
  const details = { ...error.details, dump: id };
  if (error.code === 'DEPLOY_RESTORED')
    return new ZebuError(
      'DEPLOY_RESTORED',
      `The dump ${id} was not restored: ${reason}. The data before is back and serves`,
      { hint: 'The app was verified with it. See zebu app:follow for the whole journal.', details },
    );
  if (cause !== undefined && OF_DUMPS.has(error.code))
    return dataTrouble(`The dump ${id} was not restored, and nothing was changed`, cause, reason);
  return error;
}

/** What the runner sources. */
export const restoreSettings = (
  context: Context,
  { id, fetched }: Pick<Chosen, 'fetched' | 'id'>,
  { only, first }: Pick<RestoreOptions, 'first' | 'only'>,
  run: string,
): string =>
  variables({
    restore_run: run,
    restore_id: id,
    restore_only: only.join(' '),
    restore_fetch: fetched ? '1' : '',
    restore_first: first ? '1' : '',
  }) + dumpSettings(context.config);

/**
 * Puts a dump in the place of what its stores hold, as a transaction in the VM: what does not become healthy is undone, and the data
 * before is back.
 * @throws DEPLOY_RESTORED, DEPLOY_UNHEALTHY, DUMP_MISSING, DUMP_REFUSED, LOCK_HELD, NEEDS_CONFIRMATION, OUTCOME_UNKNOWN
 */
export async function restoreData(context: Context, options: RestoreOptions): Promise<DataRestored> {
  const { config, clock } = context;
  const { name } = config.app;
  const { session } = await openGuest(context);
  const { current } = await surveyApp(session, context);
  if (current === null) throw notDeployed(name);
  const offsite = config.data?.offsite !== undefined;
  // Which is the newest is said by both; what is named is asked for off the VM where it is not in it.
  let seen = await seeData(session, context, { offsite: offsite && options.id === undefined });
  if (offsite && options.id !== undefined && !seen.dumps.some(({ id }) => id === options.id))
    seen = await seeData(session, context, { offsite: true });
  const chosen = chooseDump(seen, options.id);
  const unknown = options.only.filter((each) => !chosen.fetched && !chosen.stores.includes(each));
  if (unknown.length > 0)
    throw new ZebuError(
      'DUMP_MISSING',
      `The dump ${chosen.id} has no ${unknown.join(', ')}; it has ${chosen.stores.join(', ')}`,
      {
        hint: 'See zebu data:list.',
      },
    );
  const stores = options.only.length > 0 ? options.only : chosen.stores;
  const result = { app: name, dump: chosen.id, fetched: chosen.fetched, stores, release: current };
  if (options.dryRun) return { ...result, seconds: 0, verdict: 'planned' };
  const of = chosen.ref === '' ? '' : `, made with ${chosen.ref}`;
  await options.confirm(
    `This stops ${name} and puts the data of the dump ${chosen.id} (${formatMinute(chosen.at)} UTC${of}) in the place of what ${stores.length === 0 ? 'its stores hold' : `${stores.join(', ')} hold${stores.length === 1 ? 's' : ''}`} now`,
    name,
  );
  const release = toReleaseId(current);
  const id = makeRunId(clock.now(), release);
  const run = newRun(id);
  const end = await carryOut(context, run, {
    probing: true,
    phases: PHASES,
    first: [
      {
        title: `Restore the dump ${chosen.id}`,
        run: async () => {
          const runner = runnerPart();
          const start: Start = {
            layout: appLayout(name),
            id: release,
            run: id,
            mode: 'data',
            holder: JSON.stringify({
              ...author(context, ''),
              since: clock.now().toISOString(),
              id: release,
              run: id,
              ref: `data:restore ${chosen.id}`,
            }),
            lockWait: config.deploy.lock_wait,
            over: release,
            runner,
          };
          const script = [
            lockPart(start),
            sh`mkdir -p data; printf %s ${restoreSettings(context, chosen, options, id)} >data/restore` + '\n',
            startPart(start),
          ].join('');
          await launch(context, session, { script, parts: [await runner.input()], pack: undefined }, run);
        },
      },
    ],
  }).catch((error: unknown) => {
    throw inWordsOfData(error, chosen.id);
  });
  return { ...result, seconds: end.seconds ?? 0, verdict: 'live' };
}
