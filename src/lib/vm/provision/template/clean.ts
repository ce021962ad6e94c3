import type { Context } from '../../../context/context.js';
import { makeClient, type ProxmoxClient } from '../../../proxmox/client.js';
import { toNodeName, toVmid } from '../../../proxmox/ids.js';
import { says } from '../../../proxmox/said.js';
import { runTask, taskOptions } from '../../../proxmox/tasks.js';
import { removeLeftovers } from '../../../temporary/leftovers.js';
import { runSteps } from '../../../ui/steps.js';
import { desiredVm } from '../../desired.js';
import { readTemplates, type Template } from './find.js';
import { templateKey } from './key.js';
import { isUnneeded, judgeTemplates } from './unneeded.js';

/** The key of the template that zebu.yml asks for; undefined where it asks for none. */
export async function wantedKey(context: Context): Promise<string | undefined> {
  const { vm } = context.config;
  return vm.template && vm.image !== undefined ? templateKey(await desiredVm(context), vm.docker) : undefined;
}

/** @returns false where Proxmox found a VM that is linked to it: then it is as it was */
async function removeTemplate(context: Context, client: ProxmoxClient, template: Template): Promise<boolean> {
  const [node, vmid] = [toNodeName(template.node), toVmid(template.vmid)];
  const path = `/nodes/${node}/qemu/${vmid}`;
  await client.request('PUT', `${path}/config`, { protection: 0 });
  try {
    await runTask(
      client,
      () => client.request('DELETE', path, { purge: 1 }),
      { node, type: 'qmdestroy', vmid },
      taskOptions(context, `removing the template, VM ${vmid}`),
    );
    return true;
  } catch (error) {
    await client.request('PUT', `${path}/config`, { protection: 1 }).catch(() => undefined);
    if (!says(error, 'base in use')) throw error;
    return false;
  }
}

export interface Cleaned {
  readonly vmid: number;
  readonly name: string;
  /** Null of what a run that was killed has left. */
  readonly bytes: number | null;
}

/** Removes the templates that nobody needs, and what runs that were killed have left of making VMs from them. */
export async function cleanTemplates(context: Context): Promise<readonly Cleaned[]> {
  const client = await makeClient(await context.transport(), context.io);
  const left = await removeLeftovers(context, client, 'template');
  const cleaned: Cleaned[] = left.map((vmid) => ({ vmid, name: 'left of a run that was killed', bytes: null }));
  const wanted = { app: context.config.app.name, key: await wantedKey(context), now: context.clock.now() };
  const judged = await judgeTemplates(client, await readTemplates(client), wanted);
  await runSteps(
    context.io,
    context.signal,
    judged.filter(isUnneeded).map((template) => ({
      title: `Remove the template ${template.name} (VM ${template.vmid}): ${template.old ?? ''}`,
      run: async (report) => {
        const { vmid, name, bytes } = template;
        if (await removeTemplate(context, client, template)) cleaned.push({ vmid, name, bytes });
        else report.done('a VM is linked to it: kept');
      },
    })),
  );
  return cleaned;
}
