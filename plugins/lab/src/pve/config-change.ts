import type { Caller } from './access.js';
import { requirePrivilege } from './access.js';
import { bootDevices } from './boot-order.js';
import { isDiskSlot, makeDisks } from './disks.js';
import { badParameters, died } from './fault.js';
import { vlanProblem } from './network-devices.js';
import type { LabNode } from './node.js';
import { changeConfig } from './pending.js';
import { writeCloudInit } from './power.js';
import { parseProperties } from './property-string.js';
import { plainOptions } from './config-values.js';
import type { VmConfig, VmRecord } from './state.js';
import { isCloudInit } from './storage.js';
import { assertTags, uniqueTags } from './tags.js';

/** A change of a VM's configuration after the checks that need no lock. */
export interface ConfigChange {
  readonly vmid: number;
  readonly caller: Caller;
  readonly options: Readonly<Record<string, string>>;
  readonly removed: readonly string[];
  readonly reverted: readonly string[];
  readonly skipLock: boolean;
}

/** Where text goes that is made on the way. */
export interface Output {
  readonly log: (line: string) => void;
  readonly warn: (line: string) => void;
}

const fileOf = (value: unknown): string => parseProperties(String(value), 'file').get('file') ?? '';

/** Rights that depend on what a drive is, looked at when the change is made only: refused inside a task. */
function requireDrive({ caller, vmid }: ConfigChange, value: string): void {
  const file = fileOf(value);
  const path = `/vms/${vmid}`;
  if (isCloudInit(file) || file.endsWith(':cloudinit')) {
    requirePrivilege(caller, path, 'VM.Config.Cloudinit');
    requirePrivilege(caller, path, 'VM.Config.CDROM');
  } else if (parseProperties(value, 'file').get('media') === 'cdrom') requirePrivilege(caller, path, 'VM.Config.CDROM');
  else requirePrivilege(caller, path, 'VM.Config.Disk');
}

/** A disk that is taken away stays, as one that is unused; the cloud-init drive is made anew any time. */
async function detach(node: LabNode, record: VmRecord, value: string): Promise<void> {
  const file = fileOf(value);
  if (isCloudInit(file)) await node.storage.remove(file);
  else if (file !== 'none' && !/media=cdrom/.test(value) && file.includes(':')) {
    if (Object.entries(record.config).some(([name, other]) => /^unused\d+$/.test(name) && other === file)) return;
    let free = 0;
    while (record.config[`unused${free}`] !== undefined) free++;
    record.config[`unused${free}`] = file;
  }
}

/** A volume that is a disk again is unused no longer. */
function dropUnused(config: VmConfig, disks: readonly string[]): void {
  const volumes = new Set(disks.map((disk) => disk.split(',')[0]));
  for (const [name, value] of Object.entries(config))
    if (/^unused\d+$/.test(name) && volumes.has(String(value))) delete config[name];
}

async function takeAway(node: LabNode, record: VmRecord, change: ConfigChange, output: Output): Promise<string[]> {
  const removed: string[] = [];
  for (const name of change.removed) {
    if (name === 'lock' && record.lock !== undefined) {
      delete record.lock;
      continue;
    }
    const value = record.config[name] ?? record.pending?.set[name];
    if (value === undefined) {
      output.warn(`cannot delete '${name}' - not set in current configuration!`);
      continue;
    }
    const order = bootDevices(record.config);
    if (order.includes(name)) record.config['boot'] = `order=${order.filter((each) => each !== name).join(';')}`;
    if (/^unused\d+$/.test(name)) {
      if (record.config['protection'] === 1)
        throw died(`can't remove unused disk '${fileOf(value)}' - protection mode enabled`);
      await node.storage.remove(fileOf(value));
    } else if (isDiskSlot(name)) {
      if (record.config['protection'] === 1) throw died(`can't remove drive '${name}' - protection mode enabled`);
      requireDrive(change, String(value));
      await detach(node, record, String(value));
    } else if (name === 'tags') assertTags(node.file.state, change.caller, change.vmid, String(value), '');
    removed.push(name);
  }
  return removed;
}

