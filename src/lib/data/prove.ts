import { sh, variables, ZebuError } from '@zebu/kit';
import { toZebuError } from '@zebu/kit/core';
import { appLayout } from '../app-folder/layout.js';
import type { DumpProof, ProofCheck } from '../app-folder/proof-schemas.js';
import { makeRunId, toReleaseId, type ReleaseId } from '../app-folder/release-id.js';
import { notDeployed, surveyApp } from '../app-folder/status.js';
import { dataSettings } from '../config/data-settings.js';
import type { Context } from '../context/context.js';
import { COPY_FOLDER, guestByAgent, type GuestByAgent } from '../copies/agent-shell.js';
import { askChecks, type DataCheck } from '../copies/checks.js';
import { planClone, requireClone, type CloneOptions } from '../copies/clone.js';
import { withCopy, type CopyPlan, type CopyTimes } from '../copies/copy.js';
import { removeLeftovers } from '../temporary/leftovers.js';
import { noteProof } from '../copies/record.js';
import { runInCopy, tellLastLines, verdictIn } from '../copies/verdict.js';
import { openGuest } from '../guest/session.js';
import { runSteps } from '../ui/steps.js';
import { findAppVm } from '../vm/app-vm.js';
import { reasonOf, runDumps, seeData, valueOf } from './ask.js';
import { dumpToProve, type Chosen } from './choose.js';
import { judgeEnd } from './judge.js';
import PLACE from './place-dump.sh';
import { restoreSettings } from './restore.js';
import type { DumpProven } from './results.js';
import { dataTrouble } from './trouble.js';
import { lastLine } from '../guest/lines.js';
import { toSeconds } from '../ui/units.js';

export interface ProveDumpOptions extends CloneOptions {
  /** Undefined: the newest. */
  readonly id: string | undefined;
  /** The one off the VM, also where it is in it, too. */
  readonly offsite: boolean;
  readonly checks: readonly DataCheck[];
}

/** What was found out. */
interface Found {
  why: string;
  lines: readonly string[];
  checks: readonly ProofCheck[];
  restore: number | null;
}

/** Beside what the dump of a store, and the app's start, may take. */
const BEYOND_MS = 1_800_000;
const FORGET_MS = 60_000;

async function choose(context: Context, { id, offsite }: ProveDumpOptions): Promise<Chosen> {
  const { session } = await openGuest(context);
  const copies = context.config.data?.offsite !== undefined;
  if (offsite && !copies)
    throw new ZebuError('USAGE', '--offsite wants `data.offsite` in zebu.yml, which is not there', {
      hint: 'Leave it out, to prove a dump in the VM.',
    });
  const here = await seeData(session, context, { offsite });
  const chosen = dumpToProve(here, id, offsite);
  if (chosen !== undefined) return chosen;
  const all = copies && !offsite ? await seeData(session, context, { offsite: true }) : here;
  const { offsiteProblem: problem } = all;
  const away = dumpToProve(all, id, true);
  if (away !== undefined) return away;
  const missing = id === undefined ? 'There is no dump' : `There is no dump ${id}`;
  const looked = offsite ? 'Off the VM no dump can be looked for' : `${missing} in the VM, and off it cannot be looked`;
  if (problem !== undefined) throw dataTrouble(looked, problem.cause, problem.reason);
  const where = offsite ? ' off the VM' : copies ? ', in the VM or off it' : ' in the VM';
  throw new ZebuError('DUMP_MISSING', missing + where, {
    hint: 'Those there are: zebu data:list. Make one: zebu data:dump',
  });
}

/** Brings a dump from off the VM into it, so that a clone has it; no dump of the VM becomes of it. @returns seconds */
async function lend(context: Context, id: string): Promise<number> {
  const { clock, io, signal } = context;
  const { session } = await openGuest(context);
  const began = clock.elapsed();
  await runSteps(io, signal, [
    {
      title: `Fetch the dump ${id} from off the VM`,
      run: async () => {
        const told = await runDumps(session, context, 'lend', { asked: id });
        const reason = reasonOf(told);
        if (reason === undefined) return;
        throw dataTrouble(
          `The dump ${id} could not be fetched, and nothing was changed`,
          valueOf(told.stdout, 'cause'),
          reason,
        );
      },
    },
  ]);
  return toSeconds(clock.elapsed() - began);
}

/** Also after an interruption; what stays all the same goes with the next proof, or the next dump after a while. */
async function forgetLent(context: Context): Promise<void> {
  try {
    const own = { ...context, signal: AbortSignal.timeout(FORGET_MS) };
    const { session } = await openGuest(own);
    await runDumps(session, own, 'forget-lent');
  } catch (error) {
    context.io.warn(`What was fetched could not be removed from the VM: ${toZebuError(error).message}`);
  }
}

