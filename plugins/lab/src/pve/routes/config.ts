import { requirePrivilege } from '../access.js';
import { applyChange, type ConfigChange } from '../config-change.js';
import { checkDisks, storagesOf } from '../disks.js';
import { badParameters, died, PveFault } from '../fault.js';
import { bool, checkParams, int, str, type Params, type ParamSpec } from '../params.js';
import { cloudInitRows, noteCloudInit, pendingRows } from '../pending.js';
import { writeCloudInit } from '../power.js';
import { parseProperties } from '../property-string.js';
import { optionPrivilege, qemuOption } from '../qemu-options.js';
import { route, type Call, type Route } from '../router.js';
import { networkConfig, userData } from '../cloudinit.js';
import { configWithDigest, vmidOf, vmPath } from './common.js';

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

const listOf = (text: string | undefined): readonly string[] =>
  (text ?? '').split(/[,; ]+/).filter((name) => name !== '');

/** As `ssh-keygen -l` sees it: what comes after the type begins with the type again. */
function isPublicKey(line: string): boolean {
  const words = line.trim().split(/\s+/);
  const at = words.findIndex((word) => /^(ssh-|ecdsa-sha2-|sk-)/.test(word));
  const blob = Buffer.from(words[at + 1] ?? '', 'base64');
  return at >= 0 && blob.length > 4 && blob.subarray(4, 4 + blob.readUInt32BE(0)).toString() === words[at];
}

/** @throws PveFault 500 */
export function checkSshKeys(text: string | undefined): void {
  const lines = decodeURIComponent(text ?? '').split('\n');
  if (!lines.every((line) => line.trim() === '' || isPublicKey(line))) throw died('SSH public key validation error');
}

function known(name: string, where: 'delete' | 'revert'): void {
  if (qemuOption(name) === undefined) throw badParameters({ [where]: `unknown option '${name}'` });
}

/** Bridges that options use. @throws PveFault 403 */
export function requireBridges(call: Call, options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    const bridge = /^net\d+$/.test(name) ? parseProperties(String(value), 'model').get('bridge') : undefined;
    if (bridge !== undefined) requirePrivilege(call.caller, `/sdn/zones/localnetwork/${bridge}`, 'SDN.Use');
  }
}

function checkChange(call: Call): ConfigChange {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  requirePrivilege(caller, vmPath(vmid), ...CONFIG_PRIVILEGES);
  const params = checkParams(call.raw, CONFIG_ONLY, (name) => CONFIG_ONLY[name] ?? qemuOption(name));
  const options: Params = Object.fromEntries(
    Object.entries(params).filter(([name]) => CONFIG_ONLY[name] === undefined),
  );
  checkSshKeys(options['sshkeys']);
  const [removed, reverted] = [listOf(params['delete']), listOf(params['revert'])];
  if (removed.length + reverted.length + Object.keys(options).length === 0) throw died('no options specified');
  for (const name of reverted) known(name, 'revert');
  for (const name of removed) {
    if (options[name] !== undefined)
      throw badParameters({ delete: `you can't use '-${name}' and -delete ${name}' at the same time` });
    known(name, 'delete');
  }
  checkDisks(node, options);
  for (const name of [...removed, ...Object.keys(options)])
    requirePrivilege(caller, vmPath(vmid), optionPrivilege(name));
  for (const storage of storagesOf(options)) requirePrivilege(caller, `/storage/${storage}`, 'Datastore.AllocateSpace');
  requireBridges(call, options);
  const record = node.vm(vmid);
  if (params['digest'] !== undefined && params['digest'] !== configWithDigest(record)['digest'])
    throw died('checksum mismatch (file change by other user?)');
  if (params['skiplock'] !== '1') node.checkLock(record);
  return { vmid, caller, options, removed, reverted, skipLock: params['skiplock'] === '1' };
}

async function putConfig(call: Call): Promise<unknown> {
  const change = checkChange(call);
  await call.node.withLock(change.vmid, () => applyChange(call.node, change, { log: call.print, warn: call.warn }));
  return null;
}

async function postConfig(call: Call): Promise<unknown> {
  const change = checkChange(call);
  return call.node.tasks.start('qmconfig', String(change.vmid), call.caller, async (task) =>
    call.node.withLock(change.vmid, () => applyChange(call.node, change, { log: task.log, warn: task.log })),
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
    const record = call.node.vm(vmid);
    call.node.checkLock(record);
    if (await writeCloudInit(call.node, vmid, record)) call.print('generating cloud-init ISO');
    noteCloudInit(record);
  });
  return null;
}

/** Takes a lock away that somebody left behind; since Proxmox VE 9.2 a method of its own. */
async function unlock(call: Call): Promise<unknown> {
  const vmid = vmidOf(call);
  if (!call.caller.id.startsWith('root@pam')) throw new PveFault(403, 'Permission check failed (user != root@pam)');
  await call.node.withLock(vmid, async () => {
    delete call.node.vm(vmid).lock;
    call.node.file.save();
  });
  return null;
}

const BASE = '/nodes/{node}/qemu/{vmid}';

export const configRoutes: readonly Route[] = [
  route('PUT', `${BASE}/config`, putConfig),
  route('POST', `${BASE}/config`, postConfig),
  route('PUT', `${BASE}/unlock`, unlock),
  route('GET', `${BASE}/pending`, pending),
  route('GET', `${BASE}/cloudinit`, cloudInitValues),
  route('PUT', `${BASE}/cloudinit`, regenerate),
  route('GET', `${BASE}/cloudinit/dump`, dump),
];
