import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { treeDirectory } from '../../guest/namespace-tree.js';
import { requirePrivilege } from '../access.js';
import { badParameters, died } from '../fault.js';
import type { LabNode } from '../node.js';
import { bool, checkParams, int, str } from '../params.js';
import { parseProperties } from '../property-string.js';
import { route, type Call, type Route } from '../router.js';
import type { VmRecord } from '../state.js';
import { isCloudInit } from '../storage.js';
import { isDiskSlot } from '../disks.js';
import { vmidOf, vmPath } from './common.js';

/**
 * Migration: the record goes to another node, and with it what is on storages of the node itself. A running guest is one
 * process for all nodes of the lab, so it goes on running without having moved.
 */

interface LocalDisk {
  readonly volid: string;
  readonly storage: string;
}

function localDisks(node: LabNode, record: VmRecord): readonly LocalDisk[] {
  return Object.entries(record.config).flatMap(([slot, value]) => {
    if (!isDiskSlot(slot)) return [];
    const volid = parseProperties(String(value), 'file').get('file') ?? 'none';
    const storage = volid.slice(0, Math.max(0, volid.indexOf(':')));
    return storage === '' || node.storage.isShared(storage) ? [] : [{ volid, storage }];
  });
}

/** Storages of the VM that a node does not have. */
function unavailable(record: VmRecord, target: LabNode): readonly string[] {
  const used = Object.entries(record.config).flatMap(([slot, value]) => {
    const volid = isDiskSlot(slot) ? (parseProperties(String(value), 'file').get('file') ?? '') : '';
    return volid.includes(':') ? [volid.slice(0, volid.indexOf(':'))] : [];
  });
  const has = new Set(target.storage.all.map(({ storage }) => storage));
  return [...new Set(used)].filter((storage) => !has.has(storage)).toSorted();
}

async function preconditions(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  checkParams(call.raw, { target: str });
  requirePrivilege(caller, vmPath(vmid), 'VM.Migrate');
  const record = node.vm(vmid);
  node.checkLock(record);
  const others = [...node.cluster.values()].filter((each) => each !== node);
  const missing = others.map((each) => [each.name, unavailable(record, each)] as const);
  const disks = await Promise.all(
    localDisks(node, record).map(async ({ volid, storage }) => {
      const volume = (await node.storage.list(storage, 'images', vmid)).find((each) => each.volid === volid);
      return { volid, size: volume?.size ?? 0, cdrom: isCloudInit(volid) ? 1 : 0, is_unused: 0 };
    }),
  );
  return {
    running: (await node.isRunning(vmid, record)) ? 1 : 0,
    allowed_nodes: missing.filter(([, storages]) => storages.length === 0).map(([name]) => name),
    not_allowed_nodes: Object.fromEntries(
      missing
        .filter(([, storages]) => storages.length > 0)
        .map(([name, list]) => [name, { unavailable_storages: list }]),
    ),
    local_disks: disks,
    local_resources: [],
    'mapped-resources': [],
  };
}

async function migrate(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  const params = checkParams(call.raw, {
    target: { ...str, required: true },
    online: bool,
    force: bool,
    'with-local-disks': bool,
    targetstorage: str,
    migration_type: str,
    migration_network: str,
    bwlimit: int,
  });
  requirePrivilege(caller, vmPath(vmid), 'VM.Migrate');
  if (params['target'] === node.name) throw badParameters({ target: 'target is local node.' });
  const target = node.cluster.get(params['target'] ?? '');
  if (target === undefined) throw died(`no such cluster node '${params['target'] ?? ''}'`);
  const record = node.vm(vmid);
  node.checkLock(record);
  const running = await node.isRunning(vmid, record);
  if (running && params['online'] !== '1') throw died("can't migrate running VM without --online");
  const [absent] = unavailable(record, target);
  if (absent !== undefined) throw died(`storage '${absent}' is not available on node '${target.name}'`);
  return node.tasks.start('qmigrate', String(vmid), caller, (task) =>
    node.withLock(vmid, async () => {
      const disks = localDisks(node, record);
      task.log(`starting migration of VM ${vmid} to node '${target.name}'`);
      for (const { volid } of disks)
        task.log(`found local disk '${volid}' (attached${isCloudInit(volid) ? ', cloud-init' : ''})`);
      if (running && params['with-local-disks'] !== '1' && disks.some(({ volid }) => !isCloudInit(volid))) {
        task.log(
          "ERROR: Problem found while scanning volumes - can't live migrate attached local disks without with-local-disks option",
        );
        throw died('migration aborted');
      }
      record.lock = 'migrate';
      node.file.save();
      try {
        for (const { volid } of disks) await move(node, target, volid);
        record.node = target.name;
      } finally {
        delete record.lock;
        node.file.save();
      }
      task.log(`migration finished successfully`);
    }),
  );
}

/** Both places are on one file system: a running guest keeps its open disk and its mounted tree over the renaming. */
async function move(from: LabNode, to: LabNode, volid: string): Promise<void> {
  const [source, target] = [from.storage.path(volid), to.storage.path(volid)];
  await mkdir(dirname(target), { recursive: true });
  await rename(source, target);
  for (const beside of [treeDirectory, (file: string) => `${file}.snapshots`])
    if (existsSync(beside(source))) await rename(beside(source), beside(target));
}

export const migrateRoutes: readonly Route[] = [
  route('GET', '/nodes/{node}/qemu/{vmid}/migrate', preconditions),
  route('POST', '/nodes/{node}/qemu/{vmid}/migrate', migrate),
];
