import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import type { GuestSpec } from '../../guest/backend.js';
import { hasPrivilege, requirePrivilege } from '../access.js';
import { backupDisks, configText, readManifest, writeArchive } from '../archive.js';
import { badParameters, died } from '../fault.js';
import { freezeForBackup } from '../freeze.js';
import type { LabNode } from '../node.js';
import { checkParams, str, type Params } from '../params.js';
import { startVm } from '../power.js';
import { parseProperties, parseSize } from '../property-string.js';
import { markBackups, parseRetention } from '../retention.js';
import { route, type Call, type Route } from '../router.js';
import { isCloudInit, notesFile } from '../storage.js';
import { exitOf, type TaskHandle } from '../tasks.js';
import { renderBytes } from '../volume-log.js';
import { VZDUMP_OPTIONS } from '../vzdump-options.js';
import { isVmid, NO_VMID, vmPath } from './common.js';

const two = (value: number): string => String(value).padStart(2, '0');

/** `2026-11-28 19:53:12`; local time of the node, which is UTC. */
const stamp = (now: Date): string => now.toISOString().slice(0, 19).replace('T', ' ');

const stampOfFile = (now: Date): string => stamp(now).replaceAll('-', '_').replace(' ', '-').replaceAll(':', '_');

/** `1KB`, `160MB`: as vzdump tells the size of an archive. */
const archiveSize = (bytes: number): string => {
  const [unit, size] =
    bytes >= 1024 ** 3
      ? ['GB', (bytes / 1024 ** 3).toFixed(2)]
      : bytes >= 1024 ** 2
        ? ['MB', Math.floor(bytes / 1024 ** 2)]
        : ['KB', Math.floor(bytes / 1024)];
  return `${size}${unit}`;
};

const ENDINGS: Readonly<Record<string, string>> = { zstd: '.zst', gzip: '.gz', '1': '.lzo', lzo: '.lzo' };

interface Job {
  readonly node: LabNode;
  readonly storage: string;
  readonly params: Params;
  readonly task: TaskHandle;
}

/** The guest as the mode wants it, and back as it was: `snapshot` and `suspend` hold it still while its disks are copied. */
async function quiet({ node, task }: Job, spec: GuestSpec, mode: string, work: () => Promise<void>): Promise<void> {
  const { log } = task;
  if ((await node.backend.state(spec)) === 'stopped') {
    log('INFO: starting kvm to execute backup task');
    if (
      Object.values(node.vm(spec.vmid).config).some((value) =>
        isCloudInit(parseProperties(String(value), 'file').get('file') ?? ''),
      )
    )
      log('generating cloud-init ISO');
    await work();
    log('INFO: stopping kvm after backup task');
    return;
  }
  if (mode === 'stop') {
    log('INFO: starting kvm to execute backup task');
    if (!(await node.backend.shutdown(spec, 60_000))) await node.backend.stop(spec);
    const stopped = Date.now();
    try {
      await work();
    } finally {
      // The lock is for others; a guest that was stopped for its backup is started under it.
      delete node.vm(spec.vmid).lock;
      await startVm(node, spec.vmid, task);
      log(`INFO: resuming VM again after ${Math.max(1, Math.round((Date.now() - stopped) / 1000))} seconds`);
    }
    return;
  }
  const thaw = mode === 'snapshot' ? await freezeForBackup(node, spec, (line) => log(`INFO: ${line}`)) : undefined;
  await node.backend.suspend(spec);
  try {
    await work();
  } finally {
    await node.backend.resume(spec);
    await thaw?.();
    log('INFO: resuming VM again');
  }
}

async function prune({ node, storage, params, task }: Job, vmid: number): Promise<void> {
  const rule = params['prune-backups'] ?? node.storage.check(storage).options['prune-backups'] ?? 'keep-all=1';
  const retention = parseRetention(rule);
  if (params['remove'] === '0' || retention['keep-all'] === 1) return;
  const shown = Object.entries(retention).map(([name, count]) => `${name}=${count}`);
  task.log(`INFO: prune older backups with retention: ${shown.join(', ')}`);
  const marks = markBackups(await node.storage.list(storage, 'backup', vmid), retention);
  const old = [...marks].filter(([, mark]) => mark === 'remove');
  for (const [volid] of old) {
    task.log(`INFO: removing backup '${volid}'`);
    await node.storage.remove(volid);
  }
  task.log(`INFO: pruned ${old.length} backup(s)${old.length > 0 ? ' not covered by keep-retention policy' : ''}`);
}

