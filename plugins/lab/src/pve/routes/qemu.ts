import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasPrivilege, requirePrivilege } from '../access.js';
import { checkDisks, isDiskSlot, makeDisks, storagesOf, targetSize } from '../disks.js';
import { badParameters, died, PveFault } from '../fault.js';
import { removeResource, resourceOf, sidOf } from '../ha.js';
import { macOf, type LabNode } from '../node.js';
import { bool, checkParams, int, str, type Params, type ParamSpec } from '../params.js';
import { formatProperties, formatSize, parseProperties, parseSize } from '../property-string.js';
import { changeConfig, cloudInitRows, noteCloudInit, pendingRows } from '../pending.js';
import { DISK_SLOTS, optionPrivilege, qemuOption, typed } from '../qemu-options.js';
import { route, type Call, type Route } from '../router.js';
import type { VmConfig, VmRecord } from '../state.js';
import { networkConfig, userData } from '../cloudinit.js';
import { isCloudInit } from '../storage.js';
import { configWithDigest, randomMac, vmidOf, vmPath } from './common.js';
import { restore } from './backup.js';
import { startVm, writeCloudInit } from '../power.js';

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

/** Lower-case model keys get a MAC when none is given: `virtio,bridge=vmbr0` → `virtio=BC:24:…,bridge=vmbr0`. */
function completeNet(text: string, before?: string): string {
  const parts = text.split(',');
  const model = parts.find((part) => !part.includes('='));
  if (model === undefined) return text;
  const given = parts.find((part) => part.startsWith('macaddr='));
  if (given !== undefined) {
    const rest = parts.filter((part) => part !== model && part !== given);
    return [`${model}=${given.slice('macaddr='.length).toUpperCase()}`, ...rest].join(',');
  }
  const old = before === undefined ? undefined : macOf(parseProperties(before, 'model'));
  return [`${model}=${old ?? randomMac()}`, ...parts.filter((part) => part !== model)].join(',');
}

function plainOptions(params: Params, before?: VmConfig): VmConfig {
  const config: VmConfig = {};
  for (const [name, value] of Object.entries(params)) {
    if (isDiskSlot(name)) continue;
    const old = before?.[name];
    config[name] = /^net\d+$/.test(name)
      ? completeNet(value, old === undefined ? undefined : String(old))
      : typed(name, value);
  }
  return config;
}

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
  for (const [name, value] of Object.entries(options)) {
    requirePrivilege(caller, vmPath(vmid), optionPrivilege(name));
    const bridge = /^net\d+$/.test(name) ? parseProperties(value, 'model').get('bridge') : undefined;
    if (bridge !== undefined) requirePrivilege(caller, `/sdn/zones/localnetwork/${bridge}`, 'SDN.Use');
  }
  // The configuration is there, locked, from the moment the request is taken: a second create must find it.
  node.file.state.vms[id] = {
    node: node.name,
    config: {},
    lock: 'create',
    labImage: false,
    snapshots: {},
    firewall: { options: {}, rules: [], ipsets: {} },
  };
  node.file.save();
  return node.tasks.start('qmcreate', id, caller, async (task) => {
    const made: string[] = [];
    try {
      await node.withLock(vmid, async () => {
        const disks = await makeDisks(node, vmid, options, task, made);
        const record = node.vm(vmid);
        record.config = {
          ...plainOptions(options),
          ...disks.config,
          meta: `creation-qemu=7.2.0,ctime=${Math.floor(Date.now() / 1000)}`,
          smbios1: options['smbios1'] ?? `uuid=${randomUUID()}`,
          vmgenid: options['vmgenid'] ?? randomUUID(),
        };
        record.labImage = disks.labImage;
        delete record.lock;
        node.file.save();
      });
      if (start === '1') await node.withLock(vmid, () => startVm(node, vmid, task));
    } catch (error) {
      if (node.file.state.vms[id]?.lock === 'create') {
        for (const volid of made) await node.storage.remove(volid);
        delete node.file.state.vms[id];
        node.file.save();
      }
      throw error;
    }
  });
}

const CONFIG_ONLY: Readonly<Record<string, ParamSpec>> = {
  delete: str,
  digest: str,
  revert: str,
  skiplock: bool,
  force: bool,
  background_delay: int,
  'import-working-storage': str,
};

/** Any of these lets a request in; what each option takes is looked at after that. */
const CONFIG_PRIVILEGES = ['Disk', 'CDROM', 'CPU', 'Memory', 'Network', 'HWType', 'Options', 'Cloudinit'].map(
  (name) => `VM.Config.${name}`,
);

