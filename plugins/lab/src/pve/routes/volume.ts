import { existsSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hasPrivilege, requirePrivilege } from '../access.js';
import { badParameters, died } from '../fault.js';
import { bool, checkParams, int, str, type ParamSpecs } from '../params.js';
import { parseSize } from '../property-string.js';
import { markBackups, parseRetention, retentionProblem, type Mark } from '../retention.js';
import { route, type Call, type Route } from '../router.js';
import { imageInfo, notesFile, type Volume } from '../storage.js';
import { formatting } from '../volume-log.js';
import { vmPath } from './common.js';

/** Single volumes, and what is thrown away of backups. */

interface Named {
  readonly storage: string;
  readonly volid: string;
  readonly owner: string | undefined;
}

function named({ node, path }: Call): Named {
  const { storage } = node.storage.check(path['storage'] ?? '');
  const given = path['volume'] ?? '';
  const volid = given.includes(':') ? given : `${storage}:${given}`;
  return { storage, volid, owner: /:(?:backup\/vzdump-qemu-|vm-)?(\d+)[/-]/.exec(volid)?.[1] };
}

/** @throws PveFault 403 */
function requireAccess({ caller }: Call, { storage, volid, owner }: Named): void {
  if (hasPrivilege(caller, `/storage/${storage}`, 'Datastore.Allocate')) return;
  if (volid.includes(':backup/') && owner !== undefined) {
    requirePrivilege(caller, `/storage/${storage}`, 'Datastore.AllocateSpace');
    requirePrivilege(caller, vmPath(Number(owner)), 'VM.Backup');
  } else if (owner !== undefined) requirePrivilege(caller, vmPath(Number(owner)), 'VM.Config.Disk');
  else requirePrivilege(caller, `/storage/${storage}`, 'Datastore.Audit', 'Datastore.AllocateSpace');
}

async function info(call: Call): Promise<unknown> {
  const volume = named(call);
  requireAccess(call, volume);
  const { storage } = call.node;
  const file = storage.path(volume.volid);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) throw died(`volume_size_info on '${volume.volid}' failed - no format`);
  const backup = volume.volid.includes(':backup/');
  // Whatever is no image is bytes to it.
  const image = backup ? { format: 'raw', virtualSize: found.size } : await imageInfo(file);
  const notes = await readFile(notesFile(file), 'utf8').catch(() => undefined);
  return {
    path: storage.shown(volume.volid),
    size: image.virtualSize,
    used: found.blocks * 512,
    format: image.format,
    ...(notes === undefined ? {} : { notes }),
    ...(backup ? { protected: existsSync(`${file}.protected`) ? 1 : 0 } : {}),
  };
}

async function update(call: Call): Promise<unknown> {
  const volume = named(call);
  const params = checkParams(call.raw, { notes: str, protected: bool });
  requireAccess(call, volume);
  const file = call.node.storage.path(volume.volid);
  if (!volume.volid.includes(':backup/')) {
    if (params['protected'] !== undefined)
      throw died(`attribute 'protected' is not supported for volume type 'images'`);
    if (params['notes'] !== undefined) throw died(`only backups can have notes`);
  }
  if (!existsSync(file)) throw died(`volume '${volume.volid}' does not exist`);
  const { notes } = params;
  if (notes === '') await rm(notesFile(file), { force: true });
  else if (notes !== undefined) await writeFile(notesFile(file), notes);
  if (params['protected'] === '1') await writeFile(`${file}.protected`, '');
  else if (params['protected'] === '0') await rm(`${file}.protected`, { force: true });
  return null;
}

async function remove(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const volume = named(call);
  const { storage, volid, owner } = volume;
  checkParams(call.raw, { delay: int });
  if (volid.includes(':backup/') && owner !== undefined) {
    requirePrivilege(caller, `/storage/${storage}`, 'Datastore.AllocateSpace', 'Datastore.Allocate');
    requirePrivilege(caller, vmPath(Number(owner)), 'VM.Backup');
  } else requirePrivilege(caller, `/storage/${storage}`, 'Datastore.Allocate');
  const file = node.storage.path(volid);
  const name = volid.slice(volid.indexOf(':') + 1);
  return node.tasks.start('imgdel', owner === undefined ? storage : `${owner}@${storage}`, caller, async ({ log }) => {
    if (existsSync(`${file}.protected`))
      throw died(
        node.isVersion9
          ? `cannot remove protected volume '${name}' on '${storage}'`
          : `can't remove protected volume '${volid}'`,
      );
    if (node.storage.exists(volid)) await node.storage.remove(volid);
    else log(`disk image '${node.storage.shown(volid)}' does not exist`);
    log(`Removed volume '${volid}'`);
  });
}