function checkBoot(record: VmRecord, { options, removed }: ConfigChange): void {
  for (const device of bootDevices({ boot: options['boot'] ?? '' })) {
    const there = record.config[device] ?? record.pending?.set[device] ?? options[device];
    if (there === undefined || removed.includes(device))
      throw died(`invalid bootorder: device '${device}' does not exist'`);
  }
}

/** A running VM takes its network devices at once, where the host can give them. */
function checkHotplug(node: LabNode, set: Readonly<VmConfig>): void {
  for (const [name, value] of Object.entries(set)) {
    const problem = /^net\d+$/.test(name) ? vlanProblem(node, String(value)) : undefined;
    if (problem !== undefined) throw badParameters({ [name]: `hotplug problem - ${problem}\n` });
  }
}

/** A cable is plugged in or out at once, whatever else of its card waits. */
async function plugCables(node: LabNode, vmid: number, record: VmRecord, changed: readonly string[]): Promise<void> {
  const spec = node.spec(vmid, record);
  for (const nic of spec.nics) if (changed.includes(`net${nic.index}`)) await node.backend.setLink(spec, nic);
}

/** Makes the change, under the VM's lock. @throws PveFault as PVE does at this moment */
export async function applyChange(node: LabNode, change: ConfigChange, output: Output): Promise<void> {
  const record = node.vm(change.vmid);
  if (!change.skipLock) node.checkLock(record);
  output.log(changeLine(change));
  const running = await node.isRunning(change.vmid, record);
  const removed = await takeAway(node, record, change, output);
  const { tags, lock, ...options } = change.options;
  checkBoot(record, change);
  for (const [slot, value] of Object.entries(options)) {
    if (!isDiskSlot(slot)) continue;
    if (record.config[slot] !== undefined) requireDrive(change, String(record.config[slot]));
    requireDrive(change, value);
  }
  const set: VmConfig = plainOptions(options, record.config);
  if (tags !== undefined) {
    assertTags(node.file.state, change.caller, change.vmid, String(record.config['tags'] ?? ''), tags);
    set['tags'] = uniqueTags(tags);
  }
  const made: string[] = [];
  const disks = await makeDisks(node, change.vmid, options, output, made).catch(async (error: unknown) => {
    for (const volid of made) await node.storage.remove(volid);
    throw error;
  });
  for (const [slot, value] of Object.entries(disks.config)) {
    const before = record.config[slot];
    if (before !== undefined && fileOf(before) !== fileOf(value)) await detach(node, record, String(before));
  }
  for (const name of change.reverted) {
    if (record.pending === undefined) break;
    delete record.pending.set[name];
    record.pending.remove = record.pending.remove.filter((each) => each !== name);
  }
  if (running) checkHotplug(node, set);
  changeConfig(record, running, { ...set, ...disks.config }, removed);
  dropUnused(record.config, Object.values(disks.config));
  if (running) await plugCables(node, change.vmid, record, Object.keys(set));
  if (lock !== undefined) record.lock = lock;
  record.labImage ||= disks.labImage;
  node.file.save();
  if (!running && Object.values(disks.config).some((value) => isCloudInit(fileOf(value)))) {
    await writeCloudInit(node, change.vmid, record);
    output.log('generating cloud-init ISO');
  }
}

/** What is printed of a change before it is made: options in order, no password. */
function changeLine({ vmid, options, removed, reverted }: ConfigChange): string {
  const all: Record<string, string> = {
    ...options,
    ...(removed.length > 0 && { delete: removed.join(',') }),
    ...(reverted.length > 0 && { revert: reverted.join(',') }),
  };
  const words = Object.keys(all)
    .toSorted()
    .map((name) => `-${name} ${name === 'cipassword' ? '<hidden>' : (all[name] ?? '')}`);
  return `update VM ${vmid}: ${words.join(' ')}`;
}

/** Tags of a new VM. @throws PveFault 403 */
export function newTags(node: LabNode, caller: Caller, vmid: number, tags: string): string {
  assertTags(node.file.state, caller, vmid, '', tags);
  return uniqueTags(tags);
}