function logDisks({ node, task }: Job, spec: GuestSpec): void {
  const { config } = node.vm(spec.vmid);
  task.log(`INFO: VM Name: ${spec.name}`);
  for (const { slot, volid } of backupDisks(config)) {
    const size = parseProperties(String(config[slot]), 'file').get('size') ?? '';
    task.log(`INFO: include disk '${slot}' '${volid}' ${size}`);
  }
}

async function backUp(job: Job, vmid: number): Promise<void> {
  const { node, storage, params, task } = job;
  const { compress = '0' } = params;
  const record = node.vm(vmid);
  const spec = node.spec(vmid, record);
  const running = (await node.backend.state(spec)) !== 'stopped';
  const volid = `${storage}:backup/vzdump-qemu-${vmid}-${stampOfFile(new Date())}.vma${ENDINGS[compress] ?? ''}`;
  const archive = node.storage.path(volid);
  task.log(`INFO: Starting Backup of VM ${vmid} (qemu)`);
  task.log(`INFO: Backup started at ${stamp(new Date())}`);
  task.log(`INFO: status = ${running ? 'running' : 'stopped'}`);
  node.checkLock(record);
  const mode = running ? (params['mode'] ?? 'snapshot') : 'stop';
  if (mode === 'snapshot') logDisks(job, spec);
  task.log(`INFO: backup mode: ${mode}`);
  task.log('INFO: ionice priority: 7');
  if (mode !== 'snapshot') logDisks(job, spec);
  if (running && mode === 'stop') task.log('INFO: stopping virtual guest');
  if (mode === 'suspend') task.log('INFO: suspending guest');
  task.log(`INFO: creating vzdump archive '${node.storage.shown(volid)}'`);
  record.lock = 'backup';
  node.file.save();
  try {
    await quiet(job, spec, mode, async () => {
      const trouble = task.trouble();
      if (trouble !== undefined) throw died(trouble);
      task.signal.throwIfAborted();
      task.log(`INFO: started backup task '${crypto.randomUUID()}'`);
      await writeArchive(node, vmid, archive);
      // As the signal that ends the worker: what it was writing goes with it.
      if (task.signal.aborted) await node.storage.remove(volid);
      task.signal.throwIfAborted();
    });
  } finally {
    delete record.lock;
    node.file.save();
  }
  await finish(job, vmid, archive);
}

async function finish(job: Job, vmid: number, archive: string): Promise<void> {
  const { node, params, task } = job;
  const { config } = node.vm(vmid);
  const sizes = backupDisks(config).map(({ slot }) => parseProperties(String(config[slot]), 'file').get('size') ?? '0');
  const total = renderBytes(sizes.reduce((sum, size) => sum + (parseSize(size) ?? 0), 0));
  task.log(`INFO: 100% (${total} of ${total}) in 1s, read: ${total}/s, write: ${total}/s`);
  task.log(`INFO: archive file size: ${archiveSize((await stat(archive)).size)}`);
  const template = params['notes-template'];
  if (template !== undefined && template !== '') {
    task.log('INFO: adding notes to backup');
    const values: Record<string, string> = {
      guestname: String(config['name'] ?? `VM ${vmid}`),
      vmid: String(vmid),
      node: node.name,
      cluster: '',
    };
    const notes = template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '');
    await writeFile(notesFile(archive), notes.replaceAll('\\n', '\n').replaceAll('\\\\', '\\'));
  }
  if (params['protected'] === '1') {
    task.log('INFO: marking backup as protected');
    await writeFile(`${archive}.protected`, '');
  }
  await prune(job, vmid);
}

