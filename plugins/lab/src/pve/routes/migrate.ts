import { requirePrivilege } from '../access.js';
import { badParameters, died } from '../fault.js';
import { isManaged, requestHaMigration } from '../ha.js';
import { localDisks, migrateVm, unavailable } from '../migration.js';
import { bool, checkParams, int, str } from '../params.js';
import { route, type Call, type Route } from '../router.js';
import { isCloudInit } from '../storage.js';
import { vmidOf, vmPath } from './common.js';

/** Of a disk that the VM has: since Proxmox VE 9. */
const ATTACHED = { is_attached: 1, is_tpmstate: 0, is_vmstate: 0, replicate: 1, shared: 0 };

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
    localDisks(node, record).map(async ({ volid, storage, slot }) => {
      const volume = (await node.storage.list(storage, 'images', vmid)).find((each) => each.volid === volid);
      const cloudInit = isCloudInit(volid);
      const size = cloudInit && node.isVersion9 ? {} : { size: volume?.size ?? 0 };
      const facts = { volid, ...size, cdrom: cloudInit ? 1 : 0, is_unused: 0 };
      return node.isVersion9 ? { ...facts, ...ATTACHED, drivename: slot, is_cloudinit: cloudInit ? 1 : 0 } : facts;
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
    ...(node.isVersion9 && { 'mapped-resource-info': {}, 'has-dbus-vmstate': 1 }),
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
  if (isManaged(node, vmid))
    return node.tasks.start('hamigrate', String(vmid), caller, async (task) =>
      requestHaMigration(node, vmid, target.name, task),
    );
  return node.tasks.start('qmigrate', String(vmid), caller, (task) =>
    node.withLock(vmid, () => migrateVm(node, target, vmid, params['with-local-disks'] === '1', task)),
  );
}

export const migrateRoutes: readonly Route[] = [
  route('GET', '/nodes/{node}/qemu/{vmid}/migrate', preconditions),
  route('POST', '/nodes/{node}/qemu/{vmid}/migrate', migrate),
];
