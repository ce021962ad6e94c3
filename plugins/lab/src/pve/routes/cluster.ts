import { cpus, freemem, totalmem, loadavg, release, version as build } from 'node:os';
import { hasPrivilege, requirePrivilege, type Caller } from '../access.js';
import { badParameters } from '../fault.js';
import { haStatus, isManaged } from '../ha.js';
import type { LabNode } from '../node.js';
import { checkParams, int, str } from '../params.js';
import { route, type Call, type Route } from '../router.js';
import { isVmid, NO_VMID } from './common.js';
import { vmSummary } from './status.js';
import { releaseOf, repoidOf } from '../versions.js';

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
async function nodeRow(node: LabNode, caller: Caller): Promise<Record<string, unknown>> {
  const brief = { type: 'node', status: 'online', node: node.name, level: '', id: `node/${node.name}` };
  return hasPrivilege(caller, `/nodes/${node.name}`, 'Sys.Audit') ? { ...(await nodeFacts(node)), ...brief } : brief;
}

async function listNodes({ node: local, caller }: Call): Promise<unknown> {
  return Promise.all(
    [...local.cluster.values()].map(async (node) => ({
      ...(await nodeRow(node, caller)),
      ssl_fingerprint: node.settings.fingerprint,
    })),
  );
}

async function nodeStatus({ node, caller, local }: Call): Promise<unknown> {
  requirePrivilege(caller, `/nodes/${node.name}`, 'Sys.Audit');
  const { total, used, avail } = await node.storage.usage();
  const [processor] = cpus();
  return {
    // Computed between two looks of one process: a program of the host has only one.
    cpu: local ? 0 : Math.min(1, (loadavg()[0] ?? 0) / cpus().length),
    idle: 0,
    wait: 0,
    uptime: uptime(node),
    loadavg: loadavg().map((value) => value.toFixed(2)),
    kversion: `Linux ${release()}`,
    'current-kernel': { sysname: 'Linux', release: release(), machine: 'x86_64', version: build() },
    pveversion: `pve-manager/${node.settings.version}/${repoidOf(node.settings.version)}`,
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
      ...(node.isVersion9 && { family: '6', vendor: 'GenuineIntel' }),
    },
    memory: {
      total: totalmem(),
      used: totalmem() - freemem(),
      free: freemem(),
      ...(node.isVersion9 && { available: freemem() }),
    },
    swap: { total: 0, used: 0, free: 0 },
    rootfs: { total, used, avail, free: total - used },
  };
}

async function storageResources(node: LabNode, caller: Caller): Promise<readonly unknown[]> {
  const seen = node.storage.all.filter(({ storage }) => hasPrivilege(caller, `/storage/${storage}`, 'Datastore.Audit'));
  return Promise.all(
    seen.map(async ({ storage, type, content }) => {
      const { total, used } = await node.storage.usage(storage);
      return {
        type: 'storage',
        id: `storage/${node.name}/${storage}`,
        node: node.name,
        storage,
        plugintype: type,
        content: content.join(','),
        shared: node.storage.isShared(storage) ? 1 : 0,
        status: 'available',
        maxdisk: total,
        disk: used,
      };
    }),
  );
}

/** The zone of a host's own bridges, which got another name in Proxmox VE 9. */
function localZone({ name, isVersion9 }: LabNode): Record<string, unknown> {
  const common = { node: name, status: 'ok' };
  if (!isVersion9) return { ...common, sdn: 'localnetwork', id: `sdn/${name}/localnetwork`, type: 'sdn' };
  const id = `network/${name}/zone/localnetwork`;
  return { ...common, id, type: 'network', network: 'localnetwork', 'network-type': 'zone' };
}

