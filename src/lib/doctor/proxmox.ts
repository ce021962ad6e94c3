import { ZebuError } from '@zebu/kit';
import type * as z from 'zod';
import type { Context } from '../context/context.js';
import { nodeStatusAnswer, nodesAnswer, storagesAnswer, versionAnswer } from '../proxmox/answers.js';
import { chooseBridge } from '../proxmox/bridges.js';
import { makeClient, type ProxmoxClient } from '../proxmox/client.js';
import { toNodeName } from '../proxmox/ids.js';
import { findVm } from '../proxmox/observe.js';
import { readPermissions } from '../proxmox/permissions.js';
import { copyTags, ownTags, TEMPLATE_TAG, type VmRow } from '../proxmox/ownership.js';
import { parseAnswer } from '../proxmox/parse.js';
import { placeVm } from '../proxmox/placement.js';
import { unlessUnseen, vmMissing } from '../proxmox/sight.js';
import { tagProblem } from '../proxmox/tags.js';
import { formatBytes } from '../ui/units.js';
import { fail, failure, ok, warn, type Check, type Finding } from './check.js';
import { templatesFinding } from './templates.js';
import { missingPrivileges, wishesOf, type PveMajor, type ScopePaths } from './role.js';

/** What the checks of one run find out for those after them. */
export interface Findings {
  client?: ProxmoxClient;
  major?: PveMajor;
  node?: string;
  /** Null: there is none yet, or `unseen` says why that is not known. */
  vm?: VmRow | null;
  unseen?: ZebuError;
  storages?: z.infer<typeof storagesAnswer>;
}

const OLDEST = { major: 8, minor: 2 };

/** Proxmox VE 8.2 and newer, and 9. */
export function versionFinding(text: string): Finding {
  const [major = 0, minor = 0] = text.split('.').map(Number);
  if (major > 9) return warn(`Proxmox VE ${text}`, 'zebu was made for 8 and 9; a newer zebu may know more.');
  if (major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor))
    return warn(`Proxmox VE ${text}`, 'Upgrade to 8.2 or newer: images are imported in a way older versions lack.');
  return ok(`Proxmox VE ${text}`);
}

export function clientOf(findings: Findings): ProxmoxClient {
  if (findings.client === undefined) throw new Error('the check of the connection runs first');
  return findings.client;
}

async function reach(context: Context, findings: Findings): Promise<Finding> {
  const transport = await context.transport();
  findings.client = await makeClient(transport, context.io);
  const { version } = parseAnswer(versionAnswer, await findings.client.request('GET', '/version'), 'its version');
  findings.major = Number(version.split('.')[0]) >= 9 ? 9 : 8;
  const finding = versionFinding(version);
  const concerns = (await transport.concerns?.()) ?? [];
  if (concerns.length > 0 && finding.status === 'ok')
    return warn(
      [finding.detail, ...concerns.map(({ what }) => what)].join('; '),
      concerns.map(({ remedy }) => remedy).join(' '),
    );
  return { ...finding, detail: `${transport.where}, ${finding.detail}` };
}

async function findNode(context: Context, findings: Findings): Promise<Finding> {
  const client = clientOf(findings);
  const [data, vm] = await Promise.all([client.request('GET', '/nodes'), findVm(client, context.config.app.name)]);
  const nodes = parseAnswer(nodesAnswer, data, 'the list of nodes');
  findings.vm = vm ?? null;
  if (vm !== undefined) {
    findings.node = vm.node;
    return ok(`${vm.node}, which carries VM ${vm.vmid}`);
  }
  const missing = await vmMissing(client, context.config.app.name);
  if (missing.code === 'PROXMOX_FORBIDDEN' || missing.details !== undefined) findings.unseen = missing;
  const { node, why } = placeVm(nodes, context.config.proxmox.node);
  findings.node = node;
  return ok(why === undefined ? node : `${node}: ${why}`);
}

async function privileges(context: Context, findings: Findings): Promise<Finding> {
  const { storage, image, network, backup } = context.config.vm;
  const vm = findings.vm ?? undefined;
  const permissions = await readPermissions(clientOf(findings));
  const vms = vm === undefined ? '/vms' : `/vms/${vm.vmid}`;
  const paths: ScopePaths = {
    vm: [vms],
    template: ['/vms'],
    storage: [storage === undefined ? '/storage' : `/storage/${storage}`],
    image: image?.url === undefined ? [] : [image.storage === undefined ? '/storage' : `/storage/${image.storage}`],
    node: [`/nodes/${findings.node ?? ''}`],
    bridge: [`/sdn/zones/localnetwork${network.bridge === undefined ? '' : `/${network.bridge}`}`],
    datacenter: ['/'],
    backup: [backup?.storage === undefined ? '/storage' : `/storage/${backup.storage}`],
  };
  const missing = missingPrivileges(permissions, paths, findings.major ?? 8, wishesOf(context.config.vm));
  if (missing.length === 0) return ok('all that zebu uses');
  const named = missing.map(({ privilege, path, use }) => `${privilege} on ${path} (${use})`).join(', ');
  const add = [...new Set(missing.map(({ privilege }) => privilege))].join(' ');
  const remedy = `On the host: pveum role modify Zebu --append --privs "${add}"; zebu doctor --role prints the whole role.`;
  return missing.some(({ core }) => core)
    ? fail('PROXMOX_FORBIDDEN', `missing: ${named}`, remedy)
    : warn(`missing: ${named}`, remedy);
}

