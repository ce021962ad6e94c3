import { ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { guestByAgent } from '../copies/agent-shell.js';
import { planClone, requireClone, type CloneOptions } from '../copies/clone.js';
import { withCopy, type CopyPlan, type CopyTimes } from '../copies/copy.js';
import { removeLeftovers } from '../temporary/leftovers.js';
import { runInCopy, tellLastLines, verdictIn } from '../copies/verdict.js';
import { gather } from '../deploy/deploy.js';
import { sendRelease } from '../deploy/send.js';
import type { WantedRef } from '../repository/git.js';
import { PHASES } from '../runs/journal-stream.js';
import { carryOut, newRun } from '../runs/watch.js';
import { runSteps } from '../ui/steps.js';
import { findAppVm } from '../vm/app-vm.js';
import { measure } from './measure.js';
import type { Rehearsal, RehearsalCleaned } from './results.js';

export interface RehearseOptions extends CloneOptions {
  readonly ref: WantedRef;
  /** Seconds to wait for the lock. */
  readonly lockWait: number;
  /** Leave the copy for a look. */
  readonly keep: boolean;
  /** See `DeployOptions`. */
  readonly rebuild?: boolean;
}

interface Prepared {
  readonly id: string;
  readonly ref: string;
  readonly commit: string;
}

/** Sends and builds the release as a deploy does; what is live is not touched. @throws what a deploy of it refuses */
async function prepare(context: Context, { ref, lockWait, rebuild = false }: RehearseOptions): Promise<Prepared> {
  // Probes from the client see production, and not the copy.
  const gathered = await gather(context, { ref, detach: false, dryRun: false, rebuild });
  const { target } = gathered;
  const release = { ...gathered.release, watched: false };
  const run = newRun(release.id);
  const send = {
    title: `Send ${target.ref} (${target.commit.slice(0, 7)}) to the VM`,
    run: async (report: Parameters<typeof sendRelease>[3]) => {
      const sent = await sendRelease(context, { ...gathered, release, lockWait, mode: 'prepare' }, run, report);
      if (sent.previous === null)
        throw new ZebuError('APP_MISSING', 'There is nothing live that the release could be rehearsed on', {
          hint: 'Deploy it: zebu app:deploy',
        });
    },
  };
  await carryOut(context, run, { first: [send], probing: false, phases: PHASES.slice(0, 1) });
  return { id: release.id, ref: target.ref, commit: target.commit };
}

/** The transaction takes build_timeout and more where the release command does; nothing is built here. */
const BEYOND_MS = 1_800_000;

/** Carries the release out in the copy that has booted. */
async function perform(
  context: Context,
  plan: CopyPlan,
  { id, ref, commit }: Prepared,
  keep: boolean,
): Promise<Rehearsal> {
  const { io, signal, config } = context;
  const guest = await guestByAgent(context, plan.client, plan.place);
  let result: Rehearsal | undefined;
  await runSteps(io, signal, [
    {
      title: 'Wait until what is live runs in the copy',
      run: async (report) => {
        const verdict = await verdictIn(context, guest, report);
        if (verdict.good) return;
        tellLastLines(io, verdict.lines);
        throw new ZebuError(
          'VM_NOT_READY',
          `The live release does not come up in a copy without a network: ${verdict.why}`,
          {
            hint: keep
              ? `What needs others to start cannot be rehearsed so. The copy, VM ${plan.place.vmid}, is left for a look: zebu vm:exec --rehearsal -- docker ps -a`
              : 'What needs others to start cannot be rehearsed so. --keep leaves the copy for a look.',
            details: { evidence: verdict.lines },
          },
        );
      },
    },
    {
      title: `Rehearse ${ref} in the copy`,
      run: async (report) => {
        const before = await measure(guest, config.app.name);
        const timeoutMs = config.deploy.timeout * 3000 + BEYOND_MS;
        const { end, journal, leastMemory } = await runInCopy(
          context,
          guest,
          { mode: 'rehearse', id, run: id, timeoutMs },
          report,
        );
        const after = await measure(guest, config.app.name);
        const good = end.verdict === 'live';
        report.done(good ? `it would go live, after ${end.seconds ?? 0} s` : (journal.failed ?? end.reason));
        result = {
          release: id,
          ref,
          commit,
          source: 'clone',
          verdict: end.verdict,
          why: good ? '' : end.reason,
          evidence: good ? [] : journal.lines,
          seconds: end.seconds ?? 0,
          steps: journal.times(),
          gaps: end.gaps,
          memory: { total: before.memory, leastAvailable: leastMemory ?? null },
          disk: { before: before.disk, after: after.disk },
          data: { before: before.data, after: after.data },
          copySeconds: null,
          vmid: plan.place.vmid,
          node: plan.place.node,
          kept: keep,
        };
      },
    },
  ]);
  if (result === undefined) throw new Error('the rehearsal has no result');
  return result;
}

/**
 * Carries a release out in a clone of the VM without a network, on the data that is there, and removes the clone.
 * @throws REHEARSAL_FAILED with why it would not have gone live; what a deploy refuses before it is sent
 */
export async function rehearse(context: Context, options: RehearseOptions): Promise<Rehearsal> {
  const appVm = await findAppVm(context);
  await removeLeftovers(context, appVm.client, 'rehearsal');
  // Before anything is sent, and again once it is: building it takes room, and others do.
  await requireClone(context, appVm, 'rehearsal', options);
  const prepared = await prepare(context, options);
  await requireClone(context, appVm, 'rehearsal', options);
  const plan = await planClone(context, appVm, 'rehearsal', options);
  const times: CopyTimes = { make: null, boot: null };
  const result = await withCopy(context, plan, times, {
    use: () => perform(context, plan, prepared, options.keep),
    keep: () => options.keep,
  });
  await removeLeftovers(context, appVm.client, 'rehearsal');
  const told: Rehearsal = { ...result, copySeconds: times.make };
  if (told.verdict === 'live') return told;
  tellLastLines(context.io, told.evidence);
  throw new ZebuError('REHEARSAL_FAILED', `${prepared.ref} would not have gone live: ${told.why}`, {
    hint: options.keep
      ? `The copy, VM ${told.vmid}, is left for a look: zebu app:rehearse --clean removes it.`
      : 'Production was not touched. --keep leaves the copy for a look.',
    details: { ...told },
  });
}

/** Removes copies that rehearsals have left, also those that were meant to be. */
export async function cleanRehearsals(context: Context): Promise<RehearsalCleaned> {
  const { client } = await findAppVm(context);
  const removed = await removeLeftovers(context, client, 'rehearsal', { kept: true });
  return { changed: removed.length > 0, removed: [...removed] };
}
