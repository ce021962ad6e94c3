import { variables } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { appLayout } from '../app-folder/layout.js';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { lookAtUnits } from '../guest/units.js';
import { planSum } from './plan-sum.js';
import { parsePull, type SeenPull } from './read.js';
import type { PullStatus } from './results.js';
import { POLL_UNIT, RUN_UNIT } from './units.js';
import LOOK from './look.sh';

const LOOK_MS = 60_000;

/** What the VM has of pull deploys; undefined where they are not enabled. */
export async function seePull(session: SshSession, context: Context): Promise<SeenPull | undefined> {
  const { base } = appLayout(context.config.app.name);
  const { stdout } = await session.exec(
    { line: variables({ base }) + LOOK },
    { signal: context.signal, timeoutMs: LOOK_MS },
  );
  return parsePull(stdout);
}

const NOTHING = {
  since: null,
  repository: null,
  tags: null,
  branch: null,
  every: null,
  signedBy: [],
  key: null,
  planHash: null,
  planCurrent: null,
  looked: null,
  trouble: null,
  run: null,
  refused: [],
};

export interface StatusNow extends PullStatus {
  /** Unix time in seconds of the VM's clock. */
  readonly time: number;
}

export async function statusOfPull(context: Context): Promise<StatusNow> {
  const { config, loaded, signal } = context;
  const { name } = config.app;
  const { session } = await openGuest(context);
  const [seen, { systemd, units }] = await Promise.all([
    seePull(session, context),
    lookAtUnits(session, { app: name, base: appLayout(name).base }, { signal, timeoutMs: LOOK_MS }),
  ]);
  const own = units.filter((unit) => unit.name === POLL_UNIT || unit.name === RUN_UNIT);
  if (seen === undefined) return { app: name, enabled: false, ...NOTHING, units: own, systemd, time: 0 };
  const overlay =
    loaded.overlay === undefined ? [] : [loaded.file.replace(/\.ya?ml$/, (end) => `.${loaded.overlay ?? ''}${end}`)];
  const here = await planSum([loaded.file, ...overlay], signal).catch(() => undefined);
  const { waiting: _, ...rest } = seen;
  return {
    app: name,
    enabled: true,
    ...rest,
    planCurrent: here === undefined ? null : here.sum === seen.planHash,
    units: own,
    systemd,
  };
}
