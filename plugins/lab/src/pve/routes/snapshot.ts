import type { GuestDisk } from '../../guest/backend.js';
import { requirePrivilege } from '../access.js';
import { died } from '../fault.js';
import { freezeForSnapshot } from '../freeze.js';
import { isManaged, requestHaStart } from '../ha.js';
import type { LabNode } from '../node.js';
import { bool, checkParams, str } from '../params.js';
import { parseProperties } from '../property-string.js';
import { startVm } from '../power.js';
import { route, type Call, type Route } from '../router.js';
import type { Snapshot, VmRecord } from '../state.js';
import type { StorageKind } from '../storage-kinds.js';
import type { TaskHandle } from '../tasks.js';
import { configWithDigest, vmidOf, vmPath } from './common.js';

interface DataDisk extends GuestDisk {
  readonly volid: string;
}

/** Disks that hold data: the cloud-init drive is made anew at every start. */
function dataDisks(node: LabNode, vmid: number, record: VmRecord): readonly DataDisk[] {
  return node.spec(vmid, record).disks.flatMap((disk) => {
    const volid = parseProperties(String(record.config[disk.slot]), 'file').get('file') ?? '';
    return disk.media === 'cdrom' ? [] : [{ ...disk, volid }];
  });
}

/** Volumes that a snapshot has to be possible of; the firmware's variables are one. */
function volumesOf(node: LabNode, vmid: number, record: VmRecord): readonly string[] {
  const efi = record.config['efidisk0'];
  const variables = efi === undefined ? [] : [parseProperties(String(efi), 'file').get('file') ?? ''];
  return [...dataDisks(node, vmid, record).map(({ volid }) => volid), ...variables];
}

function kindOf(node: LabNode, volid: string): StorageKind {
  return node.storage.kind(volid.slice(0, volid.indexOf(':')));
}

const snapName = (text: string): string | undefined =>
  /^[A-Za-z][\w-]+$/.test(text) ? undefined : `invalid format - invalid configuration ID '${text}'\n`;

function find(record: VmRecord, name: string): Snapshot {
  const snapshot = record.snapshots[name];
  if (snapshot === undefined) throw died(`snapshot '${name}' does not exist`);
  return snapshot;
}

/** Under the configuration's lock, which everybody sees while it lasts. */
async function locked(node: LabNode, record: VmRecord, lock: string, work: () => Promise<void>): Promise<void> {
  node.checkLock(record);
  record.lock = lock;
  node.file.save();
  try {
    await work();
  } finally {
    delete record.lock;
    node.file.save();
  }
}

/** Newer snapshots stand in the way where a storage can only go back to the last one. */
function checkNewest(node: LabNode, record: VmRecord, volid: string, name: string): void {
  if (!kindOf(node, volid).newestOnly) return;
  const time = find(record, name).snaptime;
  const names = Object.keys(record.snapshots);
  const newer = Object.values(record.snapshots).some(
    (other) => other.snaptime > time || (other.snaptime === time && names.indexOf(other.name) > names.indexOf(name)),
  );
  if (newer) throw died(`can't rollback, '${name}' is not most recent snapshot on '${volid}'`);
}

async function create(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  requirePrivilege(caller, vmPath(vmid), 'VM.Snapshot');
  const params = checkParams(call.raw, {
    snapname: { ...str, required: true, maxLength: 40, format: snapName },
    description: str,
    vmstate: bool,
  });
  const { snapname = '', description = '' } = params;
  if (snapname === 'current' || snapname.toLowerCase() === 'pending')
    throw died(`unable to use snapshot name '${snapname}' (reserved name)`);
  node.vm(vmid);
  const work = (task: TaskHandle): Promise<void> =>
    node.withLock(vmid, () => take(node, vmid, { snapname, description, vmstate: params['vmstate'] === '1' }, task));
  return node.tasks.start('qmsnapshot', String(vmid), caller, work, { ownTrouble: true });
}

interface Wanted {
  readonly snapname: string;
  readonly description: string;
  readonly vmstate: boolean;
}

async function take(
  node: LabNode,
  vmid: number,
  { snapname, description, vmstate }: Wanted,
  task: TaskHandle,
): Promise<void> {
  const record = node.vm(vmid);
  if (record.config['template'] === 1) throw died("you can't take a snapshot if it's a template");
  node.checkLock(record);
  if (record.snapshots[snapname] !== undefined) throw died(`snapshot name '${snapname}' already used`);
  if (vmstate) throw died('the lab does not save the memory of a guest');
  const disks = dataDisks(node, vmid, record);
  const able = (volid: string): boolean => kindOf(node, volid).snapshots.includes(node.storage.formatOf(volid));
  if (!volumesOf(node, vmid, record).every(able)) throw died('snapshot feature is not available');
  const spec = node.spec(vmid, record);
  const running = (await node.backend.state(spec)) !== 'stopped';
  const made: GuestDisk[] = [];
  await locked(node, record, 'snapshot', async () => {
    // It is listed from now on, and stays so when the work is cut short.
    const snapshot: Snapshot = {
      name: snapname,
      description,
      snaptime: Math.floor(Date.now() / 1000),
      snapstate: 'prepare',
      ...(record.parent === undefined ? {} : { parent: record.parent }),
      config: structuredClone(record.config),
    };
    record.snapshots[snapname] = snapshot;
    node.file.save();
    const thaw = await freezeForSnapshot(node, spec, task.log);
    try {
      for (const disk of disks) {
        const trouble = task.trouble();
        if (trouble !== undefined) throw new BrokenOff(trouble);
        task.log(`snapshotting 'drive-${disk.slot}' (${disk.volid})`);
        if (running && node.isVersion9) task.log('internal qemu snapshot');
        await node.backend.diskSnapshot('create', spec, disk, snapname);
        made.push(disk);
      }
    } catch (error) {
      if (!(error instanceof BrokenOff)) {
        task.log('snapshot create failed: starting cleanup');
        for (const disk of made) await node.backend.diskSnapshot('delete', spec, disk, snapname);
        delete record.snapshots[snapname];
      }
      throw error;
    } finally {
      await thaw?.();
    }
    delete snapshot.snapstate;
    record.parent = snapname;
  });
}

