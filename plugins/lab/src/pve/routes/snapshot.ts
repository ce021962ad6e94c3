import { run } from '../../guest/process.js';
import { requirePrivilege } from '../access.js';
import { isDiskSlot } from '../disks.js';
import { died } from '../fault.js';
import type { LabNode } from '../node.js';
import { bool, checkParams, str } from '../params.js';
import { parseProperties } from '../property-string.js';
import { route, type Call, type Route } from '../router.js';
import type { Snapshot, VmRecord } from '../state.js';
import { configWithDigest, vmidOf, vmPath } from './common.js';
import { startVm } from './status.js';

/** Disks that hold data: the cloud-init drive is made anew at every start. */
function dataDisks(node: LabNode, record: VmRecord): readonly { slot: string; volid: string; file: string }[] {
  return Object.entries(record.config).flatMap(([slot, value]) => {
    const volid = parseProperties(String(value), 'file').get('file') ?? '';
    if (!isDiskSlot(slot) || volid === 'none' || volid.endsWith('cloudinit.qcow2')) return [];
    return [{ slot, volid, file: node.storage.path(volid) }];
  });
}

const snapName = (text: string): string | undefined =>
  /^[A-Za-z][\w-]+$/.test(text) ? undefined : `invalid format - invalid configuration ID '${text}'\n`;

function find(record: VmRecord, name: string): Snapshot {
  const snapshot = record.snapshots[name];
  if (snapshot === undefined) throw died(`snapshot '${name}' does not exist`);
  return snapshot;
}

/** A guest whose disks are open in another process cannot be snapshotted from outside without breaking them. */
async function mustBeStopped(node: LabNode, vmid: number, record: VmRecord): Promise<void> {
  if (await node.isRunning(vmid, record)) throw died('the lab takes and rolls back snapshots of stopped VMs only');
}

async function create(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  const params = checkParams(call.raw, {
    snapname: { ...str, required: true, format: snapName },
    description: str,
    vmstate: bool,
  });
  requirePrivilege(caller, vmPath(vmid), 'VM.Snapshot');
  const { snapname = '' } = params;
  return node.tasks.start('qmsnapshot', String(vmid), caller, (task) =>
    node.withLock(vmid, async () => {
      const record = node.vm(vmid);
      node.checkLock(record);
      if (record.snapshots[snapname] !== undefined) throw died(`snapshot name '${snapname}' already used`);
      await mustBeStopped(node, vmid, record);
      for (const { slot, volid, file } of dataDisks(node, record)) {
        task.log(`snapshotting 'drive-${slot}' (${volid})`);
        await run(['qemu-img', 'snapshot', '-c', snapname, file]);
      }
      record.snapshots[snapname] = {
        name: snapname,
        description: params['description'] ?? '',
        snaptime: Math.floor(Date.now() / 1000),
        ...(record.parent === undefined ? {} : { parent: record.parent }),
        config: structuredClone(record.config),
      };
      record.parent = snapname;
      node.file.save();
    }),
  );
}

async function rollback(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  const { start } = checkParams(call.raw, { start: bool });
  requirePrivilege(caller, vmPath(vmid), 'VM.Snapshot', 'VM.Snapshot.Rollback');
  const name = call.path['snapname'] ?? '';
  return node.tasks.start('qmrollback', String(vmid), caller, (task) =>
    node.withLock(vmid, async () => {
      const record = node.vm(vmid);
      const snapshot = find(record, name);
      // A rollback stops a running VM first: what it does since the snapshot is lost either way.
      if (await node.isRunning(vmid, record)) await node.backend.stop(node.spec(vmid, record));
      record.config = structuredClone(snapshot.config);
      for (const { file } of dataDisks(node, record)) await run(['qemu-img', 'snapshot', '-a', name, file]);
      record.parent = name;
      node.file.save();
      if (start === '1') await startVm(node, vmid, task);
    }),
  );
}

async function remove(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  checkParams(call.raw, { force: bool });
  requirePrivilege(caller, vmPath(vmid), 'VM.Snapshot');
  const name = call.path['snapname'] ?? '';
  return node.tasks.start('qmdelsnapshot', String(vmid), caller, () =>
    node.withLock(vmid, async () => {
      const record = node.vm(vmid);
      const { parent } = find(record, name);
      await mustBeStopped(node, vmid, record);
      for (const { file } of dataDisks(node, record)) await run(['qemu-img', 'snapshot', '-d', name, file]);
      delete record.snapshots[name];
      const relink = (holder: { parent?: string }): void => {
        if (holder.parent !== name) return;
        if (parent === undefined) delete holder.parent;
        else holder.parent = parent;
      };
      relink(record);
      for (const other of Object.values(record.snapshots)) relink(other);
      node.file.save();
    }),
  );
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
  const { description } = checkParams(call.raw, { description: str });
  requirePrivilege(call.caller, vmPath(vmid), 'VM.Snapshot');
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
