import { ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { guestByAgent } from '../copies/agent-shell.js';
import { planClone, requireClone, type CloneOptions } from '../copies/clone.js';
import { withCopy, type CopyPlan, type CopyTimes } from '../copies/copy.js';
import { removeLeftBackups, tidyBackups } from '../copies/left-backups.js';
import { removeLeftovers } from '../temporary/leftovers.js';
import { withPassingBackup } from '../copies/passing-backup.js';
import { planRestore } from '../copies/restore.js';
import { runInCopy, tellLastLines, verdictIn } from '../copies/verdict.js';
import { gather } from '../deploy/deploy.js';
import { sendRelease } from '../deploy/send.js';
import { says } from '../proxmox/said.js';
import type { WantedRef } from '../repository/git.js';
import { PHASES } from '../runs/journal-stream.js';
import { carryOut, newRun } from '../runs/watch.js';
import { runSteps } from '../ui/steps.js';
import { findAppVm, type AppVm } from '../vm/app-vm.js';
import { measure } from './measure.js';
import type { Rehearsal, RehearsalCleaned } from './results.js';
import { backupSource, chooseSource, type Source, type WantedSource } from './source.js';

export interface RehearseOptions extends CloneOptions, WantedSource {
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
  source: Source,
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
          source: source.kind,
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

/** Makes the copy of what it is to be made of, rehearses in it, and removes all of it. */
async function rehearseIn(
  context: Context,
  appVm: AppVm,
  source: Source,
  prepared: Prepared,
  options: RehearseOptions,
  times: CopyTimes,
): Promise<Rehearsal> {
  const { keep } = options;
  const using = (plan: CopyPlan) => ({
    use: () => perform(context, plan, source, prepared, keep),
    keep: () => keep,
  });
  if (source.kind === 'clone') {
    const plan = await planClone(context, appVm, 'rehearsal', options);
    const result = await withCopy(context, plan, times, using(plan));
    return { ...result, copySeconds: times.make };
  }
  return withPassingBackup(context, appVm, source.storage, async ({ backup, seconds, remove }) => {
    const { client, vm } = appVm;
    const plan = await planRestore(context, { client, vm, backup, node: vm.node }, 'rehearsal', options);
    const { use, ...rest } = using(plan);
    const result = await withCopy(context, plan, times, {
      ...rest,
      use: async () => {
        await remove();
        return use();
      },
    });
    return { ...result, copySeconds: seconds + (times.make ?? 0) };
  });
}

/** Room for the copy, and for the backup where one is made for it. */
async function requireCopy(
  context: Context,
  appVm: AppVm,
  source: Source,
  { storage, memoryMb }: RehearseOptions,
): Promise<void> {
  await requireClone(context, appVm, 'rehearsal', {
    storage,
    memoryMb,
    ...(source.kind === 'clone' ? {} : { backupStorage: source.storage }),
  });
}

/** Of a clone where there can be one, else of a backup that is made for it. */
async function rehearseSomehow(
  context: Context,
  appVm: AppVm,
  source: Source,
  prepared: Prepared,
  options: RehearseOptions,
): Promise<Rehearsal> {
  const times: CopyTimes = { make: null, boot: null };
  try {
    return await rehearseIn(context, appVm, source, prepared, options, times);
  } catch (error) {
    const refused = source.kind === 'clone' && times.make === null && says(error, 'no clone');
    if (options.source !== undefined || !refused || context.signal.aborted) throw error;
    context.io.note(
      `Proxmox makes no clone of VM ${appVm.vm.vmid}: the copy is restored of a backup that is made for it`,
    );
    const backup = await backupSource(context, appVm, options.backupStorage);
    await requireCopy(context, appVm, backup, options);
    return rehearseIn(context, appVm, backup, prepared, options, { make: null, boot: null });
  }
}

/**
 * Carries a release out in a copy of the VM without a network, on the data that is there, and removes the copy.
 * @throws REHEARSAL_FAILED with why it would not have gone live; what a deploy refuses before it is sent
 */
export async function rehearse(context: Context, options: RehearseOptions): Promise<Rehearsal> {
  const appVm = await findAppVm(context);
  await removeLeftovers(context, appVm.client, 'rehearsal');
  await tidyBackups(context, appVm.client, appVm.vm.node);
  const source = await chooseSource(context, appVm, options);
  // Before anything is sent, and again once it is: building it takes room, and others do.
  await requireCopy(context, appVm, source, options);
  const prepared = await prepare(context, options);
  await requireCopy(context, appVm, source, options);
  const told = await rehearseSomehow(context, appVm, source, prepared, options);
  await removeLeftovers(context, appVm.client, 'rehearsal');
  if (told.verdict === 'live') return told;
  tellLastLines(context.io, told.evidence);
  throw new ZebuError('REHEARSAL_FAILED', `${prepared.ref} would not have gone live: ${told.why}`, {
    hint: options.keep
      ? `The copy, VM ${told.vmid}, is left for a look: zebu app:rehearse --clean removes it.`
      : 'Production was not touched. --keep leaves the copy for a look.',
    details: { ...told },
  });
}

/** Removes copies that rehearsals have left, also those that were meant to be, and backups that were made for one. */
export async function cleanRehearsals(context: Context): Promise<RehearsalCleaned> {
  const { client, vm } = await findAppVm(context);
  const removed = await removeLeftovers(context, client, 'rehearsal', { kept: true });
  const backups = await removeLeftBackups(context, client, vm.node);
  return { changed: removed.length + backups.length > 0, removed: [...removed], backups: [...backups] };
}
