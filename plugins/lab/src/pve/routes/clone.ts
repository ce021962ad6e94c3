import { randomUUID } from 'node:crypto';
import { copyTree } from '../../guest/namespace-tree.js';
import { requirePrivilege } from '../access.js';
import { withNewMac } from '../config-values.js';
import { isDiskSlot } from '../disks.js';
import { badParameters, died, PveFault } from '../fault.js';
import { holdForClone } from '../freeze.js';
import type { LabNode } from '../node.js';
import { bool, checkParams, int, str, type Params } from '../params.js';
import { formatProperties, formatSize, parseProperties } from '../property-string.js';
import { qemuOption } from '../qemu-options.js';
import { route, type Call, type Route } from '../router.js';
import type { VmConfig, VmRecord } from '../state.js';
import { imageInfo, isCloudInit } from '../storage.js';
import type { TaskHandle } from '../tasks.js';
import { formatting, progress } from '../volume-log.js';
import { vmidOf, vmPath } from './common.js';
import { requireBridges } from './config.js';

interface Plan {
  readonly vmid: number;
  readonly newid: number;
  readonly source: VmRecord;
  /** Drives that are copied, in order. */
  readonly drives: readonly (readonly [slot: string, value: string])[];
  readonly params: Params;
  readonly full: boolean;
}

const isCdrom = (value: string): boolean =>
  parseProperties(value, 'file').get('media') === 'cdrom' &&
  !isCloudInit(parseProperties(value, 'file').get('file') ?? '');

/** Everything that is refused before there is a task. */
function plan(call: Call): Plan {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  requirePrivilege(caller, vmPath(vmid), 'VM.Clone');
  const params = checkParams(call.raw, {
    newid: { type: 'integer', required: true, minimum: 100 },
    name: qemuOption('name') ?? str,
    full: bool,
    description: str,
    storage: str,
    format: { type: 'string', values: ['raw', 'qcow2', 'vmdk'] },
    pool: str,
    snapname: str,
    target: str,
    bwlimit: int,
  });
  const newid = Number(params['newid']);
  requirePrivilege(caller, vmPath(newid), 'VM.Allocate');
  const { storage, snapname, target } = params;
  if (target !== undefined && target !== node.name) throw new PveFault(501, 'the lab clones to the same node only');
  if (snapname !== undefined && snapname !== 'current' && node.vm(vmid).snapshots[snapname] !== undefined)
    throw new PveFault(501, 'the lab clones what a VM is now, not its snapshots');
  if (storage !== undefined && !node.storage.check(storage).content.includes('images'))
    throw badParameters({ storage: `storage '${storage}' does not support vm images` });
  if (node.file.state.vms[String(vmid)] === undefined)
    throw died(`unable to find configuration file for VM ${vmid} on node '${node.name}'`);
  const source = node.vm(vmid);
  node.checkLock(source);
  if (snapname !== undefined) throw died(`snapshot '${snapname}' does not exist`);
  const full = params['full'] === undefined ? source.config['template'] !== 1 : params['full'] === '1';
  if (!full && storage !== undefined) throw died("parameter 'storage' not allowed for linked clones");
  if (!full && params['format'] !== undefined) throw died("parameter 'format' not allowed for linked clones");
  const drives = Object.entries(source.config)
    .filter(([slot, value]) => isDiskSlot(slot) && !isCdrom(String(value)))
    .map(([slot, value]) => [slot, String(value)] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [, value] of drives) {
    const volid = parseProperties(value, 'file').get('file') ?? '';
    requirePrivilege(caller, `/storage/${storage ?? volid.split(':')[0] ?? ''}`, 'Datastore.AllocateSpace');
  }
  requireBridges(call, source.config);
  if (node.file.state.vms[String(newid)] !== undefined)
    throw died(`unable to create VM ${newid}: config file already exists`);
  for (const [slot, value] of drives) {
    const volid = parseProperties(value, 'file').get('file') ?? '';
    if (!full && !isCloudInit(volid) && !node.storage.canClone(volid))
      throw died(`Linked clone feature is not supported for '${volid}' (${slot})`);
  }
  return { vmid, newid, source, drives, params, full };
}