function checkConfig(call: Call): { vmid: number; options: Params; removed: readonly string[] } {
  const vmid = vmidOf(call);
  requirePrivilege(call.caller, vmPath(vmid), ...CONFIG_PRIVILEGES);
  const params = checkParams(call.raw, CONFIG_ONLY, (name) => CONFIG_ONLY[name] ?? qemuOption(name));
  const options = Object.fromEntries(Object.entries(params).filter(([name]) => CONFIG_ONLY[name] === undefined));
  const removed = (params['delete'] ?? '').split(/[,; ]+/).filter((name) => name !== '');
  for (const name of [...Object.keys(options), ...removed])
    requirePrivilege(call.caller, vmPath(vmid), optionPrivilege(name));
  const record = call.node.vm(vmid);
  const current = configWithDigest(record)['digest'];
  if (params['digest'] !== undefined && params['digest'] !== current) {
    throw died('detected modified configuration - file changed by other user? Try again.');
  }
  checkDisks(call.node, options);
  return { vmid, options, removed };
}

/** A volume that is a disk again is unused no longer. */
function dropUnused(config: VmConfig, disks: readonly string[]): void {
  const volumes = new Set(disks.map((disk) => disk.split(',')[0]));
  for (const [name, value] of Object.entries(config))
    if (/^unused\d+$/.test(name) && volumes.has(String(value))) delete config[name];
}

async function applyConfig(
  call: Call,
  vmid: number,
  options: Params,
  removed: readonly string[],
  log: (line: string) => void,
): Promise<void> {
  const { node } = call;
  const record = node.vm(vmid);
  node.checkLock(record);
  const handle = { log, signal: new AbortController().signal };
  const disks = await makeDisks(node, vmid, options, handle, []);
  const set = { ...plainOptions(options, record.config), ...disks.config };
  changeConfig(record, await node.isRunning(vmid, record), set, removed);
  dropUnused(record.config, Object.values(disks.config));
  record.labImage ||= disks.labImage;
  node.file.save();
}

async function putConfig(call: Call): Promise<unknown> {
  const { vmid, options, removed } = checkConfig(call);
  await call.node.withLock(vmid, () => applyConfig(call, vmid, options, removed, () => {}));
  return null;
}

async function postConfig(call: Call): Promise<unknown> {
  const { vmid, options, removed } = checkConfig(call);
  return call.node.tasks.start('qmconfig', String(vmid), call.caller, async (task) => {
    const words = Object.entries(options).map(
      ([name, value]) => `-${name} ${name === 'cipassword' ? '<hidden>' : value}`,
    );
    task.log(`update VM ${vmid}: ${[...words, ...removed.map((name) => `-delete ${name}`)].join(' ')}`);
    await call.node.withLock(vmid, () => applyConfig(call, vmid, options, removed, task.log));
  });
}

