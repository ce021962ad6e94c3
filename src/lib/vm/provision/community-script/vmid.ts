import { isZebuError, ZebuError } from '@zebu/kit';
import { storageContentAnswer } from '../../../proxmox/answers.js';
import type { ProxmoxClient } from '../../../proxmox/client.js';
import { toVmid, type Vmid } from '../../../proxmox/ids.js';
import type { Place } from '../../site.js';
import { parseAnswer } from '../../../proxmox/parse.js';

async function hasVolumes(client: ProxmoxClient, place: Place, vmid: Vmid): Promise<boolean> {
  const rows = await client.request('GET', `/nodes/${place.node}/storage/${place.storage}/content`, {
    content: 'images',
    vmid,
  });
  return parseAnswer(storageContentAnswer, rows, 'the list of disks').length > 0;
}

async function isFree(client: ProxmoxClient, vmid: Vmid): Promise<boolean> {
  try {
    await client.request('GET', '/cluster/nextid', { vmid });
    return true;
  } catch (error) {
    if (isZebuError(error) && error.code === 'PROXMOX_REFUSED') return false;
    throw error;
  }
}

/**
 * An id that no VM has and no disk of a former one: on any error the script destroys the VM with the id it was given.
 * @throws VMID_TAKEN when the configured one has disks already
 */
export async function certainlyFree(client: ProxmoxClient, place: Place, wanted: Vmid | undefined): Promise<Vmid> {
  if (!(await hasVolumes(client, place, place.vmid))) return place.vmid;
  if (wanted !== undefined) {
    throw new ZebuError(
      'VMID_TAKEN',
      `vm.vmid ${wanted}: the storage ${place.storage} has disks of a former VM with this id`,
      {
        hint: `Look at them with \`pvesm list ${place.storage} --vmid ${wanted}\`, or choose another id.`,
        details: { vmid: wanted },
      },
    );
  }
  for (let vmid = toVmid(place.vmid + 1); vmid < place.vmid + 100; vmid = toVmid(vmid + 1))
    if ((await isFree(client, vmid)) && !(await hasVolumes(client, place, vmid))) return vmid;
  throw new ZebuError('VMID_TAKEN', `No free id for a VM from ${place.vmid} on`, { hint: 'Choose one with vm.vmid.' });
}