/** One VM of a job. @returns whether it was backed up; the reason is in the log only */
async function backUpOne(job: Job, vmid: number): Promise<boolean> {
  const { node, task } = job;
  const started = Date.now();
  try {
    if (node.file.state.vms[String(vmid)] === undefined) throw died(`unable to find VM '${vmid}'`);
    await backUp(job, vmid);
  } catch (error) {
    task.log(`ERROR: Backup of VM ${vmid} failed - ${exitOf(error)}`);
    task.log(`INFO: Failed at ${stamp(new Date())}`);
    return false;
  }
  const seconds = Math.round((Date.now() - started) / 1000);
  task.log(`INFO: Finished Backup of VM ${vmid} (00:${two(Math.floor(seconds / 60))}:${two(seconds % 60)})`);
  task.log(`INFO: Backup finished at ${stamp(new Date())}`);
  return true;
}

/** @throws what is wrong with the storage, as the job finds it */
function checkStorage(node: LabNode, storage: string): void {
  const problem = ((): string | undefined => {
    try {
      node.storage.check(storage);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  })();
  if (problem !== undefined)
    throw died(
      `could not activate storage '${storage}': ${problem}\ncould not get storage information for '${storage}': ${problem}`,
    );
  if (!node.storage.check(storage).content.includes('backup'))
    throw died(
      `could not get storage information for '${storage}': can't use storage '${storage}' for backups - wrong content type`,
    );
}

const quoted = (text: string): string =>
  /^[\w!%+,\-./:@^]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;

function idsOf(call: Call, params: Params): readonly string[] {
  const ids = (params['vmid'] ?? '').split(/[,; ]+/).filter((id) => id !== '');
  if (params['all'] === '1') {
    if (ids.length > 0) throw badParameters({ all: "option conflicts with option 'vmid'" });
    return call.node.own.map(([id]) => String(id));
  }
  if (ids.length === 0) throw badParameters({ vmid: 'property is missing' });
  if (!ids.every(isVmid)) throw badParameters({ vmid: NO_VMID });
  return ids;
}

async function vzdump(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const params = checkParams(call.raw, VZDUMP_OPTIONS);
  const { storage = 'local' } = params;
  if (params['prune-backups'] !== undefined) requirePrivilege(caller, `/storage/${storage}`, 'Datastore.Allocate');
  const wanted = idsOf(call, params);
  if (params['node'] !== undefined && params['node'] !== node.name) return 'OK';
  // VMs of other nodes are theirs to back up; those that are nowhere fail where everybody sees it.
  const vms = wanted.filter((id) => {
    const record = node.file.state.vms[id];
    return record === undefined || node.carrier(record) === node;
  });
  if (vms.length === 0 && params['all'] !== '1') return 'OK';
  requirePrivilege(caller, `/storage/${storage}`, 'Datastore.AllocateSpace');
  const words = Object.entries({ ...params, node: node.name })
    .filter(([name]) => name !== 'vmid')
    .map(([name, value]) => `--${name} ${quoted(value)}`);
  const id = vms.length === 1 ? (vms[0] ?? '') : '';
  const work = async (task: TaskHandle): Promise<void> => {
    checkStorage(node, storage);
    task.log(`INFO: starting new backup job: vzdump ${[...(params['all'] === '1' ? [] : vms), ...words].join(' ')}`);
    for (const each of vms)
      if (node.file.state.vms[each] !== undefined && params['all'] !== '1')
        requirePrivilege(caller, vmPath(Number(each)), 'VM.Backup');
    let failed = 0;
    for (const each of vms) {
      if (!hasPrivilege(caller, vmPath(Number(each)), 'VM.Backup')) continue;
      if (!(await backUpOne({ node, storage, params, task }, Number(each)))) failed++;
    }
    task.log(`INFO: Backup job finished ${failed === 0 ? 'successfully' : 'with errors'}`);
    if (failed > 0) throw died('job errors');
  };
  return node.tasks.start('vzdump', id, caller, work, { ownTrouble: true, ownStop: true });
}

/** Who may read an archive. @throws PveFault 403 @returns its file */
export function archiveFile({ node, caller }: Call, volid: string): string {
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
  const archive = archiveFile(call, volume);
  if (!existsSync(archive)) throw died(`volume '${volume}' does not exist`);
  return configText(call.node, await readManifest(archive));
}

export const vzdumpRoutes: readonly Route[] = [
  route('POST', '/nodes/{node}/vzdump', vzdump),
  route('GET', '/nodes/{node}/vzdump/extractconfig', extractConfig),
];