async function storage(context: Context, findings: Findings): Promise<Finding> {
  const data = await clientOf(findings).request('GET', `/nodes/${findings.node ?? ''}/storage`);
  const rows = parseAnswer(storagesAnswer, data, 'the list of storages');
  findings.storages = rows;
  if (rows.length === 0) {
    const none = new ZebuError('CONFIG_INVALID', 'the node has no storage', { hint: 'Add one: Datacenter, Storage.' });
    return failure(await unlessUnseen(clientOf(findings), 'storage', none));
  }
  const { storage: disk, image } = context.config.vm;
  const takes = (kind: string) => rows.filter((row) => row.content.split(',').includes(kind) && row.active !== false);
  const problems: string[] = [];
  const wants: readonly (readonly [string, string | undefined, string, boolean])[] = [
    ['images', disk, 'vm.storage', true],
    ['import', image?.storage, 'vm.image.storage', image?.url !== undefined],
  ];
  const chosen: string[] = [];
  for (const [kind, name, key, wanted] of wants) {
    if (!wanted) continue;
    const able = takes(kind);
    const found = name === undefined ? able[0] : able.find((row) => row.storage === name);
    if (found !== undefined) chosen.push(`${kind} on ${found.storage} (${found.type})`);
    else if (name === undefined) problems.push(`none takes content type ${kind}`);
    else if (rows.some((row) => row.storage === name))
      problems.push(`${key}: ${name} does not take ${kind}, or is not active`);
    else problems.push(`${key}: there is no ${name}`);
  }
  if (problems.length > 0) {
    const seen = rows.map((row) => `${row.storage} (${row.content})`).join('; ');
    return fail(
      'CONFIG_INVALID',
      problems.join('; '),
      `There is ${seen}. Allow it under Datacenter, Storage, Edit, Content.`,
    );
  }
  if (takes('backup').length === 0)
    return warn(`${chosen.join(', ')}; none takes backups`, 'Allow content type backup on one for vm:backup.');
  return ok(chosen.join(', '));
}

/** As vm:create chooses it. */
async function bridge(context: Context, findings: Findings): Promise<Finding> {
  const { network } = context.config.vm;
  return ok(await chooseBridge(clientOf(findings), toNodeName(findings.node ?? ''), network));
}

/** Whether the datacenter lets us mark the VM as ours. */
async function tags(context: Context, findings: Findings): Promise<Finding> {
  const { vm } = findings;
  const app = context.config.app.name;
  const wanted = [ownTags(app), ...(context.config.vm.template ? [copyTags(app, 'template'), TEMPLATE_TAG] : [])];
  const problem = await tagProblem(clientOf(findings), wanted.join(';'), vm?.tags);
  return problem === undefined ? ok(vm ? 'as they should be' : 'may be given') : failure(problem);
}

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

async function room(context: Context, findings: Findings): Promise<Finding> {
  const { config } = context;
  const data = await clientOf(findings).request('GET', `/nodes/${findings.node ?? ''}/status`);
  const { memory } = parseAnswer(nodeStatusAnswer, data, 'the status of the node');
  const available = memory.available ?? memory.free;
  const disk = (findings.storages ?? []).find(
    (row) => row.content.split(',').includes('images') && (config.vm.storage ?? row.storage) === row.storage,
  );
  const said = `${formatBytes(available)} of memory free${disk?.avail === undefined ? '' : `, ${formatBytes(disk.avail)} on ${disk.storage}`}`;
  const wanted = config.vm.memory_mb * MIB;
  if (findings.vm === null && available < wanted)
    return fail('NO_SPACE', said, `vm.memory_mb wants ${config.vm.memory_mb} MiB: lower it, or stop another VM.`);
  if (disk?.avail !== undefined && disk.avail < 2 * GIB)
    return fail('NO_SPACE', said, 'Free disk space on the storage.');
  if (findings.vm === null && disk?.avail !== undefined && disk.avail < config.vm.disk_gb * GIB)
    return warn(said, `vm.disk_gb is ${config.vm.disk_gb}: a disk that fills up would fill the storage.`);
  if (available < memory.total * 0.05)
    return warn(said, 'The node is short of memory: other VMs may be stopped by it.');
  return ok(said);
}

/**
 * Seconds that a check has beyond `proxmox.timeout`, so that a request that times out is reported by its own error. The first
 * one connects as well.
 */
const GRACE = 10;
const CONNECTING = 30;

/** @returns checks named proxmox, placement, privileges, storage, bridge, tags, templates, room */
export function proxmoxChecks(context: Context, findings: Findings): readonly Check[] {
  const seconds = context.config.proxmox.timeout + GRACE;
  return [
    { id: 'proxmox', needs: ['config'], seconds: seconds + CONNECTING, run: () => reach(context, findings) },
    { id: 'placement', needs: ['proxmox'], seconds, run: () => findNode(context, findings) },
    { id: 'privileges', needs: ['placement'], seconds, run: () => privileges(context, findings) },
    { id: 'storage', needs: ['placement'], seconds, run: () => storage(context, findings) },
    { id: 'bridge', needs: ['placement'], seconds, run: () => bridge(context, findings) },
    { id: 'tags', needs: ['placement'], seconds, run: () => tags(context, findings) },
    { id: 'templates', needs: ['placement'], seconds, run: () => templatesFinding(context, findings) },
    // It reports how much is free on the storage that the check `storage` found.
    { id: 'room', needs: ['placement'], after: ['storage'], seconds, run: () => room(context, findings) },
  ];
}
