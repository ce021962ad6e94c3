import type { Io } from '@zebu/kit';
import { haResourcesAnswer, storagesAnswer, type HaResource } from '../../proxmox/answers.js';
import type { ProxmoxClient } from '../../proxmox/client.js';
import type { InspectedVm } from '../inspect.js';
import { parseAnswer } from '../../proxmox/parse.js';
import { sidOf } from '../../proxmox/ids.js';

/** The VM's entry with the HA manager. @throws PROXMOX_FORBIDDEN without Sys.Audit on / */
export async function readHa(client: ProxmoxClient, vmid: number): Promise<HaResource | undefined> {
  const data = await client.request('GET', '/cluster/ha/resources', { type: 'vm' });
  return parseAnswer(haResourcesAnswer, data, 'the resources of the HA manager').find(({ sid }) => sid === sidOf(vmid));
}

/** Another node can only start a VM whose disk it has. */
export async function warnOfOwnDisk(
  io: Io,
  client: ProxmoxClient,
  { vmid, node, current }: Pick<InspectedVm, 'current' | 'node' | 'vmid'>,
): Promise<void> {
  const [name] = (current['scsi0'] ?? '').split(':');
  const data = await client.request('GET', `/nodes/${node}/storage`);
  const found = parseAnswer(storagesAnswer, data, 'the list of storages').find(({ storage }) => storage === name);
  if (found === undefined || found.shared === true) return;
  io.warn(
    `The disk of VM ${vmid} is on ${found.storage}, which is ${node}'s own: unless it is replicated, the HA manager cannot start it elsewhere when ${node} fails`,
  );
}
