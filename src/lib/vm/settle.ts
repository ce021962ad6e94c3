import type { Context } from '../context/context.js';
import { runSteps } from '../ui/steps.js';
import { taskListAnswer } from '../proxmox/answers.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import type { DesiredVm } from './desired.js';
import { toUpid } from '../proxmox/ids.js';
import { listNodes, listVms } from '../proxmox/observe.js';
import { imageFileName } from './site.js';
import type { VmRow } from '../proxmox/ownership.js';
import { parseAnswer } from '../proxmox/parse.js';
import { taskExit } from '../proxmox/task-failure.js';
import { waitTask, taskOptions } from '../proxmox/tasks.js';

interface Going {
  readonly upid: string;
  readonly type: string;
  readonly id: string;
}

async function goingOn(client: ProxmoxClient, node: string): Promise<readonly Going[]> {
  const rows = await client.request('GET', `/nodes/${node}/tasks`, { source: 'active' });
  return parseAnswer(taskListAnswer, rows, 'the tasks that are going on').map(({ upid, type, id = '' }) => ({
    upid,
    type,
    id,
  }));
}

function isDownload(task: Going, { image }: DesiredVm): boolean {
  return task.type === 'download' && image?.kind === 'url' && task.id === imageFileName(image.url, image.checksum);
}

/** While it is being created a VM has neither name nor tags: only its task tells that it may be ours. */
function mayBeOurs(task: Going, rows: readonly VmRow[], desired: DesiredVm): boolean {
  if (isDownload(task, desired)) return true;
  if (task.type !== 'qmcreate') return false;
  const row = rows.find(({ vmid }) => String(vmid) === task.id);
  return row === undefined || row.tags === undefined;
}

async function leftGoing(client: ProxmoxClient, desired: DesiredVm, row: VmRow | undefined): Promise<readonly Going[]> {
  if (row !== undefined) {
    if (row.status === 'running') return [];
    const tasks = await goingOn(client, row.node);
    return tasks.filter((task) => task.id === String(row.vmid) || isDownload(task, desired));
  }
  const nodes = (await listNodes(client)).filter(
    ({ node, status }) => status !== 'offline' && (desired.node === undefined || desired.node === node),
  );
  const tasks = (await Promise.all(nodes.map(({ node }) => goingOn(client, node)))).flat();
  if (!tasks.some(({ type }) => type === 'qmcreate' || type === 'download')) return [];
  const rows = await listVms(client);
  return tasks.filter((task) => mayBeOurs(task, rows, desired));
}

/**
 * When zebu is killed, the task it had started goes on. Planning meanwhile would make a second VM, or be
 * refused because the first is locked; so it is waited for, whatever comes of it.
 * @param clients `reading` for what the plan reads too
 * @returns whether there was such a task: then what was read before is out of date
 */
export async function settle(
  context: Context,
  { client, reading }: { readonly client: ProxmoxClient; readonly reading: ProxmoxClient },
  desired: DesiredVm,
  row: VmRow | undefined,
): Promise<boolean> {
  const tasks = await leftGoing(reading, desired, row);
  const { io, signal } = context;
  await runSteps(
    io,
    signal,
    tasks.map(({ upid, type, id }) => ({
      title: `Wait for the task ${type} ${id} of a run before`,
      run: async (report) => {
        await waitTask(client, toUpid(upid), taskOptions(context, `running task "${type}"`)).catch((error: unknown) => {
          // A failure is ignored: the plan does what is still missing.
          if (taskExit(error) === undefined) throw error;
          report.done('it failed');
        });
      },
    })),
  );
  return tasks.length > 0;
}
