import { isZebuError, ZebuError } from '@zebu/kit';
import { toZebuError } from '@zebu/kit/core';
import type { Proof, ProofCheck } from '../app-folder/proof-schemas.js';
import type { Context } from '../context/context.js';
import { taskExit } from '../proxmox/task-failure.js';
import { runSteps } from '../ui/steps.js';
import { seen, where } from '../vm/backup/backups.js';
import { findBackup, readBackups } from '../vm/backup/read.js';
import { saysDiskFull } from '../guest/disk-full.js';
import { guestByAgent } from './agent-shell.js';
import { askChecks, type DataCheck } from './checks.js';
import { withCopy, type CopyPlan, type CopyTimes } from './copy.js';
import { removeLeftovers } from '../temporary/leftovers.js';
import { noteProof } from './record.js';
import { planRestore } from './restore.js';
import type { BackupProven } from './results.js';
import { tellLastLines, verdictIn } from './verdict.js';
import { toSeconds } from '../ui/units.js';

export interface ProveOptions {
  /** A volume id, the end of one, or `latest`. */
  readonly backup: string;
  /** For the disks of the copy; undefined for where they were. */
  readonly storage: string | undefined;
  /** Of the copy, in MiB; undefined for as much as the original has. */
  readonly memoryMb: number | undefined;
  readonly checks: readonly DataCheck[];
}

/** What was found out. */
interface Found {
  why: string;
  lines: readonly string[];
  checks: readonly ProofCheck[];
  verdictSeconds: number | null;
}

/**
 * Failures that say something of the backup, and not of the host or the way to it: it cannot be restored, or what was restored
 * does not boot. Once it has booted only a verdict says something; an agent that falls silent then is that of a busy host.
 */
export function isOfTheBackup(error: unknown, { make, boot }: CopyTimes): boolean {
  if (!isZebuError(error)) return false;
  if (make === null)
    return error.code === 'TASK_FAILED' && taskExit(error) !== undefined && !saysDiskFull(error.message);
  return boot === null && error.code === 'VM_NOT_READY';
}

/** Looks into the copy that has booted. */
async function judge(context: Context, plan: CopyPlan, checks: readonly DataCheck[], found: Found): Promise<void> {
  const { clock, io, signal } = context;
  const guest = await guestByAgent(context, plan.client, plan.place);
  const began = clock.elapsed();
  await runSteps(io, signal, [
    {
      title: 'Wait for the verdict on what came back',
      run: async (report) => {
        const verdict = await verdictIn(context, guest, report);
        found.verdictSeconds = toSeconds(clock.elapsed() - began);
        report.done(verdict.good ? 'as it should be' : verdict.why);
        found.why = verdict.why;
        found.lines = verdict.lines;
      },
    },
  ]);
  if (found.why === '') Object.assign(found, await askChecks(context, guest, checks));
}

/**
 * Restores a backup beside the app's VM without a network, looks whether the app comes back in it, and removes it again.
 * @throws BACKUP_UNPROVEN with why; BACKUP_MISSING, VM_DIFFERS, NO_SPACE, CONFIG_INVALID before anything is made
 */
export async function proveBackup(context: Context, options: ProveOptions): Promise<BackupProven> {
  const { app } = context.config;
  const { clock, io } = context;
  const { client, vm, node } = await where(context);
  const backups = await readBackups(client, node, app.name, vm?.vmid);
  const backup = await seen(client, () => findBackup(options.backup, backups, app.name));
  await removeLeftovers(context, client, 'proof');
  const plan = await planRestore(context, { client, vm, backup, node }, 'proof', options);
  const began = clock.elapsed();
  const times: CopyTimes = { make: null, boot: null };
  const found: Found = { why: '', lines: [], checks: [], verdictSeconds: null };
  try {
    await withCopy(context, plan, times, { use: () => judge(context, plan, options.checks, found) });
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isOfTheBackup(error, times)) throw error;
    found.why = toZebuError(error).message;
  }
  const proof: Proof = {
    backup: backup.backup,
    backupTime: backup.time,
    backupBytes: backup.bytes,
    at: clock.now().toISOString(),
    who: plan.note.who,
    proven: found.why === '',
    why: found.why,
    seconds: toSeconds(clock.elapsed() - began),
    steps: { restore: times.make, boot: times.boot, verdict: found.verdictSeconds },
    checks: found.checks,
  };
  const recorded = vm !== undefined && (await noteProof(context, proof));
  // Meanwhile somebody else's may have been killed.
  await removeLeftovers(context, client, 'proof');
  if (proof.proven) return { ...proof, vmid: plan.place.vmid, node: plan.place.node, recorded };
  tellLastLines(io, found.lines);
  throw new ZebuError('BACKUP_UNPROVEN', `${backup.backup} is not proven: ${found.why}`, {
    hint: 'Prove an older one (zebu vm:backup:list), and make a new one: zebu vm:backup:create',
    details: { ...proof, recorded },
  });
}
