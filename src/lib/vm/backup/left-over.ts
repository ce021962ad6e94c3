import { ZebuError, type Transport } from '@zebu/kit';
import { toZebuError } from '@zebu/kit/core';
import type { Context } from '../../context/context.js';
import { connectTransport } from '../../providers/connect.js';
import { qemuConfigAnswer, qemuStatusAnswer, taskStatusAnswer } from '../../proxmox/answers.js';
import { makeClient, type ProxmoxClient } from '../../proxmox/client.js';
import { parseUpid, type NodeName, type Upid, type Vmid } from '../../proxmox/ids.js';
import { parseAnswer } from '../../proxmox/parse.js';
import { says } from '../../proxmox/said.js';
import { taskExit, taskPath } from '../../proxmox/task-failure.js';
import { runTask } from '../../proxmox/tasks.js';

/**
 * A restore makes its VM first and fills it then: one that fails leaves a VM of that id with nothing in it. It is taken
 * away when it is certain that this run made it and that there is nothing in it; else it is named.
 */

interface NewVm {
  readonly node: NodeName;
  readonly vmid: Vmid;
}

/** Milliseconds for all of it, once the restore has failed or was interrupted. */
const CLEARING_MS = 45_000;

/** What the configuration of a VM has that was made and never filled. */
const EMPTY = new Set(['digest', 'lock']);

type Outcome = 'absent' | 'kept' | 'removed';

async function isEmpty(client: ProxmoxClient, { node, vmid }: NewVm): Promise<boolean> {
  const path = `/nodes/${node}/qemu/${vmid}`;
  const [config, status] = await Promise.all([
    client.request('GET', `${path}/config`),
    client.request('GET', `${path}/status/current`),
  ]);
  const keys = Object.keys(parseAnswer(qemuConfigAnswer, config, `the configuration of VM ${vmid}`));
  return (
    keys.every((key) => EMPTY.has(key)) &&
    parseAnswer(qemuStatusAnswer, status, `the status of VM ${vmid}`).status === 'stopped'
  );
}

async function clear(context: Context, client: ProxmoxClient, vm: NewVm): Promise<Outcome> {
  const { io, signal, clock } = context;
  try {
    if (!(await isEmpty(client, vm))) return 'kept';
    await runTask(
      client,
      // Without the disks of that id that nobody refers to: those are not of this run.
      () => client.request('DELETE', `/nodes/${vm.node}/qemu/${vm.vmid}`),
      { node: vm.node, type: 'qmdestroy', vmid: vm.vmid },
      { io, signal, clock, timeoutMs: CLEARING_MS, label: `removing the empty VM ${vm.vmid}` },
    );
    return 'removed';
  } catch (error) {
    io.debug(() => `the rest of the restore: ${toZebuError(error).message}`);
    return says(error, 'configuration missing') ? 'absent' : 'kept';
  }
}

/** @returns how the task has ended; undefined when it goes on */
async function stopTask({ clock, signal }: Context, client: ProxmoxClient, upid: Upid): Promise<string | undefined> {
  await client.request('DELETE', taskPath(upid)).catch(() => undefined);
  for (let asked = 0; asked < 30; asked++) {
    const data = await client.request('GET', `${taskPath(upid)}/status`);
    const { status, exitstatus } = parseAnswer(taskStatusAnswer, data, 'a task status');
    if (status === 'stopped') return exitstatus ?? 'stopped';
    await clock.sleep(500, signal);
  }
  return undefined;
}

function told(error: ZebuError, vmid: Vmid, said: string, hint: string | undefined): ZebuError {
  return new ZebuError(error.code, `${error.message.replace(/\.$/, '')}; ${said}`, {
    hint: [error.hint, hint].filter((text) => text !== undefined).join(' ') || undefined,
    details: { ...error.details, ...(hint === undefined ? {} : { left: vmid }) },
    cause: error.cause,
  });
}

function tell(error: ZebuError, vmid: Vmid, outcome: Outcome): ZebuError {
  if (outcome === 'absent') return told(error, vmid, 'nothing is left of it', undefined);
  if (outcome === 'removed') return told(error, vmid, `the empty VM ${vmid} that it left was removed`, undefined);
  return told(
    error,
    vmid,
    `it leaves VM ${vmid}`,
    `Nothing was taken away: look at VM ${vmid}, and if it is of no use, on the host: qm destroy ${vmid}`,
  );
}

async function afterInterrupt(
  context: Context,
  error: ZebuError,
  { upid, vm }: { readonly upid: Upid; readonly vm: NewVm },
  connect: (context: Context) => Promise<Transport>,
): Promise<ZebuError> {
  // The command's own connection and signal have ended: this needs a connection and a time limit of its own.
  const own = { ...context, signal: AbortSignal.timeout(CLEARING_MS) };
  let transport: Transport | undefined;
  try {
    transport = await connect(own);
    const client = await makeClient(transport, context.io);
    const exit = await stopTask(own, client, upid);
    if (exit === 'OK') return told(error, vm.vmid, `VM ${vm.vmid} is restored, and was not started`, undefined);
    if (exit !== undefined) return tell(error, vm.vmid, await clear(own, client, vm));
  } catch (problem) {
    context.io.debug(() => `stopping the restore: ${toZebuError(problem).message}`);
  } finally {
    await transport?.close();
  }
  return told(error, vm.vmid, `the restore of VM ${vm.vmid} goes on in Proxmox`, `Its task is ${upid}.`);
}

/**
 * Restores under an id that was free, and leaves no empty VM behind when that fails or is interrupted.
 * @param send the request that starts the restore
 * @param restore sends it and waits for its task
 */
export async function restoreAnew(
  context: Context,
  client: ProxmoxClient,
  vm: NewVm,
  send: () => Promise<unknown>,
  restore: (send: () => Promise<unknown>) => Promise<void>,
  connect: (context: Context) => Promise<Transport> = connectTransport,
): Promise<void> {
  let upid: Upid | undefined;
  let sent = false;
  try {
    await restore(async () => {
      sent = true;
      const data = await send();
      // Proxmox makes the VM before it answers so, and refuses an id that somebody has: from here on it is ours.
      upid = parseUpid(data)?.upid;
      if (upid !== undefined)
        context.setForcedExitError?.(
          new ZebuError('OUTCOME_UNKNOWN', `Interrupted while VM ${vm.vmid} was being restored`, {
            hint: `See in Proxmox how its task ends: ${upid}. If it fails, VM ${vm.vmid} is empty: on the host, qm destroy ${vm.vmid}`,
          }),
        );
      return data;
    });
  } catch (thrown) {
    const error = toZebuError(thrown);
    if (upid !== undefined && context.signal.aborted) throw await afterInterrupt(context, error, { upid, vm }, connect);
    if (upid !== undefined && taskExit(error) !== undefined)
      throw tell(error, vm.vmid, await clear(context, client, vm));
    // Whether there is a VM, and whose it is, is not known: it is only named.
    const interrupted = sent && context.signal.aborted;
    if (interrupted || upid !== undefined || error.code === 'OUTCOME_UNKNOWN' || taskExit(error) !== undefined)
      throw told(error, vm.vmid, `there may be an unfinished VM ${vm.vmid}`, `Look at VM ${vm.vmid} in Proxmox.`);
    throw error;
  }
}
