import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasPrivilege, requirePrivilege } from '../access.js';
import { backupDisks } from '../archive.js';
import { removeFromJobs } from '../backup-jobs.js';
import { bootOrder } from '../boot-order.js';
import { newTags } from '../config-change.js';
import { plainOptions } from '../config-values.js';
import { checkDisks, makeDisks, storagesOf, targetSize } from '../disks.js';
import { died, PveFault } from '../fault.js';
import { removeResource, resourceOf, sidOf } from '../ha.js';
import type { LabNode } from '../node.js';
import { bool, checkParams, int, str, type ParamSpec } from '../params.js';
import { startVm } from '../power.js';
import { formatProperties, formatSize, parseProperties, parseSize } from '../property-string.js';
import { DISK_SLOTS, optionPrivilege, qemuOption } from '../qemu-options.js';
import { route, type Call, type Route } from '../router.js';
import { emptyFirewall, type VmRecord } from '../state.js';
import { exitOf } from '../tasks.js';
import { vmidOf, vmPath } from './common.js';
import { checkSshKeys, requireBridges } from './config.js';
import { restore } from './restore.js';

const CREATE_ONLY: Readonly<Record<string, ParamSpec>> = {
  vmid: { type: 'integer', required: true, minimum: 100, maximum: 999_999_999 },
  archive: str,
  bwlimit: int,
  force: bool,
  'live-restore': bool,
  pool: str,
  start: bool,
  storage: str,
  unique: bool,
};

async function create(call: Call): Promise<unknown> {
  const { node, caller, raw } = call;
  if (raw['archive'] !== undefined)
    return restore(
      call,
      checkParams(raw, CREATE_ONLY, (name) => CREATE_ONLY[name] ?? qemuOption(name)),
    );
  // Rights come before parameters, as everywhere in PVE; this one is given without its path.
  if (!hasPrivilege(caller, vmPath(Number(raw['vmid'])), 'VM.Allocate'))
    throw new PveFault(403, 'Permission check failed');
  const {
    vmid: id = '',
    start,
    ...checked
  } = checkParams(raw, CREATE_ONLY, (name) => CREATE_ONLY[name] ?? qemuOption(name));
  const vmid = Number(id);
  if (node.file.state.vms[id] !== undefined)
    throw died(
      `unable to create VM ${vmid} - VM ${vmid} already exists on node '${node.carrier(node.file.state.vms[id]).name}'`,
    );
  const options = Object.fromEntries(Object.entries(checked).filter(([name]) => CREATE_ONLY[name] === undefined));
  checkDisks(node, options);
  for (const storage of storagesOf(options)) requirePrivilege(caller, `/storage/${storage}`, 'Datastore.AllocateSpace');
  for (const name of Object.keys(options)) requirePrivilege(caller, vmPath(vmid), optionPrivilege(name));
  requireBridges(call, options);
  checkSshKeys(options['sshkeys']);
  // The configuration is there, locked, from the moment the request is taken: a second create must find it.
  node.file.state.vms[id] = {
    node: node.name,
    config: {},
    lock: 'create',
    labImage: false,
    snapshots: {},
    firewall: node.file.state.orphanFirewalls[id] ?? emptyFirewall(),
  };
  delete node.file.state.orphanFirewalls[id];
  node.file.save();
  return node.tasks.start('qmcreate', id, caller, async (task) => {
    const made: string[] = [];
    try {
      await node.withLock(vmid, async () => {
        const record = node.vm(vmid);
        const disks = await makeDisks(node, vmid, options, task, made);
        const config = { ...plainOptions(options), ...disks.config };
        if (options['tags'] !== undefined && node.isVersion9)
          config['tags'] = newTags(node, caller, vmid, options['tags']);
        record.config = {
          ...bootOrder(config),
          ...config,
          meta: `creation-qemu=7.2.0,ctime=${Math.floor(Date.now() / 1000)}`,
          smbios1: options['smbios1'] ?? `uuid=${randomUUID()}`,
          vmgenid: options['vmgenid'] ?? randomUUID(),
        };
        record.labImage = disks.labImage;
        delete record.lock;
        node.file.save();
      });
    } catch (error) {
      if (node.file.state.vms[id]?.lock === 'create') {
        for (const volid of made) await node.storage.remove(volid);
        delete node.file.state.vms[id];
        node.file.save();
      }
      throw died(`unable to create VM ${vmid} - ${exitOf(error)}`);
    }
    // That it does not start is no failure of its making.
    if (start === '1') {
      task.log('Execute autostart');
      // A task of its own, where what it says stays.
      await new Promise<void>((resolve) => {
        node.tasks.start('qmstart', String(vmid), caller, (own) =>
          node.withLock(vmid, () => startVm(node, vmid, own)).finally(resolve),
        );
      });
    }
  });
}

