import { variables, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { appLayout } from '../app-folder/layout.js';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { attach } from '../runs/attach.js';
import { carryOut, newRun } from '../runs/watch.js';
import { runSteps } from '../ui/steps.js';
import { lookNow } from './enable.js';
import type { PullNow } from './results.js';
import { seePull } from './status.js';
import { RUN_UNIT } from './units.js';
import START_RUN from './start-run.sh';

/** Milliseconds for the unit to take the order up, before it is started by hand: where no systemd is nobody else does. */
const TAKE_UP_MS = 15_000;
/** Milliseconds until the run has begun. */
const BEGIN_MS = 120_000;

/** States of a look after which nothing was to be deployed, and nothing is wrong. */
const UNCHANGED = new Set(['busy', 'changing', 'left', 'live', 'nothing']);

const AWAY = new Set(['away', 'not-found']);

function refusal(looked: NonNullable<PullNow['looked']>): ZebuError {
  const { state, why, ref } = looked;
  const code =
    state === 'host-key-changed'
      ? 'HOST_KEY_CHANGED'
      : state === 'key-refused'
        ? 'AUTH_FAILED'
        : state === 'untrusted'
          ? 'TLS_UNTRUSTED'
          : AWAY.has(state ?? '')
            ? 'UNREACHABLE'
            : 'PULL_REFUSED';
  return new ZebuError(code, code === 'PULL_REFUSED' ? `Nothing was deployed: ${why}` : why, {
    hint: 'All that was refused, and why: zebu pull:status',
    details: { state, ref },
  });
}

/** Waits until the run that was ordered has begun. @returns its id; undefined when it did not come to one */
async function begun(session: SshSession, context: Context, before: string | null): Promise<string | undefined> {
  const { clock, signal, config } = context;
  const from = clock.elapsed();
  let started = false;
  for (;;) {
    const seen = await seePull(session, context);
    if (seen !== undefined && seen.run !== before && seen.run !== null) return seen.run;
    const waited = clock.elapsed() - from;
    if (waited > BEGIN_MS) return undefined;
    if (!started && waited > TAKE_UP_MS && seen?.waiting === true) {
      started = true;
      const program = `${appLayout(config.app.name).base}/units/${RUN_UNIT}`;
      await session.exec({ line: variables({ program }) + START_RUN }, { signal, timeoutMs: 30_000 });
    }
    await clock.sleep(500, signal);
  }
}

/**
 * Looks at the repository now, has what failed tried again, and watches what comes of it.
 * @param wait false: says only what was begun
 * @throws PULL_DISABLED, PULL_REFUSED, and how the run ended, unless live
 */
export async function pullNow(context: Context, wait: boolean): Promise<PullNow> {
  const { config, io, signal } = context;
  const { name } = config.app;
  const run = newRun('');
  run.own = false;
  let looked: NonNullable<PullNow['looked']> | null = null;
  let ordered = false;
  const look = {
    title: 'Look at the repository from the VM',
    run: async (report: { update(text: string): void; done(text: string): void }) => {
      report.update('finding and connecting to the VM');
      const { session } = await openGuest(context);
      const seen = await seePull(session, context);
      if (seen === undefined)
        throw new ZebuError('PULL_DISABLED', `The VM does not deploy ${name} by itself`, { hint: 'zebu pull:enable' });
      report.update(`asking ${seen.repository ?? ''}`);
      looked = await lookNow(session, context, 'now');
      if (looked === null) throw new ZebuError('VM_NOT_READY', 'The look at the repository said nothing');
      if (looked.state !== 'ordered') {
        if (!UNCHANGED.has(looked.state ?? '')) throw refusal(looked);
        report.done(looked.why);
        return;
      }
      report.update(`${looked.ref ?? ''} is to go live; waiting for the run to begin`);
      const id = await begun(session, context, seen.run);
      if (id === undefined)
        throw new ZebuError('OUTCOME_UNKNOWN', `${looked.ref ?? ''} was ordered, and its run has not begun`, {
          hint: `Another deploy may be first: zebu app:follow. Else: zebu vm:ssh -- sudo journalctl -u zebu-${RUN_UNIT}@${name}`,
        });
      ordered = true;
      run.id = id;
      run.session = session;
      report.done(`${looked.ref ?? ''} is being deployed`);
    },
  };
  await runSteps(io, signal, [look]);
  const found = looked as unknown as NonNullable<PullNow['looked']>;
  if (!ordered) return { app: name, looked: found, run: null, seconds: null, verdict: 'unchanged' };
  if (!wait) return { app: name, looked: found, run: run.id, seconds: null, verdict: 'running' };
  const follow = {
    title: `Follow ${run.id}`,
    run: async () => {
      if (run.session !== undefined) await attach(context, run.session, run);
    },
  };
  const end = await carryOut(context, run, { first: [follow], probing: false });
  return { app: name, looked: found, run: run.id, seconds: end.seconds ?? null, verdict: 'live' };
}
