import { cpus, freemem, totalmem, loadavg, release } from 'node:os';
import { hasPrivilege, permissionsOf, requirePrivilege } from '../access.js';
import { badParameters } from '../fault.js';
import { PVE_VERSION, type LabNode } from '../node.js';
import { checkParams, int, str } from '../params.js';
import { route, type Call, type Route } from '../router.js';
import { CONTENT, STORAGE } from '../storage.js';
import { vmSummary } from './status.js';

const REPOID = '2606ac850d46da29';

const uptime = (node: LabNode): number => Math.max(1, Math.floor((Date.now() - node.startedAt) / 1000));

async function nodeFacts(node: LabNode): Promise<Record<string, unknown>> {
  const { total, used } = await node.storage.usage();
  return {
    node: node.name,
    type: 'node',
    id: `node/${node.name}`,
    status: 'online',
    level: '',
    cpu: Math.min(1, (loadavg()[0] ?? 0) / cpus().length),
    maxcpu: cpus().length,
    mem: totalmem() - freemem(),
    maxmem: totalmem(),
    disk: used,
    maxdisk: total,
    uptime: uptime(node),
  };
}

/** Without Sys.Audit a node shows only that it is there. */
async function listNodes({ node, caller }: Call): Promise<unknown> {
  const brief = {
    type: 'node',
    status: 'online',
    ssl_fingerprint: node.settings.fingerprint,
    node: node.name,
    level: '',
    id: `node/${node.name}`,
  };
  if (!hasPrivilege(caller, `/nodes/${node.name}`, 'Sys.Audit')) return [brief];
  return [{ ...(await nodeFacts(node)), ...brief }];
}

async function nodeStatus({ node, caller }: Call): Promise<unknown> {
  requirePrivilege(caller, `/nodes/${node.name}`, 'Sys.Audit');
  const { total, used, avail } = await node.storage.usage();
  const [processor] = cpus();
  return {
    cpu: Math.min(1, (loadavg()[0] ?? 0) / cpus().length),
    idle: 0,
    wait: 0,
    uptime: uptime(node),
    loadavg: loadavg().map((value) => value.toFixed(2)),
    kversion: `Linux ${release()}`,
    'current-kernel': { sysname: 'Linux', release: release(), machine: 'x86_64', version: '#1 SMP' },
    pveversion: `pve-manager/${PVE_VERSION}/${REPOID}`,
    'boot-info': { mode: 'legacy-bios' },
    ksm: { shared: 0 },
    cpuinfo: {
      cores: cpus().length,
      cpus: cpus().length,
      sockets: 1,
      model: processor?.model ?? 'unknown',
      mhz: String(processor?.speed ?? 0),
      user_hz: 100,
      hvm: '',
      flags: '',
    },
    memory: { total: totalmem(), used: totalmem() - freemem(), free: freemem(), available: freemem() },
    swap: { total: 0, used: 0, free: 0 },
    rootfs: { total, used, avail, free: total - used },
  };
}

async function resources({ node, caller, raw }: Call): Promise<unknown> {
  const { type } = checkParams(raw, { type: { type: 'string', values: ['vm', 'storage', 'node', 'sdn'] } });
  const found: unknown[] = [];
  if (type === undefined || type === 'vm') {
    for (const id of Object.keys(node.file.state.vms)) {
      if (!hasPrivilege(caller, `/vms/${id}`, 'VM.Audit')) continue;
      found.push({
        ...(await vmSummary(node, Number(id))),
        type: 'qemu',
        id: `qemu/${id}`,
        node: node.name,
        template: 0,
      });
    }
  }
  if (type === undefined || type === 'node') found.push({ ...(await nodeFacts(node)), 'cgroup-mode': 2 });
  if ((type === undefined || type === 'storage') && hasPrivilege(caller, `/storage/${STORAGE}`, 'Datastore.Audit')) {
    const { total, used } = await node.storage.usage();
    found.push({
      type: 'storage',
      id: `storage/${node.name}/${STORAGE}`,
      node: node.name,
      storage: STORAGE,
      plugintype: 'dir',
      content: CONTENT.join(','),
      shared: 0,
      status: 'available',
      maxdisk: total,
      disk: used,
    });
  }
  if (type === undefined || type === 'sdn') {
    found.push({
      sdn: 'localnetwork',
      node: node.name,
      id: `sdn/${node.name}/localnetwork`,
      status: 'ok',
      type: 'sdn',
    });
  }
  return found;
}

async function nextId({ node, raw }: Call): Promise<unknown> {
  const { vmid } = checkParams(raw, { vmid: { ...int, minimum: 100, maximum: 999_999_999 } });
  const taken = node.file.state.vms;
  if (vmid !== undefined) {
    if (taken[vmid] !== undefined) throw badParameters({ vmid: `VM ${vmid} already exists` });
    return vmid;
  }
  let free = 100;
  while (taken[String(free)] !== undefined) free++;
  return String(free);
}

async function networks({ node, caller, raw }: Call): Promise<unknown> {
  const { type } = checkParams(raw, { type: str });
  // Bridges can be seen by whoever may use them, everything else by auditors.
  const may =
    hasPrivilege(caller, `/nodes/${node.name}`, 'Sys.Audit') ||
    hasPrivilege(caller, '/sdn/zones/localnetwork', 'SDN.Use');
  if (!may || (type !== undefined && !['any_bridge', 'bridge', 'include_sdn', 'any_local_bridge'].includes(type)))
    return [];
  const [address = '', prefix = '24'] = node.settings.address.split('/');
  return Object.keys(node.settings.bridges).map((iface, index) => ({
    iface,
    type: 'bridge',
    active: 1,
    priority: 3 + index,
    families: ['inet'],
    method: 'static',
    method6: 'manual',
    address,
    netmask: prefix,
    cidr: `${address}/${prefix}`,
    bridge_ports: '',
    bridge_stp: 'off',
    bridge_fd: '0',
  }));
}

export const clusterRoutes: readonly Route[] = [
  route('GET', '/version', async () => ({
    version: PVE_VERSION,
    release: PVE_VERSION.split('.').slice(0, 2).join('.'),
    repoid: REPOID,
  })),
  route('GET', '/nodes', listNodes),
  route('GET', '/nodes/{node}/status', nodeStatus),
  route('GET', '/nodes/{node}/version', async () => ({ version: PVE_VERSION, release: '8.4', repoid: REPOID })),
  route('GET', '/nodes/{node}/network', networks),
  route('GET', '/cluster/status', async ({ node }) => [
    {
      type: 'node',
      id: `node/${node.name}`,
      name: node.name,
      nodeid: 0,
      online: 1,
      local: 1,
      level: '',
      ip: node.settings.address.split('/')[0],
    },
  ]),
  route('GET', '/cluster/resources', resources),
  route('GET', '/cluster/nextid', nextId),
  route('GET', '/access/permissions', async ({ caller }) => permissionsOf(caller)),
];
