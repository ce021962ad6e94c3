import { randomInt, randomUUID } from 'node:crypto';
import { copyFile, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run } from '../../guest/process.js';
import { hasPrivilege, requirePrivilege } from '../access.js';
import { download } from '../download.js';
import { badParameters, died, PveFault } from '../fault.js';
import { bool, checkParams, int, str, type ParamSpecs } from '../params.js';
import { route, type Call, type Route } from '../router.js';
import { digestFile } from '../storage.js';
import type { StorageRecord } from '../state.js';

const CHECKSUMS = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'];

async function facts(
  { node }: Call,
  { storage, type, content, disable }: StorageRecord,
): Promise<Record<string, unknown>> {
  const { total, used, avail } = await node.storage.usage(storage);
  const shared = node.storage.isShared(storage) ? 1 : 0;
  const enabled = disable === true ? 0 : 1;
  return { type, content: content.join(','), active: enabled, enabled, shared, total, used, avail };
}

async function listStorages(call: Call): Promise<unknown> {
  const { content } = checkParams(call.raw, { content: str, enabled: bool, storage: str, target: str, format: bool });
  const rows: unknown[] = [];
  for (const record of call.node.storage.all) {
    const path = `/storage/${record.storage}`;
    if (
      !hasPrivilege(call.caller, path, 'Datastore.Audit') &&
      !hasPrivilege(call.caller, path, 'Datastore.AllocateSpace')
    )
      continue;
    if (content !== undefined && !content.split(',').some((kind) => record.content.includes(kind))) continue;
    const own = await facts(call, record);
    rows.push({ storage: record.storage, ...own, used_fraction: Number(own['used']) / Number(own['total']) });
  }
  return rows;
}

function storageOf(call: Call): StorageRecord {
  return call.node.storage.check(call.path['storage'] ?? '');
}

async function status(call: Call): Promise<unknown> {
  const record = storageOf(call);
  requirePrivilege(call.caller, `/storage/${record.storage}`, 'Datastore.Audit', 'Datastore.AllocateSpace');
  return facts(call, record);
}

async function content(call: Call): Promise<unknown> {
  const { storage } = storageOf(call);
  requirePrivilege(call.caller, `/storage/${storage}`, 'Datastore.Audit', 'Datastore.AllocateSpace');
  const params = checkParams(call.raw, { content: str, vmid: int });
  const vmid = params['vmid'] === undefined ? undefined : Number(params['vmid']);
  return call.node.storage.list(storage, params['content'], vmid);
}

function checkName(filename: string, kind: string): void {
  const endings =
    kind === 'iso' ? /\.(iso|img)$/i : kind === 'import' ? /\.(ova|qcow2|raw|vmdk)$/i : /\.tar\.(gz|xz|zst)$/i;
  if (endings.test(filename) && /^[A-Za-z0-9._+-]+$/.test(filename)) return;
  const problem = kind === 'import' ? 'invalid filename or wrong extension' : 'wrong file extension';
  throw badParameters({ filename: problem });
}

async function verify(
  file: string,
  algorithm: string | undefined,
  expected: string | undefined,
  log: (line: string) => void,
  existing = false,
): Promise<void> {
  if (algorithm === undefined || expected === undefined) return;
  const what = `calculating checksum${existing ? ' of existing file' : ''}...`;
  const actual = await digestFile(file, algorithm);
  if (actual !== expected.toLowerCase()) {
    log(what);
    throw new Error(`checksum mismatch: got '${actual}' != expect '${expected}'${existing ? ', aborting' : ''}`);
  }
  log(`${what}${existing ? 'OK, got correct file already, no need to download' : 'OK, checksum verified'}`);
}

