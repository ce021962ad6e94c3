import { requirePrivilege } from '../access.js';
import { isDiskSlot } from '../disks.js';
import { died } from '../fault.js';
import type { LabNode } from '../node.js';
import { checkParams, str } from '../params.js';
import { formatProperties, parseProperties } from '../property-string.js';
import { DISK_SLOTS } from '../qemu-options.js';
import { route, type Call, type Route } from '../router.js';
import type { VmRecord } from '../state.js';
import { isCloudInit } from '../storage.js';
import { vmidOf, vmPath } from './common.js';

/** Drives that hold data, with their volumes. */
function drivesOf(record: VmRecord): readonly { slot: string; volid: string; properties: Map<string, string> }[] {
  return Object.entries(record.config).flatMap(([slot, value]) => {
    if (!isDiskSlot(slot)) return [];
    const properties = parseProperties(String(value), 'file');
    const volid = properties.get('file') ?? 'none';
    return volid === 'none' || isCloudInit(volid) || properties.get('media') === 'cdrom'
      ? []
      : [{ slot, volid, properties }];
  });
}

async function loadAndCheck(node: LabNode, vmid: number, disk: string | undefined): Promise<VmRecord> {
  const record = node.vm(vmid);
  node.checkLock(record);
  if (Object.keys(record.snapshots).length > 0) throw died('unable to create template, because VM contains snapshots');
  if (record.config['template'] === 1 && disk === undefined) throw died("you can't convert a template to a template");
  if (await node.isRunning(vmid, record)) throw died("you can't convert a VM to template if VM is running");
  return record;
}

async function makeTemplate(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  requirePrivilege(caller, vmPath(vmid), 'VM.Allocate');
  const { disk } = checkParams(call.raw, { disk: { type: 'string', values: DISK_SLOTS } });
  await loadAndCheck(node, vmid, disk);
  return node.tasks.start('qmtemplate', String(vmid), caller, () =>
    node.withLock(vmid, async () => {
      const record = await loadAndCheck(node, vmid, disk);
      record.config['template'] = 1;
      node.file.save();
      for (const { slot, volid, properties } of drivesOf(record)) {
        if (disk !== undefined && disk !== slot) continue;
        properties.set('file', await node.storage.createBase(volid));
        record.config[slot] = formatProperties(properties, 'file');
        node.file.save();
      }
    }),
  );
}

/** Whether something can be done with all disks of a VM. */
async function feature(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  requirePrivilege(caller, vmPath(vmid), 'VM.Audit');
  const { feature: wanted, snapname } = checkParams(call.raw, {
    feature: { type: 'string', required: true, values: ['snapshot', 'clone', 'copy'] },
    snapname: str,
  });
  const record = node.vm(vmid);
  if (snapname !== undefined && record.snapshots[snapname] === undefined)
    throw died(`snapshot '${snapname}' does not exist`);
  const has = (volid: string): boolean => {
    if (wanted === 'copy') return true;
    if (wanted === 'clone') return node.storage.canClone(volid);
    return node.storage.kind(volid.slice(0, volid.indexOf(':'))).snapshots.includes(node.storage.formatOf(volid));
  };
  return { hasFeature: drivesOf(record).every(({ volid }) => has(volid)) ? 1 : 0, nodes: [node.name] };
}

export const templateRoutes: readonly Route[] = [
  route('POST', '/nodes/{node}/qemu/{vmid}/template', makeTemplate),
  route('GET', '/nodes/{node}/qemu/{vmid}/feature', feature),
];
