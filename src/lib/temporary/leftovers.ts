import { isZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { taskListAnswer, type QemuConfig } from '../proxmox/answers.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { parseUpid, toNodeName, toUpid, toVmid, type Upid } from '../proxmox/ids.js';
import { listVms, readConfig } from '../proxmox/observe.js';
import { copyName, findCopies, hasTagsOfOriginal, type CopyKind, type VmRow } from '../proxmox/ownership.js';
import { parseAnswer } from '../proxmox/parse.js';
import { taskExit } from '../proxmox/task-failure.js';
import { waitTask, taskOptions } from '../proxmox/tasks.js';
import { runSteps, type StepReport } from '../ui/steps.js';
import { BEAT_MS } from './heartbeat.js';
import { hasEnded, thisMaker } from './maker.js';
import { forgetMemo, readMemos, type Memo } from './memo.js';
import { readNote } from './note.js';
import { endTask, removeCopy, type Place } from './remove.js';

/**
 * Copies that a killed run has left. Of this machine's own it is known that their maker has ended; of those of others it
 * is seen by their note, which a living maker renews. No clock is compared with another.
 */

/**
 * Milliseconds in which a living maker renews its note for certain, two failures included, and one more: as long as Proxmox
 * had the copy locked the note could not be renewed, and that may have ended just before it was looked at.
 */
export const WATCH_MS = BEAT_MS * 4;

export const LOOK_MS = 5000;

/** Locks of a VM that is being restored or cloned. */
const MAKING_LOCKS = ['create', 'clone'];

export interface Leftover {
  readonly place: Place;
  /** Whether its maker has certainly ended; else it may be at work, and has to be watched. */
  readonly ended: boolean;
  readonly beat: number | undefined;
  /** Whether Proxmox is still restoring or cloning it: then its maker cannot renew the note. */
  readonly making: boolean;
  /** Left for a look, by who said so. */
  readonly kept: boolean;
}

/** The list has no name of a young VM: then its configuration tells. */
async function copiesOf(client: ProxmoxClient, app: string, kind: CopyKind): Promise<readonly VmRow[]> {
  const rows = await listVms(client);
  const found = findCopies(rows, app, kind);
  const nameless = rows.filter(
    (row) =>
      row.type === 'qemu' && hasTagsOfOriginal(row.tags, app, kind) && row.name === undefined && !found.includes(row),
  );
  const named = await Promise.all(
    nameless.map(async (row) => ((await readConfig(client, row)).name === copyName(app) ? [row] : [])),
  );
  return [...found, ...named.flat()];
}

/** What is known of who works with it; undefined where that is this process. */
export function leftoverOf(place: Place, config: QemuConfig): Leftover | undefined {
  const own = thisMaker();
  const note = readNote(config['description']);
  // What this process itself is at work with is nobody's leftover.
  if (note?.maker.machine === own.machine && note.maker.pid === own.pid) return undefined;
  const ended = note === undefined ? false : hasEnded(note.maker, own);
  return { place, ended, ...signsOf(config), kept: note?.kept === true };
}

/** All copies of this kind, with what is known of who made them. */
export async function findLeftovers(client: ProxmoxClient, app: string, kind: CopyKind): Promise<readonly Leftover[]> {
  const rows = await copiesOf(client, app, kind);
  const found = await Promise.all(
    rows.map(async (row): Promise<Leftover | undefined> => {
      const config = await readConfig(client, row).catch(() => undefined);
      if (config === undefined) return undefined;
      return leftoverOf({ node: toNodeName(row.node), vmid: toVmid(row.vmid) }, config);
    }),
  );
  return found.filter((each) => each !== undefined);
}

type Signs = Pick<Leftover, 'beat' | 'making'>;

const signsOf = (config: QemuConfig): Signs => ({
  beat: readNote(config['description'])?.beat,
  making: MAKING_LOCKS.includes(config['lock'] ?? ''),
});

/** Why somebody is at work with it; undefined where nothing shows that for long enough. */
export async function seenAtWork(
  { clock, signal }: Context,
  client: ProxmoxClient,
  leftover: Leftover,
  report: Pick<StepReport, 'update'>,
): Promise<string | undefined> {
  const until = clock.elapsed() + WATCH_MS;
  for (let signs: Signs = leftover; ;) {
    if (signs.making) return 'Proxmox is still making it';
    if (signs.beat !== leftover.beat) return 'somebody works with it';
    if (clock.elapsed() >= until) return undefined;
    report.update('whether somebody works with it');
    await clock.sleep(LOOK_MS, signal);
    // What cannot be read now is not known to be left.
    signs = await readConfig(client, leftover.place).then(signsOf, () => ({ beat: undefined, making: false }));
  }
}

/** What its maker has begun and this machine remembers; its task goes on although nobody waits for it. */
async function removeRemembered(context: Context, client: ProxmoxClient, kind: CopyKind, memo: Memo): Promise<boolean> {
  const place = { node: toNodeName(memo.node), vmid: toVmid(memo.vmid) };
  if (memo.upid === undefined && memo.source !== undefined) await whileCloned(context, client, memo, memo.source);
  const upid = memo.upid === undefined ? await taskOf(client, place, memo.since) : toUpid(memo.upid);
  if (upid !== undefined) await endTask(context, client, upid).catch(() => undefined);
  const removed = await removeCopy(context, client, place, {
    maker: { machine: thisMaker().machine, pid: memo.pid },
    // Where no task of it is known, what is empty there is somebody else's.
    empty: upid !== undefined,
  }).catch((error: unknown) => {
    // The id is somebody else's by now, or was before it was ours.
    if (!isZebuError(error) || error.code !== 'VM_DIFFERS') throw error;
    return false;
  });
  await forgetMemo(context, kind, memo);
  return removed;
}

/**
 * Of a clone whose task is not known: those of its original do not say what they make, so they are waited for. Until one
 * has begun its work the id is free, and would be given to another VM.
 */
async function whileCloned(
  context: Context,
  client: ProxmoxClient,
  { node, since }: Memo,
  source: number,
): Promise<void> {
  const data = await client.request('GET', `/nodes/${node}/tasks`, { source: 'active', vmid: source });
  const going = parseAnswer(taskListAnswer, data, 'the task list').filter(
    ({ type, starttime }) => type === 'qmclone' && starttime >= since - CLOCK_SKEW,
  );
  for (const { upid } of going)
    await waitTask(client, toUpid(upid), taskOptions(context, `cloning VM ${source}`)).catch(
      // A failure leaves nothing.
      (error: unknown) => {
        if (taskExit(error) === undefined) throw error;
      },
    );
}

const MAKING = ['qmrestore', 'qmclone', 'qmcreate'];
/** Clocks of node and client may differ by this many seconds. */
const CLOCK_SKEW = 120;

async function taskOf(client: ProxmoxClient, { node, vmid }: Place, since: number): Promise<Upid | undefined> {
  const data = await client.request('GET', `/nodes/${node}/tasks`, { source: 'all', limit: 50, vmid });
  const found = parseAnswer(taskListAnswer, data, 'the task list').find(
    ({ type, starttime, upid }) =>
      MAKING.includes(type) && starttime >= since - CLOCK_SKEW && parseUpid(upid)?.id === String(vmid),
  );
  return found === undefined ? undefined : toUpid(found.upid);
}

/**
 * Removes copies that nobody works with any more.
 * @param options `kept`: also those that were left for a look
 * @returns ids of those that were removed
 */
export async function removeLeftovers(
  context: Context,
  client: ProxmoxClient,
  kind: CopyKind,
  options: { readonly kept?: boolean } = {},
): Promise<readonly number[]> {
  const { io, signal, config } = context;
  const removed: number[] = [];
  const { machine } = thisMaker();
  const memos = (await readMemos(context, kind)).filter(({ pid }) => hasEnded({ machine, pid }));
  await runSteps(
    io,
    signal,
    memos.map((memo) => ({
      title: `Remove what a run before has left of VM ${memo.vmid}`,
      run: async (report) => {
        if (await removeRemembered(context, client, kind, memo)) removed.push(memo.vmid);
        else report.done('there is nothing');
      },
    })),
  );
  const all = await findLeftovers(client, config.app.name, kind);
  const found = all.filter((each) => (options.kept === true ? each.ended || each.kept : !each.kept));
  await runSteps(
    io,
    signal,
    found.map((leftover) => ({
      title: `Remove the copy that a run before has left, VM ${leftover.place.vmid}`,
      run: async (report) => {
        if (!leftover.ended && !leftover.kept) {
          const why = await seenAtWork(context, client, leftover, report);
          if (why !== undefined) {
            report.done(`${why}: left alone`);
            return;
          }
        }
        if (await removeCopy(context, client, leftover.place)) removed.push(leftover.place.vmid);
      },
    })),
  );
  return removed;
}