/** What speaks against a destroy: looked at before there is a task, and again inside. */
async function checkDestroy(node: LabNode, vmid: number, purge: boolean): Promise<void> {
  const record = node.vm(vmid);
  if (record.config['protection'] === 1) throw died(`can't remove VM ${vmid} - protection mode enabled`);
  if (resourceOf(node, vmid) !== undefined && !purge)
    throw died(`unable to remove VM ${vmid} - used in HA resources and purge parameter not set.`);
  if (await node.isRunning(vmid, record)) throw died(`VM ${vmid} is running - destroy failed`);
}

/** @throws in the task's words for a template that others are cloned from */
async function requireUnusedBases(node: LabNode, { config }: VmRecord): Promise<void> {
  if (config['template'] !== 1) return;
  for (const { volid } of backupDisks(config))
    if (await node.storage.isUsedBase(volid)) throw died(`base volume '${volid}' is still in use by linked cloned`);
}

async function remove(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  requirePrivilege(caller, vmPath(vmid), 'VM.Allocate');
  const params = checkParams(call.raw, { purge: bool, 'destroy-unreferenced-disks': bool, skiplock: bool });
  const purge = params['purge'] === '1';
  await checkDestroy(node, vmid, purge);
  return node.tasks.start('qmdestroy', String(vmid), caller, async (task) => {
    await node.withLock(vmid, async () => {
      await checkDestroy(node, vmid, purge);
      if (params['skiplock'] !== '1') node.checkLock(node.vm(vmid));
      await requireUnusedBases(node, node.vm(vmid));
      if (purge) {
        task.log(`purging VM ${vmid} from related configurations..`);
        removeFromJobs(node.file.state, vmid);
        if (resourceOf(node, vmid) !== undefined) {
          removeResource(node, sidOf(vmid));
          task.log(`NOTE: removed VM ${vmid} from HA resource configuration.`);
        }
      }
      await node.storage.removeVm(vmid);
      await rm(join(node.settings.stateDir, 'run', String(vmid)), { recursive: true, force: true });
      delete node.file.state.vms[String(vmid)];
      node.file.save();
    });
  });
}

async function resize(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  requirePrivilege(caller, vmPath(vmid), 'VM.Config.Disk');
  const { disk = '', size = '' } = checkParams(call.raw, {
    disk: { type: 'string', required: true, values: DISK_SLOTS },
    size: {
      type: 'string',
      required: true,
      format: (text) => (/^\+?\d+(\.\d+)?[KMGT]?$/.test(text) ? undefined : 'value does not match the regex pattern'),
    },
    digest: str,
    skiplock: bool,
  });
  node.vm(vmid);
  return node.tasks.start('resize', String(vmid), caller, (task) =>
    node.withLock(vmid, async () => {
      const record = node.vm(vmid);
      node.checkLock(record);
      const value = record.config[disk];
      if (value === undefined) throw died(`disk '${disk}' does not exist`);
      const properties = parseProperties(String(value), 'file');
      if (properties.get('media') === 'cdrom') throw died("you can't resize a cdrom");
      const volid = properties.get('file') ?? '';
      requirePrivilege(
        caller,
        `/storage/${volid.slice(0, Math.max(0, volid.indexOf(':')))}`,
        'Datastore.AllocateSpace',
      );
      const current = parseSize(properties.get('size') ?? '0') ?? 0;
      const target = targetSize(size, current);
      if (target === current) return;
      if (await node.isRunning(vmid, record)) await node.backend.growDisk(node.spec(vmid, record), disk, target);
      else {
        await node.storage.resizeDisk(volid, target);
        task.log('Image resized.');
      }
      properties.set('size', formatSize(target));
      record.config[disk] = formatProperties(properties, 'file');
      node.file.save();
    }),
  );
}

/** `startall`: what is to be started with the node, one after the other. */
async function startAll(call: Call): Promise<unknown> {
  const { node, caller } = call;
  requirePrivilege(caller, '/vms', 'VM.PowerMgmt');
  const params = checkParams(call.raw, { force: bool, vms: str });
  const wanted = params['vms']?.split(/[,; ]+/);
  return node.tasks.start('startall', '', caller, async (task) => {
    for (const [vmid, record] of node.own) {
      const listed =
        wanted === undefined ? record.config['onboot'] === 1 || params['force'] === '1' : wanted.includes(String(vmid));
      if (!listed || record.config['template'] === 1 || (await node.isRunning(vmid, record))) continue;
      task.log(`Starting VM ${vmid}`);
      // In a task of its own, where what it says stays.
      await new Promise<void>((resolve) => {
        node.tasks.start('qmstart', String(vmid), caller, (own) =>
          node.withLock(vmid, () => startVm(node, vmid, own)).finally(resolve),
        );
      });
    }
  });
}

export const qemuRoutes: readonly Route[] = [
  route('POST', '/nodes/{node}/qemu', create),
  route('DELETE', '/nodes/{node}/qemu/{vmid}', remove),
  route('PUT', '/nodes/{node}/qemu/{vmid}/resize', resize),
  route('POST', '/nodes/{node}/startall', startAll),
];