/** `POST content`: an empty volume. */
async function allocate(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const { storage } = node.storage.check(call.path['storage'] ?? '');
  requirePrivilege(caller, `/storage/${storage}`, 'Datastore.AllocateSpace');
  const params = checkParams(call.raw, {
    filename: { ...str, required: true },
    vmid: { ...int, required: true, minimum: 100 },
    size: {
      ...str,
      required: true,
      format: (text) => (/^\d+[MG]?$/.test(text) ? undefined : 'value does not match the regex pattern'),
    },
    format: { type: 'string', values: ['raw', 'qcow2', 'subvol', 'vmdk'] },
  });
  const { filename = '', size = '', vmid = '' } = params;
  const named = /\.(raw|qcow2)$/.exec(filename)?.[1];
  const { files } = node.storage.kind(storage);
  if (named !== undefined && params['format'] !== undefined && params['format'] !== named)
    throw badParameters({ format: `different storage formats in name and parameter` });
  if (files && named === undefined && params['format'] !== undefined)
    throw died(`illegal name '${filename}' - should be 'vm-${vmid}-*.${params['format']}'`);
  if (!new RegExp(`^vm-${vmid}-`).test(filename)) throw died(`illegal name '${filename}' - should be 'vm-${vmid}-*'`);
  const volid = files ? `${storage}:${vmid}/${filename}` : `${storage}:${filename}`;
  if (node.storage.exists(volid)) throw died(`disk image '${node.storage.shown(volid)}' already exists`);
  // Bare numbers are KiB.
  const bytes = /\d$/.test(size) ? Number(size) * 1024 : (parseSize(size) ?? 0);
  call.print(formatting(node, volid, bytes));
  await node.storage.createDisk(volid, bytes);
  return volid;
}

const PRUNE: ParamSpecs = {
  'prune-backups': { type: 'string', format: retentionProblem },
  type: { type: 'string', values: ['qemu', 'lxc'] },
  vmid: { ...int, minimum: 100 },
};

interface Marked {
  readonly backup: Volume;
  readonly mark: Mark;
}

async function marked(
  { node, path }: Call,
  rule: string | undefined,
  vmid: string | undefined,
): Promise<readonly Marked[]> {
  const { storage, options } = node.storage.check(path['storage'] ?? '');
  const text = rule ?? options['prune-backups'];
  if (text === undefined) throw died(`no prune-backups options configured for storage '${storage}'`);
  const backups = await node.storage.list(storage, 'backup', vmid === undefined ? undefined : Number(vmid));
  const guests = new Set(backups.map((backup) => backup.vmid));
  const marks = [...guests].flatMap((guest) => [
    ...markBackups(
      backups.filter((backup) => backup.vmid === guest),
      parseRetention(text),
    ),
  ]);
  const byVolume = new Map(marks);
  return backups.map((backup) => ({ backup, mark: byVolume.get(backup.volid) ?? 'keep' }));
}

async function previewPrune(call: Call): Promise<unknown> {
  const { storage } = call.node.storage.check(call.path['storage'] ?? '');
  requirePrivilege(call.caller, `/storage/${storage}`, 'Datastore.Audit', 'Datastore.AllocateSpace');
  const params = checkParams(call.raw, PRUNE);
  if (params['type'] === 'lxc') return [];
  return (await marked(call, params['prune-backups'], params['vmid'])).map(({ backup, mark }) => ({
    ctime: backup.ctime,
    mark,
    type: 'qemu',
    ...(backup.vmid === undefined ? {} : { vmid: backup.vmid }),
    volid: backup.volid,
  }));
}

async function prune(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const params = checkParams(call.raw, {
    ...PRUNE,
    'prune-backups': { ...PRUNE['prune-backups'], type: 'string', required: true },
  });
  const storage = call.path['storage'] ?? '';
  const { vmid } = params;
  if (vmid === undefined) requirePrivilege(caller, `/storage/${storage}`, 'Datastore.Allocate');
  else {
    requirePrivilege(caller, `/storage/${storage}`, 'Datastore.AllocateSpace');
    requirePrivilege(caller, vmPath(Number(vmid)), 'VM.Backup');
  }
  const id = `${vmid === undefined ? '' : `${vmid}@`}${storage}`;
  return node.tasks.start('prunebackups', id, caller, async ({ log }) => {
    const found = params['type'] === 'lxc' ? [] : await marked(call, params['prune-backups'], vmid);
    for (const { backup, mark } of found) {
      if (mark !== 'remove') continue;
      log(`removing backup '${backup.volid}'`);
      await node.storage.remove(backup.volid);
    }
  });
}

const BASE = '/nodes/{node}/storage/{storage}';

export const volumeRoutes: readonly Route[] = [
  route('GET', `${BASE}/content/{volume}`, info),
  route('PUT', `${BASE}/content/{volume}`, update),
  route('DELETE', `${BASE}/content/{volume}`, remove),
  route('POST', `${BASE}/content`, allocate),
  route('GET', `${BASE}/prunebackups`, previewPrune),
  route('DELETE', `${BASE}/prunebackups`, prune),
];