const DOWNLOAD: ParamSpecs = {
  content: { type: 'string', required: true, values: ['iso', 'vztmpl', 'import'] },
  filename: { type: 'string', required: true },
  url: {
    type: 'string',
    required: true,
    format: (text) => (/^https?:\/\//.test(text) ? undefined : 'value does not match the regex pattern'),
  },
  checksum: str,
  'checksum-algorithm': { type: 'string', values: CHECKSUMS },
  compression: str,
  'verify-certificates': bool,
};

async function downloadUrl(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const { storage, content: takes } = storageOf(call);
  requirePrivilege(caller, `/storage/${storage}`, 'Datastore.AllocateTemplate');
  const mayProbe = hasPrivilege(caller, '/', 'Sys.Audit') && hasPrivilege(caller, '/', 'Sys.Modify');
  // One way or the other: the refusal names neither.
  if (!mayProbe && !hasPrivilege(caller, `/nodes/${node.name}`, 'Sys.AccessNetwork'))
    throw new PveFault(403, 'Permission check failed');
  const params = checkParams(call.raw, DOWNLOAD);
  if (!takes.includes(params['content'] ?? ''))
    throw died(`storage '${storage}' is not configured for content-type '${params['content'] ?? ''}'`);
  const { content: kind = '', filename = '', url = '', checksum, 'checksum-algorithm': algorithm } = params;
  if ((checksum === undefined) !== (algorithm === undefined)) {
    throw badParameters(
      checksum === undefined
        ? { checksum: "missing property - 'checksum-algorithm' requires this property" }
        : { 'checksum-algorithm': "missing property - 'checksum' requires this property" },
    );
  }
  checkName(filename, kind);
  const target = join(node.storage.folderFor(kind, storage), filename);
  const shown = node.storage.shown(`${storage}:${kind}/${filename}`);
  return node.tasks.start('download', filename, caller, async ({ log, signal }) => {
    log(`downloading ${url} to ${shown}`);
    if (await stat(target).catch(() => undefined)) {
      if (algorithm === undefined) throw new Error(`refusing to override existing file '${shown}'`);
      await verify(target, algorithm, checksum, log, true);
      return;
    }
    // As a worker's own process id makes it on a real node: two downloads of one file must not meet.
    const part = `${target}.tmp_dwnl.${randomInt(2 ** 40)}`;
    try {
      const saved = shown.replace(filename, basename(part));
      await download(url, part, { signal, log, saved }).catch((error: Error) => {
        throw new Error(`download failed: ${error.message}`);
      });
      await verify(part, algorithm, checksum, log);
      await rename(part, target);
      log(`download of '${url}' to '${shown}' finished`);
    } finally {
      await rm(part, { force: true });
    }
  });
}

async function upload(call: Call): Promise<unknown> {
  const { node, caller, raw, upload: file } = call;
  const { storage } = storageOf(call);
  requirePrivilege(caller, `/storage/${storage}`, 'Datastore.AllocateTemplate');
  const params = checkParams(raw, {
    content: { type: 'string', required: true, values: ['iso', 'vztmpl', 'import'] },
    filename: str,
    checksum: str,
    'checksum-algorithm': { type: 'string', values: CHECKSUMS },
    tmpfilename: str,
  });
  const { content: kind = '', checksum, 'checksum-algorithm': algorithm } = params;
  if (file === undefined) throw badParameters({ filename: 'property is missing and it is not optional' });
  checkName(file.filename, kind);
  const target = join(node.storage.folderFor(kind, storage), file.filename);
  const shown = node.storage.shown(`${storage}:${kind}/${file.filename}`);
  return node.tasks.start('imgcopy', '', caller, async ({ log }) => {
    try {
      log(`starting file import from: ${file.file}`);
      if (kind === 'import')
        await run(['qemu-img', 'check', '-q', '-f', 'qcow2', file.file]).catch(() => {
          throw new Error(`qemu-img: Could not open '${file.file}': Image is not in qcow2 format`);
        });
      log(`target node: ${node.name}`);
      log(`target file: ${shown}`);
      log(`file size is: ${(await stat(file.file)).size}`);
      await verify(file.file, algorithm, checksum, log);
      log(`command: cp -- ${file.file} ${shown}`);
      const part = `${target}.tmp.${randomUUID()}`;
      await copyFile(file.file, part);
      await rename(part, target);
      log('finished file import successfully');
    } finally {
      await rm(file.file, { force: true });
    }
  });
}

export const storageRoutes: readonly Route[] = [
  route('GET', '/nodes/{node}/storage', listStorages),
  route('GET', '/nodes/{node}/storage/{storage}/status', status),
  route('GET', '/nodes/{node}/storage/{storage}/content', content),
  route('POST', '/nodes/{node}/storage/{storage}/download-url', downloadUrl),
  route('POST', '/nodes/{node}/storage/{storage}/upload', upload),
];
