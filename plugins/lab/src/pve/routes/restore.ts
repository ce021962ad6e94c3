import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../guest/process.js';
import { hasPrivilege, requirePrivilege } from '../access.js';
import { configText, isWhole, placeDisk, readManifest, type Manifest } from '../archive.js';
import { withNewMac } from '../config-values.js';
import { died, PveFault } from '../fault.js';
import type { LabNode } from '../node.js';
import type { Params } from '../params.js';
import { startVm } from '../power.js';
import { formatProperties, parseProperties, parseSize } from '../property-string.js';
import { optionPrivilege, qemuOption, typed } from '../qemu-options.js';
import type { Call } from '../router.js';
import { emptyFirewall, type VmConfig, type VmRecord } from '../state.js';
import { isCloudInit } from '../storage.js';
import type { TaskHandle } from '../tasks.js';
import { formatting } from '../volume-log.js';
import { vmPath } from './common.js';
import { archiveFile } from './vzdump.js';

interface Restore {
  readonly node: LabNode;
  readonly vmid: number;
  readonly archive: string;
  /** As the host shows the file. */
  readonly shown: string;
  readonly storage: string | undefined;
  readonly unique: boolean;
  readonly overrides: readonly (readonly [name: string, value: string])[];
  readonly task: TaskHandle;
}

const hasRules = ({ firewall }: Manifest): boolean =>
  firewall !== undefined && JSON.stringify(firewall) !== JSON.stringify(emptyFirewall());

/** What the tool says of an archive before it writes anything. */
async function describe({ node, archive, task }: Restore, manifest: Manifest): Promise<void> {
  task.log(`CFG: size: ${Buffer.byteLength(configText(node, manifest))} name: qemu-server.conf`);
  if (hasRules(manifest))
    task.log(`CFG: size: ${Buffer.byteLength(JSON.stringify(manifest.firewall))} name: qemu-server.fw`);
  for (const [index, slot] of Object.keys(manifest.disks).entries()) {
    const size = parseSize(parseProperties(String(manifest.config[slot]), 'file').get('size') ?? '0') ?? 0;
    task.log(`DEV: dev_id=${index + 1} size: ${size} devname: drive-${slot}`);
  }
  const [day = '', date = '', month = '', year = '', time = ''] = (await stat(archive)).mtime
    .toUTCString()
    .split(/,? /);
  task.log(`CTIME: ${day} ${month} ${date} ${time} ${year}`);
}

/** Storage that each drive goes to. @throws PveFault 500 before anything is touched */
function targets({ node, storage }: Restore, { config, disks }: Manifest): ReadonlyMap<string, string> {
  const slots = Object.keys(config).filter(
    (slot) => disks[slot] !== undefined || isCloudInit(parseProperties(String(config[slot]), 'file').get('file') ?? ''),
  );
  const found = slots.toSorted().map((slot): [string, string] => {
    const file = parseProperties(String(config[slot]), 'file').get('file') ?? '';
    return [slot, storage ?? file.slice(0, file.indexOf(':'))];
  });
  for (const [, each] of found) node.storage.check(each);
  return new Map(found);
}