async function remove(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  requirePrivilege(caller, vmPath(vmid), 'VM.Allocate');
  const params = checkParams(call.raw, { purge: bool, 'destroy-unreferenced-disks': bool, skiplock: bool });
  const record = node.vm(vmid);
  node.checkLock(record);
  const purge = params['purge'] === '1';
  if (resourceOf(node, vmid) !== undefined && !purge)
    throw died(`unable to remove VM ${vmid} - used in HA resources and purge parameter not set.`);
  if (record.config['protection'] === 1) throw died(`can't remove VM ${vmid} - protection mode enabled`);
  if (await node.isRunning(vmid, record)) throw died(`VM ${vmid} is running - destroy failed`);
  return node.tasks.start('qmdestroy', String(vmid), caller, async (task) => {
    await node.withLock(vmid, async () => {
      if (await node.isRunning(vmid, record)) throw died(`VM ${vmid} is running - destroy failed`);
      if (purge) task.log(`purging VM ${vmid} from related configurations..`);
      if (purge && resourceOf(node, vmid) !== undefined) {
        removeResource(node, sidOf(vmid));
        task.log(`NOTE: removed VM ${vmid} from HA resource configuration.`);
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
      const target = targetSize(size, parseSize(properties.get('size') ?? '0') ?? 0);
      const volid = properties.get('file') ?? '';
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

async function pending(call: Call): Promise<unknown> {
  const vmid = vmidOf(call);
  requirePrivilege(call.caller, vmPath(vmid), 'VM.Audit');
  const record = call.node.vm(vmid);
  return [...pendingRows(record), { key: 'digest', value: configWithDigest(record)['digest'] }];
}

async function cloudInitValues(call: Call): Promise<unknown> {
  const vmid = vmidOf(call);
  requirePrivilege(call.caller, vmPath(vmid), 'VM.Audit');
  return cloudInitRows(call.node.vm(vmid));
}

async function dump(call: Call): Promise<unknown> {
  const vmid = vmidOf(call);
  requirePrivilege(call.caller, vmPath(vmid), 'VM.Audit');
  const { type } = checkParams(call.raw, {
    type: { type: 'string', required: true, values: ['user', 'network', 'meta'] },
  });
  const { config } = call.node.vm(vmid);
  return type === 'user' ? userData(vmid, config) : networkConfig(config, []);
}

async function regenerate(call: Call): Promise<unknown> {
  const vmid = vmidOf(call);
  requirePrivilege(call.caller, vmPath(vmid), 'VM.Config.Cloudinit');
  await call.node.withLock(vmid, async () => {
    await writeCloudInit(call.node, vmid, call.node.vm(vmid));
    noteCloudInit(call.node.vm(vmid));
  });
  return null;
}

async function clone(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  requirePrivilege(caller, vmPath(vmid), 'VM.Clone');
  const params = checkParams(call.raw, {
    newid: { type: 'integer', required: true, minimum: 100 },
    name: qemuOption('name') ?? str,
    full: bool,
    description: str,
    storage: str,
    format: str,
    pool: str,
    snapname: str,
    target: str,
    bwlimit: int,
  });
  const source = node.vm(vmid);
  const newid = Number(params['newid']);
  if (node.file.state.vms[String(newid)] !== undefined) throw badParameters({ newid: `VM ${newid} already exists` });
  return node.tasks.start('qmclone', String(vmid), caller, (task) =>
    node.withLock(vmid, async () => {
      const config: VmConfig = {
        ...source.config,
        name: params['name'] ?? `Copy-of-VM-${String(source.config['name'] ?? vmid)}`,
      };
      for (const [slot, value] of Object.entries(source.config)) {
        if (/^net\d+$/.test(slot)) config[slot] = String(value).replace(/([0-9A-F]{2}:){5}[0-9A-F]{2}/i, randomMac());
        if (isDiskSlot(slot)) config[slot] = await cloneDisk(node, slot, String(value), newid, task.log);
      }
      config['smbios1'] = `uuid=${randomUUID()}`;
      config['vmgenid'] = randomUUID();
      const record: VmRecord = {
        node: node.name,
        config,
        labImage: source.labImage,
        snapshots: {},
        firewall: structuredClone(source.firewall),
      };
      node.file.state.vms[String(newid)] = record;
      node.file.save();
    }),
  );
}

async function cloneDisk(
  node: LabNode,
  slot: string,
  value: string,
  newid: number,
  log: (line: string) => void,
): Promise<string> {
  const properties = parseProperties(value, 'file');
  const volid = properties.get('file') ?? 'none';
  if (volid === 'none') return value;
  log(`create full clone of drive ${slot} (${volid})`);
  const storage = volid.slice(0, volid.indexOf(':'));
  const copy = isCloudInit(volid)
    ? node.storage.cloudInitVolume(newid, storage)
    : node.storage.nextDisk(newid, 'qcow2', storage);
  await node.storage.importDisk(volid, copy);
  properties.set('file', copy);
  return formatProperties(properties, 'file');
}

export const qemuRoutes: readonly Route[] = [
  route('POST', '/nodes/{node}/qemu', create),
  route('PUT', '/nodes/{node}/qemu/{vmid}/config', putConfig),
  route('POST', '/nodes/{node}/qemu/{vmid}/config', postConfig),
  route('GET', '/nodes/{node}/qemu/{vmid}/pending', pending),
  route('DELETE', '/nodes/{node}/qemu/{vmid}', remove),
  route('PUT', '/nodes/{node}/qemu/{vmid}/resize', resize),
  route('GET', '/nodes/{node}/qemu/{vmid}/cloudinit', cloudInitValues),
  route('PUT', '/nodes/{node}/qemu/{vmid}/cloudinit', regenerate),
  route('GET', '/nodes/{node}/qemu/{vmid}/cloudinit/dump', dump),
  route('POST', '/nodes/{node}/qemu/{vmid}/clone', clone),
];
