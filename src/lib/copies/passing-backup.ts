import { ZebuError } from '@zebu/kit';
import { toZebuError } from '@zebu/kit/core';
import type { Context } from '../context/context.js';
import { taskLogAnswer } from '../proxmox/answers.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { toNodeName, toUpid, toVmid, type Upid } from '../proxmox/ids.js';
import { parseAnswer } from '../proxmox/parse.js';
import { archiveNamed } from '../proxmox/said.js';
import { unlessUnseen } from '../proxmox/sight.js';
import { taskPath } from '../proxmox/task-failure.js';
import { runTask, taskOptions } from '../proxmox/tasks.js';
import { runSteps } from '../ui/steps.js';
import { toSeconds } from '../ui/units.js';
import type { AppVm } from '../vm/app-vm.js';
import { dumpVm } from '../vm/backup/dump-vm.js';
import { passingMark } from '../vm/backup/mark.js';
import { readPassingBackups, readUnnotedBackups } from '../vm/backup/read.js';
import type { Backup } from '../vm/backup/results.js';
import { startBeating } from '../temporary/heartbeat.js';
import { thisMaker, type Maker } from '../temporary/maker.js';
import { forgetMemo, newMemo, writeMemo, type Memo } from '../temporary/memo.js';
import { makerLine, readNote } from '../temporary/note.js';
import { alsoInterrupted, CLEARING_MS, endTask } from '../temporary/remove.js';

/**
 * A backup that is made for one copy and removed with it. It is nobody's backup: its notes say so, it is protected, so that no rule
 * of keeping counts it or removes another in its place, and vzdump prunes nothing for it.
 */

export const MEMO = 'rehearsal-backup';

/** Its notes, which also say who works with it: see left-backups.ts. */
const notesOf = (app: string, maker: Maker, beat: number): string =>
  [
    `${passingMark(app)}: made by zebu to rehearse a release, and removed then, or by the next rehearsal`,
    makerLine({ maker, beat, kept: false }),
  ].join('\n');

const volumePath = (node: string, { storage, backup }: Pick<Backup, 'backup' | 'storage'>): string =>
  `/nodes/${node}/storage/${storage}/content/${backup}`;

export const isBy = (maker: Maker, { notes }: Pick<Backup, 'notes'>): boolean => {
  const by = readNote(notes)?.maker;
  return by?.machine === maker.machine && by.pid === maker.pid;
};

/** Removes one, its protection first. */
export async function removeBackup(
  context: Context,
  client: ProxmoxClient,
  node: string,
  backup: Backup,
): Promise<void> {
  const path = volumePath(node, backup);
  if (backup.protected) await client.request('PUT', path, { protected: 0 });
  const task = { node: toNodeName(node), type: 'imgdel' };
  const options = taskOptions(context, `removing ${backup.backup}`);
  await runTask(client, () => client.request('DELETE', path), task, options);
}

/** What the task has made: whoever ends it may come between the archive and its notes. */
async function madeBy(client: ProxmoxClient, { node, vmid }: Memo, upid: Upid): Promise<readonly Backup[]> {
  const data = await client.request('GET', `${taskPath(upid)}/log`, { start: 0, limit: 500 });
  const names = parseAnswer(taskLogAnswer, data, 'a task log').flatMap(({ t }) => archiveNamed(t) ?? []);
  const unnoted = await readUnnotedBackups(client, node, vmid);
  return unnoted.filter(({ backup }) => names.some((name) => backup.endsWith(`/${name}`)));
}

/** Ends the making of one, and removes what there is of it. @returns how many there were */
export async function clearBackup(context: Context, client: ProxmoxClient, memo: Memo): Promise<number> {
  const upid = memo.upid === undefined ? undefined : toUpid(memo.upid);
  if (upid !== undefined) await endTask(context, client, upid);
  const maker = { machine: thisMaker().machine, pid: memo.pid };
  const noted = await readPassingBackups(client, memo.node, context.config.app.name);
  const found = [
    ...noted.filter((backup) => isBy(maker, backup)),
    ...(upid === undefined ? [] : await madeBy(client, memo, upid)),
  ];
  for (const backup of found) await removeBackup(context, client, memo.node, backup);
  return found.length;
}

