import type { Context } from '../../context/context.js';
import type { ProxmoxClient } from '../../proxmox/client.js';
import { parseUpid, type NodeName, type Upid, type Vmid } from '../../proxmox/ids.js';
import { runLongTask } from '../../proxmox/long-task.js';
import type { StepReport } from '../../ui/steps.js';

export interface VmDump {
  readonly node: NodeName;
  readonly vmid: Vmid;
  readonly storage: string;
  readonly mode: 'snapshot' | 'stop' | 'suspend';
  /** In Proxmox's spelling: `{{guestname}}`, `\\n`. */
  readonly notesTemplate: string;
  /** What of vzdump is otherwise than usual. */
  readonly options: Readonly<Record<string, number | string>>;
}

/** Has vzdump make a backup, and waits for it. @param onTask is told of its task as soon as there is one */
export async function dumpVm(
  context: Context,
  client: ProxmoxClient,
  { node, vmid, storage, mode, notesTemplate, options }: VmDump,
  report: Pick<StepReport, 'update'>,
  onTask?: (upid: Upid) => Promise<void>,
): Promise<void> {
  await runLongTask(
    context,
    client,
    {
      node,
      vmid,
      type: 'vzdump',
      label: `backing up VM ${vmid}`,
      send: async () => {
        const data = await client.request('POST', `/nodes/${node}/vzdump`, {
          vmid,
          storage,
          mode,
          compress: 'zstd',
          'notes-template': notesTemplate,
          ...options,
        });
        const upid = parseUpid(data)?.upid;
        if (upid !== undefined) await onTask?.(upid);
        return data;
      },
    },
    report,
  );
}
