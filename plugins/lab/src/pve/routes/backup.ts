import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { treeDirectory } from '../../guest/namespace-tree.js';
import { run } from '../../guest/process.js';
import type { GuestSpec } from '../../guest/backend.js';
import { hasPrivilege, requirePrivilege } from '../access.js';
import { badParameters, died, PveFault } from '../fault.js';
import type { LabNode } from '../node.js';
import { bool, checkParams, int, str, type Params, type ParamSpecs } from '../params.js';
import { formatProperties, formatSize, parseProperties } from '../property-string.js';
import { optionPrivilege, qemuOption, typed } from '../qemu-options.js';
import { route, type Call, type Route } from '../router.js';
import type { VmConfig, VmRecord } from '../state.js';
import { notesFile } from '../storage.js';
import type { TaskHandle } from '../tasks.js';
import { vmPath } from './common.js';
import { randomMac } from './common.js';
import { startVm } from '../power.js';

/**
 * vzdump and restore. An archive of the lab is a tar file under the name a real one has: the configuration, every disk, and
 * what a namespace guest keeps beside it.
 */

const VZDUMP: ParamSpecs = {
  vmid: str,
  storage: str,
  mode: { type: 'string', values: ['snapshot', 'suspend', 'stop'] },
  compress: { type: 'string', values: ['0', '1', 'gzip', 'lzo', 'zstd'] },
  'prune-backups': {
    type: 'string',
    format: (text) =>
      text.split(',').every((part) => /^keep-(all=[01]|(last|hourly|daily|weekly|monthly|yearly)=\d+)$/.test(part))
        ? undefined
        : 'invalid format - format error\n',
  },
  remove: bool,
  protected: bool,
  'notes-template': str,
  bwlimit: int,
  node: str,
  quiet: bool,
};

const two = (value: number): string => String(value).padStart(2, '0');

function stamps(now: Date): { file: string; text: string } {
  const day = [now.getUTCFullYear(), two(now.getUTCMonth() + 1), two(now.getUTCDate())];
  const time = [now.getUTCHours(), now.getUTCMinutes(), now.getUTCSeconds()].map(two);
  return { file: `${day.join('_')}-${time.join('_')}`, text: `${day.join('-')} ${time.join(':')}` };
}

interface Manifest {
  readonly config: VmConfig;
  readonly labImage: boolean;
  /** Slot → file in the archive. */
  readonly disks: Readonly<Record<string, string>>;
}

const ENDINGS: Readonly<Record<string, string>> = { zstd: '.zst', gzip: '.gz', '1': '.lzo', lzo: '.lzo' };