export interface Passing {
  readonly backup: Backup;
  /** Making it. */
  readonly seconds: number;
  /** Removes it as soon as it is of no use any more. */
  readonly remove: () => Promise<void>;
}

/**
 * Backs the app's VM up as it runs, uses the backup, and removes it, whatever happens in between.
 * @throws TASK_FAILED, and what Proxmox refuses
 */
export async function withPassingBackup<T>(
  context: Context,
  { client, vm, name }: AppVm,
  storage: string,
  use: (passing: Passing) => Promise<T>,
): Promise<T> {
  const { clock, io, signal, config } = context;
  const app = config.app.name;
  const [node, vmid] = [toNodeName(vm.node), toVmid(vm.vmid)];
  const maker = thisMaker();
  const began = clock.elapsed();
  let memo = newMemo(context, { node, vmid }, { maker });
  let begun = false;
  let stop = async (): Promise<void> => {};
  const remove = async (): Promise<void> => {
    // A note that is written behind its removal would be left.
    await stop();
    if (!begun) return;
    begun = false;
    await removeInAnyCase(context, client, memo);
  };
  await writeMemo(context, MEMO, memo);
  try {
    await runSteps(io, signal, [
      {
        title: `Back up VM ${vmid} (${name}) to ${storage}, for this rehearsal alone`,
        run: (report) =>
          dumpVm(
            context,
            client,
            {
              ...{ node, vmid, storage, mode: 'snapshot' },
              notesTemplate: notesOf(app, maker, 0).replaceAll('\n', String.raw`\n`),
              options: { protected: 1, remove: 0 },
            },
            report,
            async (upid) => {
              begun = true;
              memo = { ...memo, upid };
              context.setForcedExitError?.(
                new ZebuError('OUTCOME_UNKNOWN', `Interrupted; a backup of VM ${vmid} is left on ${storage}`, {
                  hint: 'The next run of the same command removes it.',
                }),
              );
              await writeMemo(context, MEMO, memo);
            },
          ),
      },
    ]);
    // Also where the answer was lost and its task found.
    begun = true;
    const backup = (await readPassingBackups(client, node, app)).find((each) => isBy(maker, each));
    if (backup === undefined) {
      const none = `Proxmox says VM ${vmid} is backed up, but there is no new backup on ${storage}`;
      throw await unlessUnseen(client, 'backup', new ZebuError('TASK_FAILED', none));
    }
    stop = startBeating(context, 0, `the notes of ${backup.backup}`, (beat) =>
      client.request('PUT', volumePath(node, backup), { notes: notesOf(app, maker, beat) }),
    );
    return await use({ backup, seconds: toSeconds(clock.elapsed() - began), remove });
  } catch (error) {
    // Whether it was begun is not known where the answer was lost; the notes say whose it is.
    if (memo.upid === undefined && (signal.aborted || (error as { code?: unknown }).code === 'OUTCOME_UNKNOWN'))
      begun = true;
    throw error;
  } finally {
    if (begun) await remove();
    else await forgetMemo(context, MEMO, memo);
  }
}

/** What cannot be removed now is remembered for the next run, and hides nothing of what has happened before. */
async function removeInAnyCase(context: Context, client: ProxmoxClient, memo: Memo): Promise<void> {
  try {
    await runSteps(context.io, AbortSignal.timeout(CLEARING_MS * 2), [
      {
        title: `Remove the backup of VM ${memo.vmid} that was for this rehearsal`,
        run: () => alsoInterrupted(context, client, async (own, fresh) => void (await clearBackup(own, fresh, memo))),
      },
    ]);
    await forgetMemo(context, MEMO, memo);
  } catch (error) {
    context.io.warn(
      `The backup of VM ${memo.vmid} could not be removed: ${toZebuError(error).message}; the next run tries again`,
    );
  }
}
