import { toZebuError } from '@zebu/kit/core';
import type { Context } from '../context/context.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { runSteps, type StepReport } from '../ui/steps.js';
import { readPassingBackups } from '../vm/backup/read.js';
import type { Backup } from '../vm/backup/results.js';
import { LOOK_MS, WATCH_MS } from '../temporary/leftovers.js';
import { hasEnded, thisMaker } from '../temporary/maker.js';
import { forgetMemo, readMemos } from '../temporary/memo.js';
import { readNote } from '../temporary/note.js';
import { clearBackup, isBy, MEMO, removeBackup } from './passing-backup.js';

/** Backups for a rehearsal that was killed: told from those that somebody works with as copies are, see leftovers.ts. */

interface LeftBackup {
  readonly backup: Backup;
  /** Whether its maker has certainly ended. */
  readonly ended: boolean;
}

/** All of the app but those of this process. */
export async function findLeftBackups(
  client: ProxmoxClient,
  node: string,
  app: string,
): Promise<readonly LeftBackup[]> {
  const own = thisMaker();
  const found = (await readPassingBackups(client, node, app)).filter((backup) => !isBy(own, backup));
  return found.map((backup) => {
    const maker = readNote(backup.notes)?.maker;
    return { backup, ended: maker !== undefined && hasEnded(maker, own) };
  });
}

/** Whether its notes are renewed, or it is gone by now. */
async function seenInUse(
  { clock, signal, config }: Context,
  client: ProxmoxClient,
  node: string,
  { backup, notes }: Backup,
  report: Pick<StepReport, 'update'>,
): Promise<boolean> {
  const until = clock.elapsed() + WATCH_MS;
  while (clock.elapsed() < until) {
    report.update('whether somebody works with it');
    await clock.sleep(LOOK_MS, signal);
    const now = (await readPassingBackups(client, node, config.app.name)).find((each) => each.backup === backup);
    if (now === undefined || readNote(now.notes)?.beat !== readNote(notes)?.beat) return true;
  }
  return false;
}

/**
 * Removes backups of rehearsals that were killed.
 * @returns volume ids of those that nobody works with any more
 */
export async function removeLeftBackups(
  context: Context,
  client: ProxmoxClient,
  node: string,
): Promise<readonly string[]> {
  const { io, signal, config } = context;
  const { machine } = thisMaker();
  const memos = (await readMemos(context, MEMO)).filter(({ pid }) => hasEnded({ machine, pid }));
  const before = await findLeftBackups(client, node, config.app.name);
  await runSteps(
    io,
    signal,
    memos.map((memo) => ({
      title: `Remove what a run before has left of a backup of VM ${memo.vmid}`,
      run: async (report) => {
        if ((await clearBackup(context, client, memo)) === 0) report.done('there is nothing');
        await forgetMemo(context, MEMO, memo);
      },
    })),
  );
  const left = memos.length === 0 ? before : await findLeftBackups(client, node, config.app.name);
  const removed = before.filter(({ backup }) => left.every((each) => each.backup.backup !== backup.backup));
  const gone = removed.map(({ backup }) => backup.backup);
  await runSteps(
    io,
    signal,
    left.map(({ backup, ended }) => ({
      title: `Remove the backup that a rehearsal before has left, ${backup.backup}`,
      run: async (report) => {
        if (!ended && (await seenInUse(context, client, node, backup, report))) {
          report.done('somebody works with it: left alone');
          return;
        }
        await removeBackup(context, client, node, backup);
        gone.push(backup.backup);
      },
    })),
  );
  return gone;
}

/** The same before something that does not need it: a storage that does not answer is no reason not to go on. */
export async function tidyBackups(context: Context, client: ProxmoxClient, node: string): Promise<void> {
  try {
    await removeLeftBackups(context, client, node);
  } catch (error) {
    context.signal.throwIfAborted();
    context.io.warn(`A backup that a rehearsal before may have left is not removed: ${toZebuError(error).message}`);
  }
}