async function pack(node: LabNode, vmid: number, archive: string, task: TaskHandle): Promise<void> {
  const record = node.vm(vmid);
  const spec = node.spec(vmid, record);
  const work = await mkdtemp(join(dirname(archive), '.vzdump-'));
  try {
    const disks: Record<string, string> = {};
    for (const disk of spec.disks) {
      if (disk.media === 'cdrom') continue;
      disks[disk.slot] = `${disk.slot}.img`;
      await run(['cp', '--reflink=auto', '--sparse=always', '--', disk.file, join(work, `${disk.slot}.img`)]);
      const tree = treeDirectory(disk.file);
      if (existsSync(tree)) await run(['cp', '-a', '--reflink=auto', '--', tree, join(work, `${disk.slot}.tree`)]);
    }
    const manifest: Manifest = { config: record.config, labImage: record.labImage, disks };
    await writeFile(join(work, 'manifest.json'), JSON.stringify(manifest));
    task.log(`INFO: started backup task '${crypto.randomUUID()}'`);
    const part = `${archive}.part`;
    await run([
      'tar',
      '--create',
      '--sparse',
      '--xattrs',
      '--xattrs-include=*',
      '--file',
      part,
      '--directory',
      work,
      '.',
    ]);
    await rename(part, archive);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The guest as the mode wants it, and back as it was: `snapshot` and `suspend` hold it still while its disks are copied. */
async function quiet(
  node: LabNode,
  spec: GuestSpec,
  mode: string,
  task: TaskHandle,
  work: () => Promise<void>,
): Promise<void> {
  const running = (await node.backend.state(spec)) === 'running';
  if (!running) {
    await work();
    return;
  }
  if (mode === 'stop') {
    task.log('INFO: stopping virtual guest');
    if (!(await node.backend.shutdown(spec, 60_000))) await node.backend.stop(spec);
    try {
      await work();
    } finally {
      task.log('INFO: restarting vm');
      await startVm(node, spec.vmid, task);
    }
    return;
  }
  if (mode === 'snapshot' && spec.agent) task.log("INFO: issuing guest-agent 'fs-freeze' command");
  else if (mode === 'suspend') task.log('INFO: suspending guest');
  await node.backend.suspend(spec);
  try {
    await work();
  } finally {
    await node.backend.resume(spec);
    if (mode === 'snapshot' && spec.agent) task.log("INFO: issuing guest-agent 'fs-thaw' command");
    task.log('INFO: resuming VM again');
  }
}

/** Of `keep-last=N` and the like the lab knows only `keep-last`; what is protected is never pruned. */
async function prune(node: LabNode, storage: string, vmid: number, rule: string, task: TaskHandle): Promise<void> {
  const last = Number(/keep-last=(\d+)/.exec(rule)?.[1] ?? 0);
  if (last === 0) return;
  const archives = (await node.storage.list(storage, 'backup', vmid)).toSorted((a, b) => (a.volid < b.volid ? 1 : -1));
  task.log(`INFO: prune older backups with retention: ${rule}`);
  for (const { volid, protected: kept } of archives.slice(last)) {
    if (kept === 1) continue;
    task.log(`INFO: removing backup '${volid}'`);
    await node.storage.remove(volid);
  }
}

async function backUp(node: LabNode, vmid: number, params: Params, task: TaskHandle): Promise<void> {
  const { storage = 'local', mode = 'snapshot', compress = '0' } = params;
  const record = node.vm(vmid);
  node.checkLock(record);
  const spec = node.spec(vmid, record);
  const now = stamps(new Date());
  const volid = `${storage}:backup/vzdump-qemu-${vmid}-${now.file}.vma${ENDINGS[compress] ?? ''}`;
  const archive = node.storage.path(volid);
  const started = Date.now();
  const words = Object.entries(params).map(([name, value]) => `--${name} ${value}`);
  task.log(`INFO: starting new backup job: vzdump ${vmid} ${words.join(' ')} --node ${node.name}`);
  task.log(`INFO: Starting Backup of VM ${vmid} (qemu)`);
  task.log(`INFO: Backup started at ${now.text}`);
  task.log(`INFO: status = ${await node.backend.state(spec)}`);
  task.log(`INFO: VM Name: ${spec.name}`);
  for (const disk of spec.disks) {
    if (disk.media === 'cdrom') continue;
    const properties = parseProperties(String(record.config[disk.slot]), 'file');
    task.log(`INFO: include disk '${disk.slot}' '${properties.get('file') ?? ''}' ${properties.get('size') ?? ''}`);
  }
  task.log(`INFO: backup mode: ${mode}`);
  task.log('INFO: ionice priority: 7');
  task.log(`INFO: creating vzdump archive '${node.storage.shown(volid)}'`);
  record.lock = 'backup';
  node.file.save();
  try {
    await quiet(node, spec, mode, task, async () => {
      // The lock is for others; a guest that was stopped for its backup is started under it.
      await pack(node, vmid, archive, task);
      delete record.lock;
    });
  } finally {
    delete record.lock;
    node.file.save();
  }
  const { size } = await stat(archive);
  const total = formatSize(size - (size % 1024));
  task.log(`INFO: 100% (${total} of ${total}) in 1s, read: 1.0 GiB/s, write: 1.0 GiB/s`);
  task.log(`INFO: archive file size: ${Math.max(1, Math.round(size / 1024 ** 2))}MB`);
  if (params['notes-template'] !== undefined) {
    const notes = params['notes-template'].replaceAll('{{guestname}}', spec.name).replaceAll('{{vmid}}', String(vmid));
    await writeFile(notesFile(archive), notes.replaceAll('{{node}}', node.name).replaceAll('\\n', '\n'));
  }
  if (params['protected'] === '1') await writeFile(`${archive}.protected`, '');
  const rule = params['prune-backups'] ?? node.storage.check(storage).options['prune-backups'] ?? 'keep-all=1';
  if (params['remove'] !== '0') await prune(node, storage, vmid, rule, task);
  const seconds = Math.round((Date.now() - started) / 1000);
  task.log(`INFO: Finished Backup of VM ${vmid} (00:00:${two(seconds % 60)})`);
  task.log(`INFO: Backup finished at ${stamps(new Date()).text}`);
  task.log('INFO: Backup job finished successfully');
}

async function vzdump(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const params = checkParams(call.raw, VZDUMP);
  const { vmid: id = '', storage = 'local', ...rest } = params;
  if (!/^\d+$/.test(id)) throw badParameters({ vmid: 'invalid format - value does not look like a valid VM ID\n' });
  requirePrivilege(caller, vmPath(Number(id)), 'VM.Backup');
  requirePrivilege(caller, `/storage/${storage}`, 'Datastore.AllocateSpace');
  if (params['prune-backups'] !== undefined) requirePrivilege(caller, `/storage/${storage}`, 'Datastore.Allocate');
  const { content } = node.storage.check(storage);
  return node.tasks.start('vzdump', id, caller, async (task) => {
    if (!content.includes('backup'))
      throw died(
        `could not get storage information for '${storage}': can't use storage '${storage}' for backups - wrong content type`,
      );
    await backUp(node, Number(id), { storage, ...rest }, task);
  });
}

async function manifestOf(archive: string): Promise<Manifest> {
  return JSON.parse(await run(['tar', '--extract', '--to-stdout', '--file', archive, './manifest.json'])) as Manifest;
}

function mayRead(call: Call, volid: string): string {
  const { node, caller } = call;
  const archive = node.storage.path(volid);
  const owner = /vzdump-qemu-(\d+)-/.exec(volid)?.[1];
  const storage = volid.slice(0, volid.indexOf(':'));
  if (!hasPrivilege(caller, `/storage/${storage}`, 'Datastore.Allocate')) {
    requirePrivilege(caller, `/storage/${storage}`, 'Datastore.AllocateSpace');
    requirePrivilege(caller, `/vms/${owner ?? ''}`, 'VM.Backup');
  }
  return archive;
}

async function extractConfig(call: Call): Promise<unknown> {
  const { volume = '' } = checkParams(call.raw, { volume: { ...str, required: true } });
  const archive = mayRead(call, volume);
  if (!existsSync(archive)) throw died(`volume '${volume}' does not exist`);
  const { config } = await manifestOf(archive);
  return Object.entries(config)
    .map(([key, value]) => `${key}: ${String(value).replaceAll('\n', '%0A')}\n`)
    .join('');
}

async function unpack(
  node: LabNode,
  vmid: number,
  archive: string,
  storage: string | undefined,
  made: string[],
): Promise<VmRecord> {
  const work = await mkdtemp(join(node.settings.stateDir, '.restore-'));
  try {
    await run(['tar', '--extract', '--xattrs', '--xattrs-include=*', '--file', archive, '--directory', work]);
    const { config, labImage, disks } = JSON.parse(await readFile(join(work, 'manifest.json'), 'utf8')) as Manifest;
    const restored: VmConfig = { ...config };
    for (const [slot, file] of Object.entries(disks)) {
      const properties = parseProperties(String(config[slot]), 'file');
      const target = storage ?? (properties.get('file') ?? '').split(':')[0] ?? 'local';
      const volid = node.storage.nextDisk(vmid, 'qcow2', target);
      made.push(volid);
      const path = node.storage.path(volid);
      await mkdir(dirname(path), { recursive: true });
      await run(['cp', '--sparse=always', '--', join(work, file), path]);
      const tree = join(work, `${slot}.tree`);
      if (existsSync(tree)) {
        await rm(join(tree, 'disk'), { force: true });
        await run(['cp', '-a', '--', tree, treeDirectory(path)]);
      }
      properties.set('file', volid);
      restored[slot] = formatProperties(properties, 'file');
    }
    for (const [slot, value] of Object.entries(config)) {
      if (!/cloudinit/.test(String(value))) continue;
      const target = storage ?? String(value).split(':')[0] ?? 'local';
      const volid = node.storage.cloudInitVolume(vmid, target);
      made.push(volid);
      await node.storage.createDisk(volid, 4 * 1024 * 1024);
      restored[slot] = `${volid},media=cdrom`;
    }
    return {
      node: node.name,
      config: restored,
      labImage,
      snapshots: {},
      firewall: { options: {}, rules: [], ipsets: {} },
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
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
  const archive = mayRead(call, volid);
  if (!existsSync(archive)) throw died(`volume '${volid}' does not exist`);
  if (storage !== undefined) requirePrivilege(caller, `/storage/${storage}`, 'Datastore.AllocateSpace');
  const options = Object.entries(rest).filter(([name]) => qemuOption(name) !== undefined);
  for (const [name] of options) requirePrivilege(caller, vmPath(vmid), optionPrivilege(name));
  if (existing !== undefined) {
    if (force !== '1')
      throw died(`unable to restore VM ${vmid} - VM ${vmid} already exists on node '${node.carrier(existing).name}'`);
    if (await node.isRunning(vmid, node.vm(vmid))) throw died(`unable to restore VM ${vmid} - vm is running`);
  }
  return node.tasks.start('qmrestore', id, caller, async (task) =>
    node.withLock(vmid, async () => {
      const made: string[] = [];
      task.log(`restore vma archive: ${basename(archive)}`);
      try {
        // The old disks go first, as they do on a real node: what fails from here on leaves the VM without them.
        if (existing !== undefined) await node.storage.removeVm(vmid);
        const record = await unpack(node, vmid, archive, storage, made);
        for (const [name, value] of options) record.config[name] = typed(name, value);
        if (unique === '1') {
          for (const [name, value] of Object.entries(record.config))
            if (/^net\d+$/.test(name))
              record.config[name] = String(value).replace(/([0-9A-F]{2}:){5}[0-9A-F]{2}/i, randomMac());
          record.config['smbios1'] = `uuid=${crypto.randomUUID()}`;
        }
        if (existing !== undefined) record.firewall = existing.firewall;
        node.file.state.vms[id] = record;
        node.file.save();
      } catch (error) {
        for (const each of made) await node.storage.remove(each);
        throw error;
      }
      task.log('progress 100% (read 100 bytes, duration 0 sec)');
      if (start === '1') await startVm(node, vmid, task);
    }),
  );
}

export const backupRoutes: readonly Route[] = [
  route('POST', '/nodes/{node}/vzdump', vzdump),
  route('GET', '/nodes/{node}/vzdump/extractconfig', extractConfig),
];
