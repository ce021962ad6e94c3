import { ZebuError } from '@zebu/kit';
import type { Context } from '../../../context/context.js';
import type { ProxmoxClient } from '../../../proxmox/client.js';
import { parseUpid, toNodeName, toVmid, type Upid } from '../../../proxmox/ids.js';
import { runLongTask } from '../../../proxmox/long-task.js';
import { findVm } from '../../../proxmox/observe.js';
import { isOwn } from '../../../proxmox/ownership.js';
import { newMemo, writeMemo } from '../../../temporary/memo.js';
import type { StepReport } from '../../../ui/steps.js';
import type { PlannedCall, VmPlan } from '../../plan.js';
import { clear } from './clear.js';
import { canLink } from './find.js';
import type { TemplateClone } from './model.js';

/** A template takes minutes to make, in which somebody else may have made the VM. */
async function requireNone({ config }: Context, client: ProxmoxClient, tags: string): Promise<void> {
  const { name } = config.app;
  if (!isOwn(tags, name)) return;
  const row = await findVm(client, name);
  if (row === undefined) return;
  throw new ZebuError('VM_DIFFERS', `Meanwhile another run has made VM ${row.vmid} of the app ${name}`, {
    hint: 'The template is kept. Run the same command again: it sees that the VM is as it should be.',
  });
}

/** Makes the clone. Until it is adopted it is what a killed run has left. */
export async function cloneTemplate(
  context: Context,
  client: ProxmoxClient,
  { node, vmid }: Pick<VmPlan, 'node' | 'vmid'>,
  { call, clone }: { readonly call: PlannedCall; readonly clone: TemplateClone },
  report: StepReport,
): Promise<void> {
  const { use, note } = clone;
  await requireNone(context, client, clone.tags);
  use.linked ??= await canLink(client, { node, vmid: use.vmid });
  const place = { node: toNodeName(node), vmid: toVmid(vmid) };
  const memo = { ...newMemo(context, place, note), source: use.vmid };
  let upid: Upid | undefined;
  await writeMemo(context, 'template', memo);
  try {
    await runLongTask(
      context,
      client,
      {
        node: place.node,
        vmid: toVmid(use.vmid),
        type: 'qmclone',
        label: `cloning the template, VM ${use.vmid}`,
        send: async () => {
          const data = await client.request('POST', call.path, { ...call.params, full: use.linked === true ? 0 : 1 });
          upid = parseUpid(data)?.upid;
          if (upid !== undefined) await writeMemo(context, 'template', { ...memo, upid });
          return data;
        },
      },
      report,
    );
  } catch (error) {
    await clear(context, client, [{ place, upid }], memo);
    throw error;
  }
  report.done(use.linked ? 'linked: it holds what differs' : 'a full copy');
}