async function place(
  restore: Restore,
  manifest: Manifest,
  places: ReadonlyMap<string, string>,
  made: string[],
): Promise<VmConfig> {
  const { node, vmid, archive, task } = restore;
  const config: VmConfig = { ...manifest.config };
  const work = await mkdtemp(join(node.settings.stateDir, '.restore-'));
  try {
    await run(['tar', '--extract', '--xattrs', '--xattrs-include=*', '--file', archive, '--directory', work]);
    for (const [slot, storage] of places) {
      const properties = parseProperties(String(config[slot]), 'file');
      const file = manifest.disks[slot];
      const before = properties.get('file') ?? '';
      const format = /\.(qcow2|raw)$/.exec(before)?.[1] ?? 'qcow2';
      const volid =
        file === undefined ? node.storage.cloudInitVolume(vmid, storage) : node.storage.nextDisk(vmid, format, storage);
      made.push(volid);
      const bytes = file === undefined ? 4 * 1024 * 1024 : (parseSize(properties.get('size') ?? '0') ?? 0);
      task.log(formatting(node, volid, bytes));
      task.log(`new volume ID is '${volid}'`);
      if (file === undefined) await node.storage.createDisk(volid, bytes);
      else await placeDisk(work, slot, file, node.storage.path(volid));
      properties.set('file', volid);
      config[slot] = formatProperties(properties, 'file');
    }
    for (const slot of Object.keys(manifest.disks)) {
      const volid = parseProperties(String(config[slot]), 'file').get('file') ?? '';
      task.log(`map 'drive-${slot}' to '${node.storage.shown(volid)}' (write zeros = 0)`);
    }
    return config;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** @throws with the command that failed, as far as the archive or a storage are to blame */
async function unpack(restore: Restore, existing: VmRecord | undefined): Promise<VmRecord> {
  const { node, vmid, archive, shown, task } = restore;
  const pid = process.pid;
  const unzip = archive.endsWith('.zst')
    ? 'zstd -q -d -c'
    : archive.endsWith('.gz')
      ? 'zcat'
      : archive.endsWith('.lzo')
        ? 'lzop -d -c'
        : '';
  const vma = `vma extract -v -r /var/tmp/vzdumptmp${pid}.fifo ${unzip === '' ? shown : '-'} /var/tmp/vzdumptmp${pid}`;
  const command = unzip === '' ? vma : `${unzip} ${shown} | ${vma}`;
  const failed = (reason: string): Error =>
    died(`command '${unzip === '' ? '' : 'set -o pipefail && '}${command}' failed: ${reason}`);
  task.log(`restore vma archive: ${command}`);
  const made: string[] = [];
  try {
    const manifest = await readManifest(archive).catch(() => {
      throw died('exit code 255');
    });
    await describe(restore, manifest);
    if (!(await isWhole(archive))) {
      task.log(`${shown} : Decoding error (36) : Restored data doesn't match checksum `);
      task.log('vma: restore failed - short vma extent (2347008 < 3801600)');
      throw died('exit code 1');
    }
    const trouble = task.trouble();
    if (trouble !== undefined) throw died(trouble);
    const places = targets(restore, manifest);
    // The old disks go now: what fails from here on leaves the VM without them.
    if (existing !== undefined) await node.storage.removeVm(vmid);
    const config = await place(restore, manifest, places, made);
    const kept = existing?.firewall ?? node.file.state.orphanFirewalls[String(vmid)] ?? emptyFirewall();
    const firewall = hasRules(manifest) && manifest.firewall !== undefined ? manifest.firewall : kept;
    return { node: node.name, config, labImage: manifest.labImage, snapshots: {}, firewall };
  } catch (error) {
    for (const volid of made) await node.storage.remove(volid);
    throw failed((error as Error).message);
  }
}

async function restoreVm(restore: Restore, existing: VmRecord | undefined): Promise<void> {
  const { node, vmid, unique, overrides, task } = restore;
  if (existing?.config['protection'] === 1) throw died(`unable to restore VM ${vmid} - protection mode enabled`);
  if (existing !== undefined && (await node.isRunning(vmid, existing)))
    throw died(`unable to restore VM ${vmid} - vm is running`);
  if (existing !== undefined) node.checkLock(existing);
  const record = await unpack(restore, existing);
  const { config } = record;
  for (const [name, value] of overrides) config[name] = typed(name, value);
  if (unique) {
    for (const [name, value] of Object.entries(config))
      if (/^net\d+$/.test(name)) config[name] = withNewMac(String(value));
    config['smbios1'] = `uuid=${randomUUID()}`;
  }
  if (config['vmgenid'] !== undefined) config['vmgenid'] = randomUUID();
  node.file.state.vms[String(vmid)] = record;
  node.file.save();
  task.log('progress 100% (read 100 bytes, duration 0 sec)');
  task.log('rescan volumes...');
}

/** `POST qemu` with `archive`. What else is given overrides the restored configuration. */
export async function restore(call: Call, params: Params): Promise<unknown> {
  const { node, caller } = call;
  const { vmid: id = '', archive: volid = '', storage, force, unique, start, ...rest } = params;
  const vmid = Number(id);
  const existing = node.file.state.vms[id];
  const may =
    hasPrivilege(caller, vmPath(vmid), 'VM.Allocate') ||
    (force === '1' && existing !== undefined && hasPrivilege(caller, vmPath(vmid), 'VM.Backup'));
  if (!may) throw new PveFault(403, 'Permission check failed');
  const archive = archiveFile(call, volid);
  if (!existsSync(archive)) throw died(`volume '${volid}' does not exist`);
  if (storage !== undefined) requirePrivilege(caller, `/storage/${storage}`, 'Datastore.AllocateSpace');
  const overrides = Object.entries(rest).filter(([name]) => qemuOption(name) !== undefined);
  for (const [name] of overrides) requirePrivilege(caller, vmPath(vmid), optionPrivilege(name));
  if (existing !== undefined && force !== '1')
    throw died(`unable to restore VM ${vmid} - VM ${vmid} already exists on node '${node.carrier(existing).name}'`);
  if (existing === undefined) {
    // The configuration is there from the moment the request is taken, and stays when the restore fails: without anything.
    const firewall = node.file.state.orphanFirewalls[id] ?? emptyFirewall();
    node.file.state.vms[id] = { node: node.name, config: {}, lock: 'create', labImage: false, snapshots: {}, firewall };
    node.file.save();
  }
  const work = async (task: TaskHandle): Promise<void> => {
    const shown = node.storage.shown(volid);
    try {
      task.signal.throwIfAborted();
      await node.withLock(vmid, () =>
        restoreVm({ node, vmid, archive, shown, storage, unique: unique === '1', overrides, task }, existing),
      );
    } catch (error) {
      const record = node.file.state.vms[id];
      if (record?.lock === 'create') delete record.lock;
      node.file.save();
      task.log(
        `error before or during data restore, some or all disks were not completely restored. VM ${vmid} state is NOT cleaned up.`,
      );
      throw error;
    }
    if (start !== '1') return;
    task.log('Execute autostart');
    await node.withLock(vmid, () => startVm(node, vmid, task)).catch((error: Error) => task.log(error.message));
  };
  return node.tasks.start('qmrestore', id, caller, work, { ownTrouble: true, ownStop: true });
}