async function place(context: Context, guest: GuestByAgent, chosen: Chosen, run: ReleaseId): Promise<void> {
  const { config } = context;
  const told = restoreSettings(context, { ...chosen, fetched: false }, { only: [], first: false }, run);
  const { base } = appLayout(config.app.name);
  const file = `${COPY_FOLDER}/place-dump`;
  await guest.put(file, variables({ base, dump: chosen.id, lent: chosen.fetched ? '1' : '', told }) + PLACE);
  const placed = await guest.ask(['/bin/sh', '-c', sh`runuser -u ${config.vm.user} -- sh ${file}`], 120_000);
  if (placed.exit !== 0)
    throw new ZebuError('VM_NOT_READY', `The dump could not be put in place in the copy: ${lastLine(placed.stderr)}`);
}

/** The transaction of data:restore, in the copy that has booted. */
async function perform(
  context: Context,
  plan: CopyPlan,
  { chosen, release, checks }: { chosen: Chosen; release: ReleaseId; checks: readonly DataCheck[] },
  found: Found,
): Promise<void> {
  const { clock, config, io, signal } = context;
  const guest = await guestByAgent(context, plan.client, plan.place);
  const run = makeRunId(clock.now(), release);
  let before = '';
  await runSteps(io, signal, [
    {
      title: 'Wait until what is live runs in the copy',
      run: async (report) => {
        const verdict = await verdictIn(context, guest, report);
        before = verdict.good ? '' : verdict.why;
        // A dump is also for when what is live does not run any more.
        report.done(before);
      },
    },
    {
      title: `Restore the dump ${chosen.id} in the copy`,
      run: async (report) => {
        await place(context, guest, chosen, run);
        const timeoutMs = (config.deploy.timeout * 3 + dataSettings(config).timeout) * 1000 + BEYOND_MS;
        const { end, journal } = await runInCopy(context, guest, { mode: 'data', id: release, run, timeoutMs }, report);
        found.restore = end.seconds ?? null;
        found.why = judgeEnd(end, { dump: chosen.id, before });
        found.lines = found.why === '' ? [] : journal.lines;
        report.done(found.why === '' ? 'as it should be' : found.why);
      },
    },
  ]);
  if (found.why === '') Object.assign(found, await askChecks(context, guest, checks));
}

/**
 * Restores a dump in a clone of the VM without a network, by the transaction of data:restore, and removes the clone.
 * @throws DUMP_UNPROVEN with why; DUMP_MISSING, DUMP_REFUSED, OFFSITE_REFUSED, NO_SPACE, VM_NOT_RUNNING before anything is made
 */
export async function proveDump(context: Context, options: ProveDumpOptions): Promise<DumpProven> {
  const { clock, config, io, signal } = context;
  const appVm = await findAppVm(context);
  await removeLeftovers(context, appVm.client, 'proof');
  // All data is written once more in it.
  await requireClone(context, appVm, 'proof', { ...options, grows: true });
  const { session } = await openGuest(context);
  const { current } = await surveyApp(session, context);
  if (current === null) throw notDeployed(config.app.name);
  const chosen = await choose(context, options);
  const began = clock.elapsed();
  const times: CopyTimes = { make: null, boot: null };
  const found: Found = { why: '', lines: [], checks: [], restore: null };
  let fetch: number | null = null;
  let plan: CopyPlan;
  try {
    if (chosen.fetched) fetch = await lend(context, chosen.id);
    plan = await planClone(context, appVm, 'proof', {
      ...options,
      why: 'to see whether a dump of its data comes back',
    });
    const what = { chosen, release: toReleaseId(current), checks: options.checks };
    await withCopy(context, plan, times, { use: () => perform(context, plan, what, found) });
  } finally {
    if (chosen.fetched) await forgetLent(context);
  }
  signal.throwIfAborted();
  const proof: DumpProof = {
    dump: chosen.id,
    dumpTime: chosen.at,
    offsite: chosen.fetched,
    at: clock.now().toISOString(),
    who: plan.note.who,
    proven: found.why === '',
    why: found.why,
    seconds: toSeconds(clock.elapsed() - began),
    steps: { fetch, clone: times.make, boot: times.boot, restore: found.restore },
    checks: [...found.checks],
  };
  const recorded = await noteProof(context, proof);
  // Meanwhile somebody else's may have been killed.
  await removeLeftovers(context, appVm.client, 'proof');
  if (proof.proven) return { ...proof, vmid: plan.place.vmid, node: plan.place.node, recorded };
  tellLastLines(io, found.lines);
  throw new ZebuError('DUMP_UNPROVEN', `The dump ${chosen.id} is not proven: ${found.why}`, {
    hint: 'Prove another one (zebu data:list), and make a new one: zebu data:dump',
    details: { ...proof, recorded },
  });
}
