import { isZebuError, ZebuError, type Transport } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { connectTransport } from '../providers/connect.js';
import { qemuConfigAnswer, qemuStatusAnswer, taskStatusAnswer } from '../proxmox/answers.js';
import { makeClient, type ProxmoxClient } from '../proxmox/client.js';
import type { NodeName, Upid, Vmid } from '../proxmox/ids.js';
import { isCopy } from '../proxmox/ownership.js';
import { parseAnswer } from '../proxmox/parse.js';
import { says } from '../proxmox/said.js';
import { taskPath } from '../proxmox/task-failure.js';
import { runTask, taskOptions, type TaskOptions } from '../proxmox/tasks.js';
import { thisMaker, type Maker } from './maker.js';
import { readNote } from './note.js';

export interface Place {
  readonly node: NodeName;
  readonly vmid: Vmid;
}

/** What the configuration of a VM has that is being made, or was never filled. */
const EMPTY = new Set(['digest', 'lock']);
/** Milliseconds for a task that was told to end, and for a VM to be let go by what locks it. */
const LET_GO_MS = 60_000;

const path = ({ node, vmid }: Place): string => `/nodes/${node}/qemu/${vmid}`;

/** Ends the task that makes a copy, if it goes on, and waits until it has. */
export async function endTask(context: Context, client: ProxmoxClient, upid: Upid): Promise<void> {
  const { clock, signal } = context;
  const until = clock.elapsed() + LET_GO_MS;
  for (let told = false; clock.elapsed() < until; told = true) {
    const data = await client.request('GET', `${taskPath(upid)}/status`);
    if (parseAnswer(taskStatusAnswer, data, 'a task status').status === 'stopped') return;
    if (!told) await client.request('DELETE', taskPath(upid)).catch(() => undefined);
    await clock.sleep(500, signal);
  }
}

type Found = 'absent' | 'copy' | 'foreign';

/** What may be removed of what has an id: an id may be somebody else's by now. */
interface Removable {
  /** Only a copy that says it was made by this one. */
  readonly maker?: Maker;
  /** A VM with nothing in it is what is left of a restore of ours. */
  readonly empty?: boolean;
}

interface Look {
  readonly found: Found;
  readonly running: boolean;
  readonly empty: boolean;
  /** By the protection that a clone has of its original. */
  readonly kept: boolean;
}

async function look(client: ProxmoxClient, place: Place, removable: Removable): Promise<Look> {
  try {
    const [configData, statusData] = await Promise.all([
      client.request('GET', `${path(place)}/config`),
      client.request('GET', `${path(place)}/status/current`),
    ]);
    const config = parseAnswer(qemuConfigAnswer, configData, `the configuration of VM ${place.vmid}`);
    const running = parseAnswer(qemuStatusAnswer, statusData, `the status of VM ${place.vmid}`).status === 'running';
    const empty = Object.keys(config).every((key) => EMPTY.has(key));
    const made = readNote(config['description'])?.maker;
    const { maker } = removable;
    const byMaker = maker === undefined || (made?.machine === maker.machine && made.pid === maker.pid);
    const ours = empty
      ? removable.empty === true && !running
      : isCopy({ name: config['name'], tags: config['tags'] }) && byMaker;
    return { found: ours ? 'copy' : 'foreign', running, empty, kept: config['protection'] === '1' };
  } catch (error) {
    if (says(error, 'configuration missing')) return { found: 'absent', running: false, empty: true, kept: false };
    throw error;
  }
}

/**
 * Removes a copy with its disks.
 * @returns whether there was one
 * @throws VM_DIFFERS for a VM that is no copy
 */
export async function removeCopy(
  context: Context,
  client: ProxmoxClient,
  place: Place,
  removable: Removable = {},
): Promise<boolean> {
  const { signal, clock } = context;
  const { node, vmid } = place;
  const options = (label: string): TaskOptions => taskOptions(context, label);
  const until = clock.elapsed() + LET_GO_MS;
  for (;;) {
    const { found, running, empty, kept } = await look(client, place, removable);
    if (found === 'absent') return false;
    if (found === 'foreign') {
      throw new ZebuError('VM_DIFFERS', `VM ${vmid} is no copy of zebu's; it was left alone`, {
        hint: 'Somebody has changed its tags, or made another VM of that id. Look at it in Proxmox.',
      });
    }
    try {
      if (running)
        await runTask(
          client,
          () => client.request('POST', `${path(place)}/status/stop`),
          { node, type: 'qmstop', vmid },
          options(`stopping the copy, VM ${vmid}`),
        );
      if (kept) await client.request('PUT', `${path(place)}/config`, { protection: 0 });
      await runTask(
        client,
        // Disks of this id that an empty VM does not refer to are not of this run.
        () =>
          client.request('DELETE', path(place), { purge: 1, ...(empty ? {} : { 'destroy-unreferenced-disks': 1 }) }),
        { node, type: 'qmdestroy', vmid },
        options(`removing the copy, VM ${vmid}`),
      );
      return true;
    } catch (error) {
      // A start or a clone that was still going on has it locked for a moment, and then it runs.
      const passes = says(error, 'locked') || says(error, 'running meanwhile');
      if (!isZebuError(error) || !passes || clock.elapsed() > until) throw error;
      await clock.sleep(1000, signal);
    }
  }
}

/** What is to be taken away, as far as it is known by now. */
export interface Begun {
  readonly place: Place;
  /** Of the task that makes it. */
  readonly upid?: Upid | undefined;
}

/** Milliseconds for all of it once the command was interrupted: `graceMs` of the command is longer. */
export const CLEARING_MS = 100_000;

/** Removes what was begun, also when the command was interrupted: then over a connection of its own, with an end of its own. */
export async function clearAway(
  context: Context,
  client: ProxmoxClient,
  { place, upid }: Begun,
  connect: (context: Context) => Promise<Transport> = connectTransport,
): Promise<void> {
  const removable = { maker: thisMaker(), empty: upid !== undefined };
  await alsoInterrupted(
    context,
    client,
    async (own, fresh) => {
      if (upid !== undefined) await endTask(own, fresh, upid);
      await removeCopy(own, fresh, place, removable);
    },
    connect,
  );
}

/** Clears something away: once the command was interrupted over a connection of its own, with an end of its own. */
export async function alsoInterrupted(
  context: Context,
  client: ProxmoxClient,
  clear: (context: Context, client: ProxmoxClient) => Promise<void>,
  connect: (context: Context) => Promise<Transport> = connectTransport,
): Promise<void> {
  if (!context.signal.aborted) {
    await clear(context, client);
    return;
  }
  const own = { ...context, signal: AbortSignal.timeout(CLEARING_MS) };
  const transport = await connect(own);
  try {
    await clear(own, await makeClient(transport, context.io));
  } finally {
    await transport.close();
  }
}