async function copyDrive(
  node: LabNode,
  { newid, params, full }: Plan,
  slot: string,
  value: string,
  task: TaskHandle,
  made: string[],
): Promise<string> {
  const properties = parseProperties(value, 'file');
  const volid = properties.get('file') ?? '';
  const storage = params['storage'] ?? volid.slice(0, volid.indexOf(':'));
  const cloudInit = isCloudInit(volid);
  if (!full && !cloudInit) {
    task.log(`create linked clone of drive ${slot} (${volid})`);
    const linked = await node.storage.cloneLinked(volid, newid);
    made.push(linked);
    properties.set('file', linked);
    return formatProperties(properties, 'file');
  }
  task.log(`create full clone of drive ${slot} (${volid})`);
  const target = cloudInit
    ? node.storage.cloudInitVolume(newid, storage)
    : node.storage.nextDisk(newid, params['format'] ?? node.storage.formatOf(volid), storage);
  const size = (await imageInfo(node.storage.path(volid))).virtualSize;
  task.log(formatting(node, target, size));
  made.push(target);
  if (node.isVersion9) task.log(`allocated target volume '${target}'`);
  if (cloudInit) await node.storage.createDisk(target, size);
  else {
    await node.storage.importDisk(volid, target);
    await copyTree(node.storage.path(volid), node.storage.path(target));
    for (const line of progress(size)) task.log(line);
  }
  properties.set('file', target);
  properties.set('size', formatSize(size));
  return formatProperties(properties, 'file');
}

const withoutDrives = (config: VmConfig): VmConfig =>
  Object.fromEntries(Object.entries(config).filter(([slot]) => !isDiskSlot(slot)));

async function make(node: LabNode, wanted: Plan, task: TaskHandle): Promise<void> {
  const { vmid, newid, source, drives, params } = wanted;
  if (node.isVersion9) task.log(`creating a clone of VM ${vmid} with ID ${newid}`);
  const config: VmConfig = {};
  for (const [name, value] of Object.entries(source.config)) {
    if (/^unused\d+$/.test(name) || name === 'template') continue;
    config[name] = /^net\d+$/.test(name) ? withNewMac(String(value)) : value;
  }
  config['smbios1'] = `uuid=${randomUUID()}`;
  if (config['vmgenid'] !== undefined) config['vmgenid'] = randomUUID();
  config['name'] = params['name'] ?? `Copy-of-VM-${String(source.config['name'] ?? vmid)}`;
  if (params['description'] !== undefined) config['description'] = params['description'];
  const id = String(newid);
  const record: VmRecord = {
    node: node.name,
    // As on a node: everything but the drives, which come one by one, under the lock.
    config: withoutDrives(config),
    lock: 'clone',
    labImage: source.labImage,
    snapshots: {},
    firewall: structuredClone(source.firewall),
  };
  node.file.state.vms[id] = record;
  node.file.save();
  const made: string[] = [];
  const spec = node.spec(vmid, source);
  // What a running VM writes meanwhile must not be half of it.
  const running = (await node.backend.state(spec)) === 'running';
  const release = running ? await holdForClone(node, spec, task.log) : undefined;
  try {
    for (const [slot, value] of drives) config[slot] = await copyDrive(node, wanted, slot, value, task, made);
  } catch (error) {
    for (const volid of made) await node.storage.remove(volid);
    delete node.file.state.vms[id];
    node.file.save();
    throw died(`clone failed: ${(error as Error).message}`);
  } finally {
    await release?.();
  }
  record.config = config;
  delete record.lock;
  node.file.save();
}

async function clone(call: Call): Promise<unknown> {
  const wanted = plan(call);
  const { node } = call;
  return node.tasks.start('qmclone', String(wanted.vmid), call.caller, (task) =>
    node.withLock(wanted.vmid, () => node.withLock(wanted.newid, () => make(node, plan(call), task))),
  );
}

export const cloneRoutes: readonly Route[] = [route('POST', '/nodes/{node}/qemu/{vmid}/clone', clone)];
