import { handledLater, isZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { taskListAnswer } from '../proxmox/answers.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { parseUpid, toNodeName, toUpid, toVmid, type Upid } from '../proxmox/ids.js';
import { listVms, readConfig } from '../proxmox/observe.js';
import { findCopies, isCopyName, isOwn, type CopyKind, type VmRow } from '../proxmox/ownership.js';
import { parseAnswer } from '../proxmox/parse.js';
import { runSteps } from '../ui/steps.js';
import { BEAT_MS } from './heartbeat.js';
import { hasEnded, thisMaker } from './maker.js';
import { forgetMemo, readMemos, type Memo } from './memo.js';
import { readNote } from './note.js';
import { endTask, removeCopy, type Place } from './remove.js';

/**
 * Copies that a killed run has left. Of this machine's own it is known that their maker has ended; of those of others it
 * is seen by their note, which a living maker renews. No clock is compared with another.
 */

/** Milliseconds in which a living maker renews its note for certain, two failures included. */
const WATCH_MS = BEAT_MS * 3;

export interface Leftover {
  readonly place: Place;
  /** Whether its maker has certainly ended; else it may be at work, and has to be watched. */
  readonly ended: boolean;
  readonly beat: number | undefined;
  /** Left for a look, by who said so. */
  readonly kept: boolean;
}

/** The list has no name of a young VM: then its configuration tells. */
async function copiesOf(client: ProxmoxClient, app: string, kind: CopyKind): Promise<readonly VmRow[]> {
  const rows = await listVms(client);
  const found = findCopies(rows, app, kind);
  const nameless = rows.filter(
    (row) => row.type === 'qemu' && isOwn(row.tags, app) && row.name === undefined && !found.includes(row),
  );
  const named = await Promise.all(
    nameless.map(async (row) => (isCopyName((await readConfig(client, row)).name) ? [row] : [])),
  );
  return [...found, ...named.flat()];
}

/** All copies of this kind, with what is known of who made them. */
export async function findLeftovers(client: ProxmoxClient, app: string, kind: CopyKind): Promise<readonly Leftover[]> {
  const own = thisMaker();
  const rows = await copiesOf(client, app, kind);
  const found = await Promise.all(
    rows.map(async (row): Promise<readonly Leftover[]> => {
      const config = await readConfig(client, row).catch(() => undefined);
      if (config === undefined) return [];
      const note = readNote(config['description']);
      // What this process itself is at work with is nobody's leftover.
      if (note?.maker.machine === own.machine && note.maker.pid === own.pid) return [];
      const place = { node: toNodeName(row.node), vmid: toVmid(row.vmid) };
      const ended = note === undefined ? false : hasEnded(note.maker, own);
      return [{ place, ended, beat: note?.beat, kept: note?.kept === true }];
    }),
  );
  return found.flat();
}

async function beatOf(client: ProxmoxClient, { place }: Leftover): Promise<number | undefined> {
  const config = await readConfig(client, place).catch(() => undefined);
  return readNote(config?.['description'])?.beat;
}

/** What its maker has begun and this machine remembers; its task goes on although nobody waits for it. */
async function removeRemembered(context: Context, client: ProxmoxClient, kind: CopyKind, memo: Memo): Promise<boolean> {
  const place = { node: toNodeName(memo.node), vmid: toVmid(memo.vmid) };
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

const MAKING = ['qmrestore', 'qmclone'];
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
  const { io, signal, clock, config } = context;
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
          const until = clock.elapsed() + WATCH_MS;
          while (clock.elapsed() < until) {
            report.update('whether somebody works with it');
            await clock.sleep(Math.min(5000, WATCH_MS), signal);
            const beat = await handledLater(beatOf(client, leftover));
            if (beat !== leftover.beat) {
              report.done('somebody works with it: left alone');
              return;
            }
          }
        }
        if (await removeCopy(context, client, leftover.place)) removed.push(leftover.place.vmid);
      },
    })),
  );
  return removed;
}
