import { ZebuError } from '@zebu/kit';
import {
  nodesAnswer,
  resourcesAnswer,
  qemuConfigAnswer,
  qemuStatusAnswer,
  vmResourcesAnswer,
  type QemuConfig,
  type QemuStatus,
} from './answers.js';
import type { ProxmoxClient } from './client.js';
import { toNodeName, toVmid, type NodeName, type Vmid } from './ids.js';
import { findOwn, inForce, isCopy, type VmRow } from './ownership.js';
import { parseAnswer } from './parse.js';
import type { NodeFacts } from './placement.js';

/** A VM of this app as it is. */
export interface ExistingVm {
  readonly vmid: Vmid;
  readonly node: NodeName;
  readonly config: QemuConfig;
  readonly status: QemuStatus;
}

/** Nodes and VMs are asked for in one. */
async function listResources(client: ProxmoxClient, types: readonly string[]): Promise<readonly unknown[]> {
  const rows = parseAnswer(resourcesAnswer, await client.request('GET', '/cluster/resources'), 'the resources');
  return rows.filter(({ type }) => types.includes(type));
}

export async function listVms(client: ProxmoxClient): Promise<readonly VmRow[]> {
  return parseAnswer(vmResourcesAnswer, await listResources(client, ['qemu', 'lxc']), 'the list of VMs');
}

/** The same as `GET /nodes` tells. */
export async function listNodes(client: ProxmoxClient): Promise<readonly NodeFacts[]> {
  return parseAnswer(nodesAnswer, await listResources(client, ['node']), 'the list of nodes');
}

/**
 * The list has the tags of a VM at once, and its name some seconds later: where a row has none yet, or several have the
 * app's tags, their configuration says whether they are copies, and what their tags are.
 */
async function withoutCopies(client: ProxmoxClient, rows: readonly VmRow[]): Promise<readonly VmRow[]> {
  if (rows.length < 2 && rows.every(({ name }) => name !== undefined)) return rows;
  const configs = await Promise.all(rows.map((row) => readConfig(client, row)));
  return rows.flatMap((row, at) => {
    const { name, tags, lock } = configs[at] ?? {};
    return isCopy({ name, tags }) || lock === 'clone' ? [] : [{ ...row, tags }];
  });
}

/** An id that no VM has now. */
export async function nextVmid(client: ProxmoxClient): Promise<Vmid> {
  return toVmid(Number(await client.request('GET', '/cluster/nextid')));
}

/** All that have the app's tags; more than one while a rebuild hands over, or where somebody has copied one. */
export async function findMachines(client: ProxmoxClient, app: string): Promise<readonly VmRow[]> {
  return withoutCopies(client, findOwn(await listVms(client), app));
}

/** The app's VM in the cluster; undefined when there is none. @throws VM_DIFFERS when there are several */
export async function findVm(client: ProxmoxClient, app: string): Promise<VmRow | undefined> {
  const own = inForce(await findMachines(client, app));
  if (own.length > 1) {
    const ids = own.map((row) => row.vmid).join(', ');
    throw new ZebuError('VM_DIFFERS', `There are several VMs of the app ${app}: ${ids}`, {
      hint: `Remove the tag zebu-app-${app} from those that are not meant.`,
    });
  }
  return own[0];
}

export async function readVm(
  client: ProxmoxClient,
  row: { readonly node: string; readonly vmid: number },
): Promise<ExistingVm> {
  const vmid = toVmid(row.vmid);
  const node = toNodeName(row.node);
  const vm = client.api.nodes.$(node).qemu.$(vmid);
  const [config, status] = await Promise.all([vm.config.$get(), vm.status.current.$get()]);
  return {
    vmid,
    node,
    config: parseAnswer(qemuConfigAnswer, config, `the configuration of VM ${vmid}`),
    status: parseAnswer(qemuStatusAnswer, status, `the status of VM ${vmid}`),
  };
}

/** The configuration alone. */
export async function readConfig(
  client: ProxmoxClient,
  row: { readonly node: string; readonly vmid: number },
): Promise<QemuConfig> {
  const vmid = toVmid(row.vmid);
  const data = await client.api.nodes.$(toNodeName(row.node)).qemu.$(vmid).config.$get();
  return parseAnswer(qemuConfigAnswer, data, `the configuration of VM ${vmid}`);
}