/** The work of a task ends here and cleans nothing up, as when its process was killed. */
class BrokenOff extends Error {}

async function rollback(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  requirePrivilege(caller, vmPath(vmid), 'VM.Snapshot', 'VM.Snapshot.Rollback');
  const { start } = checkParams(call.raw, { start: bool });
  const name = call.path['snapname'] ?? '';
  return node.tasks.start('qmrollback', String(vmid), caller, (task) =>
    node.withLock(vmid, async () => {
      const record = node.vm(vmid);
      const snapshot = find(record, name);
      const disks = dataDisks(node, vmid, record);
      for (const { volid } of disks) checkNewest(node, record, volid, name);
      if (snapshot.snapstate !== undefined)
        throw died(`unable to rollback to incomplete snapshot (snapstate = ${snapshot.snapstate})`);
      await locked(node, record, 'rollback', async () => {
        // A rollback stops a running VM first: what it does since the snapshot is lost either way.
        const spec = node.spec(vmid, record);
        if (await node.isRunning(vmid, record)) await node.backend.stop(spec);
        for (const disk of disks) await node.backend.diskSnapshot('rollback', spec, disk, name);
        record.config = structuredClone(snapshot.config);
        record.parent = name;
      });
      if (start !== '1') return;
      if (isManaged(node, vmid)) requestHaStart(node, vmid, task);
      else await startVm(node, vmid, task);
    }),
  );
}

async function remove(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  requirePrivilege(caller, vmPath(vmid), 'VM.Snapshot');
  const { force } = checkParams(call.raw, { force: bool });
  const name = call.path['snapname'] ?? '';
  const work = (task: TaskHandle): Promise<void> =>
    node.withLock(vmid, () => drop(node, vmid, name, force === '1', task));
  return node.tasks.start('qmdelsnapshot', String(vmid), caller, work, { ownTrouble: true });
}

async function drop(node: LabNode, vmid: number, name: string, force: boolean, task: TaskHandle): Promise<void> {
  const record = node.vm(vmid);
  const snapshot = find(record, name);
  const spec = node.spec(vmid, record);
  await locked(node, record, 'snapshot-delete', async () => {
    // One that was never finished need not be on every disk.
    const partial = force || snapshot.snapstate !== undefined;
    snapshot.snapstate = 'delete';
    node.file.save();
    for (const disk of dataDisks(node, vmid, record)) {
      const trouble = task.trouble();
      if (trouble !== undefined) throw new BrokenOff(trouble);
      await node.backend.diskSnapshot('delete', spec, disk, name).catch((error: Error) => {
        if (!partial) throw error;
        task.log(error.message);
      });
    }
  });
  delete record.snapshots[name];
  const relink = (holder: { parent?: string }): void => {
    if (holder.parent !== name) return;
    if (snapshot.parent === undefined) delete holder.parent;
    else holder.parent = snapshot.parent;
  };
  relink(record);
  for (const other of Object.values(record.snapshots)) relink(other);
  node.file.save();
}

async function list(call: Call): Promise<unknown> {
  const vmid = vmidOf(call);
  requirePrivilege(call.caller, vmPath(vmid), 'VM.Audit');
  const record = call.node.vm(vmid);
  const running = (await call.node.isRunning(vmid, record)) ? 1 : 0;
  return [
    ...Object.values(record.snapshots).map(({ config: _config, ...facts }) => ({ ...facts, vmstate: 0 })),
    {
      name: 'current',
      description: 'You are here!',
      running,
      digest: configWithDigest(record)['digest'],
      ...(record.parent === undefined ? {} : { parent: record.parent }),
    },
  ];
}

async function getConfig(call: Call): Promise<unknown> {
  const vmid = vmidOf(call);
  requirePrivilege(call.caller, vmPath(vmid), 'VM.Snapshot', 'VM.Snapshot.Rollback', 'VM.Audit');
  const { config, snaptime, description, parent } = find(call.node.vm(vmid), call.path['snapname'] ?? '');
  return { ...config, snaptime, description, ...(parent === undefined ? {} : { parent }) };
}

async function putConfig(call: Call): Promise<unknown> {
  const vmid = vmidOf(call);
  requirePrivilege(call.caller, vmPath(vmid), 'VM.Snapshot');
  const { description } = checkParams(call.raw, { description: str });
  const snapshot = find(call.node.vm(vmid), call.path['snapname'] ?? '');
  snapshot.description = description ?? '';
  call.node.file.save();
  return null;
}

const BASE = '/nodes/{node}/qemu/{vmid}/snapshot';

export const snapshotRoutes: readonly Route[] = [
  route('GET', BASE, list),
  route('POST', BASE, create),
  route('GET', `${BASE}/{snapname}`, async () => [{ cmd: 'rollback' }, { cmd: 'config' }]),
  route('DELETE', `${BASE}/{snapname}`, remove),
  route('POST', `${BASE}/{snapname}/rollback`, rollback),
  route('GET', `${BASE}/{snapname}/config`, getConfig),
  route('PUT', `${BASE}/{snapname}/config`, putConfig),
];
