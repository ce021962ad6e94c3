import { isTooOld } from '../app-folder/data.js';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { seeData } from './ask.js';
import type { SeenData } from './read.js';
import type { DataList } from './results.js';

/** How old the newest dump is, and whether that is too old. */
export function dumpAge(
  seen: Pick<SeenData, 'dumps' | 'now'>,
  maxAge: string | undefined,
): Pick<DataList, 'ageSeconds' | 'tooOld'> {
  const newest = seen.dumps[0];
  const age = newest === undefined ? null : Math.max(0, seen.now - Date.parse(newest.at) / 1000);
  return { ageSeconds: age, tooOld: isTooOld(age, maxAge) };
}

/** What is dumped and how, and the dumps there are. @throws APP_MISSING */
export async function listData(context: Context): Promise<DataList> {
  const { app, data } = context.config;
  const { session } = await openGuest(context);
  const seen = await seeData(session, context, { offsite: data?.offsite !== undefined });
  const copied = seen.offsite === undefined ? undefined : new Set(seen.offsite.map(({ id }) => id));
  const failed = seen.failures[0];
  return {
    app: app.name,
    stores: seen.stores,
    dumps: seen.dumps.map((each) => ({ ...each, offsite: copied === undefined ? null : copied.has(each.id) })),
    offsite:
      data?.offsite === undefined
        ? null
        : {
            dumps: (seen.offsite ?? []).map(({ id, at, snapshot }) => ({ id, at, snapshot })),
            problem: seen.offsiteProblem?.reason ?? null,
          },
    failed:
      failed === undefined
        ? null
        : { at: new Date(failed.at * 1000).toISOString(), cause: failed.cause, reason: failed.reason },
    ...dumpAge(seen, data?.max_age),
  };
}
