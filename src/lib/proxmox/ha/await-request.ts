import { interrupted, isZebuError, ZebuError } from '@zebu/kit';
import { qemuStatusAnswer, taskListAnswer, vmResourcesAnswer } from '../answers.js';
import type { ProxmoxClient } from '../client.js';
import { parseUpid, sidOf, toNodeName, toUpid, type NodeName, type Upid, type UpidParts, type Vmid } from '../ids.js';
import { parseAnswer } from '../parse.js';
import { taskFailure, type FailedTask } from '../task-failure.js';
import type { LostTask, TaskOptions } from '../tasks.js';

/**
 * A VM under the HA manager is started, stopped and moved by it alone: a request to do so is answered by a task that has
 * only passed it on. So the state of the VM itself is polled until the HA manager has done what was asked.
 */

/** The task that is asked for → what answers instead. */
export const HA_TYPES: Readonly<Record<string, string>> = {
  qmstart: 'hastart',
  qmstop: 'hastop',
  qmshutdown: 'hastop',
  qmigrate: 'hamigrate',
};

/** Request → the tasks with which the HA manager fulfils it. */
const FULFILLED_BY: Readonly<Record<string, readonly string[]>> = {
  hastart: ['qmstart'],
  hastop: ['qmstop', 'qmshutdown'],
  hamigrate: ['qmigrate'],
};

const FIRST_POLL_MS = 250;
const LAST_POLL_MS = 1000;

interface Seen {
  readonly node: NodeName;
  readonly status: 'running' | 'stopped';
  /** What the HA manager is at. */
  readonly state: string | null | undefined;
}

/** The node it is on, of the cluster's own list, which knows of a move at once. */
async function whereIs(client: ProxmoxClient, vmid: Vmid, last: NodeName): Promise<NodeName> {
  const data = await client.request('GET', '/cluster/resources', { type: 'vm' });
  const row = parseAnswer(vmResourcesAnswer, data, 'the list of VMs').find((each) => each.vmid === vmid);
  return row === undefined ? last : toNodeName(row.node);
}

async function look(client: ProxmoxClient, vmid: Vmid, node: NodeName): Promise<Seen> {
  const data = await client.request('GET', `/nodes/${node}/qemu/${vmid}/status/current`);
  const { status, ha } = parseAnswer(qemuStatusAnswer, data, `the status of VM ${vmid}`);
  return { node, status, state: ha?.state };
}

/** The task of the HA manager's own that went wrong since it was asked, and how; undefined when none did. */
async function failureSince(client: ProxmoxClient, vmid: Vmid, asked: UpidParts): Promise<FailedTask | undefined> {
  const data = await client.request('GET', `/nodes/${asked.node}/tasks`, { source: 'all', limit: 50, vmid });
  const [last] = parseAnswer(taskListAnswer, data, 'the task list')
    .filter(({ type, starttime }) => FULFILLED_BY[asked.type]?.includes(type) === true && starttime >= asked.startTime)
    .toSorted((a, b) => b.starttime - a.starttime);
  if (last?.status === undefined || /^(OK|WARNINGS: .*|running)$/i.test(last.status)) return undefined;
  return { upid: toUpid(last.upid), exit: last.status };
}

async function gaveUp(
  client: ProxmoxClient,
  label: string,
  vmid: Vmid,
  failed: FailedTask | undefined,
): Promise<ZebuError> {
  const opening = `The HA manager gave up ${label}`;
  const clear = `Put right what is wrong, clear the error on a node with \`ha-manager set ${sidOf(vmid)} --state disabled\`, and run the same command again.`;
  if (failed === undefined) return new ZebuError('TASK_FAILED', opening, { hint: clear });
  const { code, message, hint, details } = await taskFailure(client, failed, label, opening);
  return new ZebuError(code, message, { hint: hint === undefined ? clear : `${hint} ${clear}`, details });
}

async function isMoved(
  client: ProxmoxClient,
  vmid: Vmid,
  asked: UpidParts,
  { target, label }: { readonly target: NodeName; readonly label: string },
): Promise<boolean> {
  if ((await whereIs(client, vmid, asked.node)) === target) return true;
  // A migration that failed is not tried again.
  const failed = await failureSince(client, vmid, asked);
  if (failed === undefined) return false;
  throw await taskFailure(client, failed, label);
}

/**
 * Waits until the HA manager has done what a task asked of it.
 * @param started when the waiting began, of the clock; what is left of the bound is waited here
 * @returns where the VM is then; undefined when the task was not such a request
 * @throws TASK_FAILED, TASK_TIMEOUT, and the signal's reason when aborted
 */
export async function awaitHaRequest(
  client: ProxmoxClient,
  upid: Upid,
  { vmid, target }: Pick<LostTask, 'target' | 'vmid'>,
  { clock, signal, timeoutMs, label, onWait }: TaskOptions,
  started: number,
): Promise<NodeName | undefined> {
  const asked = parseUpid(upid);
  if (asked === undefined || vmid === undefined || FULFILLED_BY[asked.type] === undefined) return undefined;
  const wanted = asked.type === 'hastart' ? 'running' : 'stopped';
  let { node } = asked;
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 1.5, LAST_POLL_MS)) {
    if (signal.aborted) throw signal.reason instanceof Error ? signal.reason : interrupted();
    if (target !== undefined && (await isMoved(client, vmid, asked, { target, label }))) return target;
    let seen: Seen | undefined;
    try {
      seen = await look(client, vmid, node);
    } catch (error) {
      if (!isZebuError(error) || error.code !== 'PROXMOX_REFUSED') throw error;
      // Not there any more: it was started on another node, or moved.
      node = await whereIs(client, vmid, node);
    }
    if (target === undefined && seen?.status === wanted) return seen.node;
    if (seen?.state === 'error') throw await gaveUp(client, label, vmid, await failureSince(client, vmid, asked));
    const waited = clock.elapsed() - started;
    if (waited > timeoutMs) {
      throw new ZebuError('TASK_TIMEOUT', `The HA manager is still ${label} after ${Math.round(waited / 1000)} s`, {
        hint: 'What was asked of it stands: `ha-manager status` on a node shows what it is at. The next time raise proxmox.task_timeout.',
        details: { upid },
      });
    }
    onWait?.(Math.round(waited / 1000));
    await clock.sleep(pause, signal);
  }
}