async function resources({ node, caller, raw }: Call): Promise<unknown> {
  const { type } = checkParams(raw, {
    type: { type: 'string', values: ['vm', 'storage', 'node', 'sdn', ...(node.isVersion9 ? ['network'] : [])] },
  });
  const found: unknown[] = [];
  if (type === undefined || type === 'vm') {
    for (const [id, record] of Object.entries(node.file.state.vms)) {
      if (!hasPrivilege(caller, `/vms/${id}`, 'VM.Audit')) continue;
      const carrier = node.carrier(record);
      const { cpus: maxcpu, ...summary } = await vmSummary(carrier, Number(id));
      found.push({
        ...summary,
        maxcpu,
        type: 'qemu',
        id: `qemu/${id}`,
        node: carrier.name,
        template: record.config['template'] === 1 ? 1 : 0,
        ...(isManaged(node, Number(id)) ? { hastate: haStatus(node, Number(id))['state'] ?? 'queued' } : {}),
      });
    }
  }
  for (const each of node.cluster.values()) {
    if (type === undefined || type === 'node') found.push({ ...(await nodeRow(each, caller)), 'cgroup-mode': 2 });
    if (type === undefined || type === 'storage') found.push(...(await storageResources(each, caller)));
    const sdn = type === undefined || type === (node.isVersion9 ? 'network' : 'sdn');
    if (sdn && hasPrivilege(caller, '/sdn/zones/localnetwork', 'SDN.Audit')) found.push(localZone(each));
  }
  return found;
}

async function nextId({ node, raw }: Call): Promise<unknown> {
  const { vmid } = checkParams(raw, { vmid: { ...int, format: (text) => (isVmid(text) ? undefined : NO_VMID) } });
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
  if (type !== undefined && !['any_bridge', 'bridge', 'include_sdn', 'any_local_bridge'].includes(type)) return [];
  // Bridges can be seen by whoever may use them.
  const seen = (iface: string): boolean =>
    ['SDN.Audit', 'SDN.Use'].some((each) => hasPrivilege(caller, `/sdn/zones/localnetwork/${iface}`, each));
  const [address = '', prefix = '24'] = node.settings.address.split('/');
  return Object.keys(node.settings.bridges)
    .filter(seen)
    .map((iface, index) => ({
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
      bridge_ports: node.bridge(iface).ports,
      ...(node.bridge(iface).vlanAware && { bridge_vlan_aware: 1 }),
      ...(node.isVersion9 && { autostart: 1 }),
      bridge_stp: 'off',
      bridge_fd: '0',
    }));
}

async function version({ node }: Call): Promise<unknown> {
  const { version: full } = node.settings;
  return { version: full, release: releaseOf(full), repoid: repoidOf(full) };
}

/** A node alone is no cluster: it says nothing of one. */
async function clusterStatus({ node: local }: Call): Promise<unknown> {
  const nodes = [...local.cluster.values()];
  const rows = nodes.map((node, index) => ({
    type: 'node',
    id: `node/${node.name}`,
    name: node.name,
    nodeid: nodes.length === 1 ? 0 : index + 1,
    online: 1,
    local: node === local ? 1 : 0,
    level: '',
    ip: node.settings.address.split('/')[0],
  }));
  if (nodes.length === 1) return rows;
  const clusterRow = {
    type: 'cluster',
    id: 'cluster',
    name: 'lab',
    nodes: nodes.length,
    quorate: 1,
    version: nodes.length,
  };
  return [clusterRow, ...rows];
}

export const clusterRoutes: readonly Route[] = [
  route('GET', '/version', version),
  route('GET', '/nodes', listNodes),
  route('GET', '/nodes/{node}/status', nodeStatus),
  route('GET', '/nodes/{node}/version', version),
  route('GET', '/nodes/{node}/network', networks),
  route('GET', '/nodes/{node}/time', async ({ node, caller }) => {
    requirePrivilege(caller, `/nodes/${node.name}`, 'Sys.Audit');
    const time = Math.floor(Date.now() / 1000);
    return { time, localtime: time, timezone: node.isVersion9 ? 'Etc/UTC' : 'UTC' };
  }),
  route('GET', '/cluster/status', clusterStatus),
  route('GET', '/cluster/resources', resources),
  route('GET', '/cluster/nextid', nextId),
];
