import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabNode } from '../node.js';
import { cidataFile, isCloudInit } from '../storage.js';
import { hasPrivilege, requirePrivilege } from '../access.js';
import { metaData, networkConfig, userData } from '../cloudinit.js';
import { died } from '../fault.js';
import { applyPending, noteCloudInit } from '../pending.js';
import { bool, checkParams, int, str, type ParamSpecs } from '../params.js';
import { parseProperties, parseSize } from '../property-string.js';
import { route, type Call, type Route } from '../router.js';
import type { VmRecord } from '../state.js';
import type { TaskHandle } from '../tasks.js';
import { writeCidata } from '../../guest/cidata.js';
import { SerialPort } from '../../guest/serial-port.js';
import { configWithDigest, vmidOf, vmPath } from './common.js';

function maxDisk(record: VmRecord): number {
  const [, bootDisk = 'scsi0'] = /order=([a-z]+\d+)/.exec(String(record.config['boot'] ?? '')) ?? [];
  const size = parseProperties(String(record.config[bootDisk] ?? ''), 'file').get('size');
  return size === undefined ? 0 : (parseSize(size) ?? 0);
}

/** The row of a VM in lists. */
export async function vmSummary(node: LabNode, vmid: number): Promise<Record<string, unknown>> {
  const record = node.vm(vmid);
  const spec = node.spec(vmid, record);
  const state = await node.backend.state(spec);
  const running = state !== 'stopped';
  const tags = String(record.config['tags'] ?? '');
  return {
    vmid,
    name: spec.name,
    status: running ? 'running' : 'stopped',
    cpu: 0,
    cpus: spec.cores,
    mem: running ? Math.round(spec.memoryMiB * 1024 * 1024 * 0.4) : 0,
    maxmem: spec.memoryMiB * 1024 * 1024,
    disk: 0,
    maxdisk: maxDisk(record),
    uptime: running ? Math.max(1, Math.floor((Date.now() - (record.startedAt ?? Date.now())) / 1000)) : 0,
    netin: 0,
    netout: 0,
    diskread: 0,
    diskwrite: 0,
    ...(tags === '' ? {} : { tags: tags.split(/[;, ]/).toSorted().join(';') }),
    ...(record.lock === undefined ? {} : { lock: record.lock }),
  };
}

/** What a node without a backup server says. */
const PROXMOX_SUPPORT = {
  'pbs-library-version': 'lab',
  'pbs-dirty-bitmap': true,
  'pbs-dirty-bitmap-savevm': true,
  'pbs-dirty-bitmap-migration': true,
  'pbs-masterkey': true,
  'query-bitmap-info': true,
  'backup-max-workers': true,
};

async function current(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const vmid = vmidOf(call);
  requirePrivilege(caller, vmPath(vmid), 'VM.Audit');
  const record = node.vm(vmid);
  const { diskread, diskwrite, ...summary } = await vmSummary(node, vmid);
  const spec = node.spec(vmid, record);
  const state = await node.backend.state(spec);
  const common = {
    ...summary,
    ha: { managed: 0 },
    clipboard: null,
    qmpstatus: state,
    ...(spec.agent ? { agent: 1 } : {}),
    ...(record.config['serial0'] === undefined ? {} : { serial: 1 }),
  };
  if (state === 'stopped') return common;
  return {
    ...common,
    diskread,
    diskwrite,
    pid: 1,
    blockstat: Object.fromEntries(spec.disks.map((disk) => [disk.slot, {}])),
    nics: Object.fromEntries(spec.nics.map((nic) => [`tap${vmid}i${nic.index}`, { netin: 0, netout: 0 }])),
    'running-machine': 'pc-i440fx-7.2+pve0',
    'running-qemu': '7.2.0',
    'proxmox-support': PROXMOX_SUPPORT,
  };
}

/** Writes the cloud-init drive from the configuration as it is now. */
export async function writeCloudInit(node: LabNode, vmid: number, record: VmRecord): Promise<boolean> {
  const slot = Object.entries(record.config).find(([, value]) =>
    isCloudInit(parseProperties(String(value), 'file').get('file') ?? ''),
  );
  if (slot === undefined) return false;
  const volid = parseProperties(String(slot[1]), 'file').get('file') ?? '';
  const user = userData(vmid, record.config);
  const network = networkConfig(record.config, []);
  await writeCidata(cidataFile(node.storage.path(volid)), {
    userData: user,
    networkConfig: network,
    metaData: metaData(user, network),
  });
  return true;
}

/** Where a real node has it: the host shell sees this folder as /run/qemu-server. */
export async function openSerialPort(node: LabNode, vmid: number): Promise<void> {
  const record = node.vm(vmid);
  const path = join(node.settings.stateDir, 'qemu-server', `${vmid}.serial0`);
  const port = new SerialPort(path, node.backend.serialLog(node.spec(vmid, record)), () =>
    node.isRunning(vmid, record),
  );
  await port.open();
}

export async function startVm(node: LabNode, vmid: number, task: TaskHandle): Promise<void> {
  const record = node.vm(vmid);
  node.checkLock(record);
  if ((await node.backend.state(node.spec(vmid, record))) !== 'stopped') throw died(`VM ${vmid} already running`);
  applyPending(record);
  noteCloudInit(record);
  const spec = node.spec(vmid, record);
  if (await writeCloudInit(node, vmid, record)) task.log('generating cloud-init ISO');
  for (const [key, value] of Object.entries(record.config)) {
    if (!/^net\d+$/.test(key)) continue;
    const bridge = parseProperties(String(value), 'model').get('bridge');
    if (bridge === undefined || node.settings.bridges[bridge] !== undefined) continue;
    const index = key.slice(3);
    task.log(`bridge '${bridge}' does not exist`);
    task.log(
      `kvm: -netdev type=tap,id=${key},ifname=tap${vmid}i${index},script=/usr/libexec/qemu-server/pve-bridge,downscript=/usr/libexec/qemu-server/pve-bridgedown: network script /usr/libexec/qemu-server/pve-bridge failed with status 512`,
    );
    throw died('start failed: QEMU exited with code 1');
  }
  await mkdir(spec.runDir, { recursive: true });
  try {
    await node.backend.start(spec);
  } catch (error) {
    task.log((error as Error).message);
    throw died(`start failed: ${(error as Error).message}`);
  }
  record.startedAt = Date.now();
  node.file.save();
  if (record.config['serial0'] === 'socket') await openSerialPort(node, vmid);
}

type PowerWork = (
  call: Call,
  vmid: number,
  task: TaskHandle,
  params: Readonly<Record<string, string>>,
) => Promise<void>;

/** A power action: a task under the VM's lock; what is wrong is in the task. */
function power(action: string, type: string, specs: ParamSpecs, work: PowerWork): Route {
  return route('POST', `/nodes/{node}/qemu/{vmid}/status/${action}`, async (call) => {
    const vmid = vmidOf(call);
    requirePrivilege(call.caller, vmPath(vmid), 'VM.PowerMgmt');
    const params = checkParams(call.raw, { skiplock: bool, ...specs });
    return call.node.tasks.start(type, String(vmid), call.caller, (task) =>
      call.node.withLock(vmid, () => work(call, vmid, task, params)),
    );
  });
}

const start: PowerWork = ({ node }, vmid, task) => startVm(node, vmid, task);

const stop: PowerWork = async ({ node }, vmid) => {
  await node.backend.stop(node.spec(vmid, node.vm(vmid)));
};

/** Seconds PVE waits when the request names none. */
const SHUTDOWN_TIMEOUT = 60;

const shutdown: PowerWork = async ({ node }, vmid, task, params) => {
  const spec = node.spec(vmid, node.vm(vmid));
  if ((await node.backend.state(spec)) === 'stopped') return;
  if (spec.agent) {
    await node.backend
      .agent(spec)
      .call('guest-ping', undefined, 3000)
      .catch(() =>
        task.log(`QEMU Guest Agent is not running - VM ${vmid} qmp command 'guest-ping' failed - got timeout`),
      );
  }
  if (await node.backend.shutdown(spec, Number(params['timeout'] ?? SHUTDOWN_TIMEOUT) * 1000)) return;
  if (params['forceStop'] !== '1') throw died('VM quit/powerdown failed - got timeout');
  task.log('VM still running - terminating now with SIGTERM');
  await node.backend.stop(spec);
};

const reboot: PowerWork = async (call, vmid, task, params) => {
  await shutdown(call, vmid, task, params);
  await startVm(call.node, vmid, task);
};

/** Something only a running VM can do. */
function whileRunning(act: (node: LabNode, spec: ReturnType<LabNode['spec']>) => Promise<void>): PowerWork {
  return async ({ node }, vmid) => {
    const spec = node.spec(vmid, node.vm(vmid));
    if ((await node.backend.state(spec)) === 'stopped') throw died(`VM ${vmid} not running`);
    await act(node, spec);
  };
}

async function list({ node, caller }: Call): Promise<unknown> {
  const rows: unknown[] = [];
  for (const [id] of node.own) {
    if (!hasPrivilege(caller, `/vms/${id}`, 'VM.Audit')) continue;
    const row = await vmSummary(node, id);
    rows.push(row['status'] === 'running' ? { ...row, pid: 1 } : row);
  }
  return rows;
}

export const statusRoutes: readonly Route[] = [
  route('GET', '/nodes/{node}/qemu', list),
  route('GET', '/nodes/{node}/qemu/{vmid}/status/current', current),
  route('GET', '/nodes/{node}/qemu/{vmid}/config', async (call) => {
    const vmid = vmidOf(call);
    requirePrivilege(call.caller, vmPath(vmid), 'VM.Audit');
    const { current } = checkParams(call.raw, { current: bool, snapshot: str });
    return configWithDigest(call.node.vm(vmid), current === '1');
  }),
  power('start', 'qmstart', { timeout: int, machine: str, stateuri: str }, start),
  power('stop', 'qmstop', { timeout: int, keepActive: bool, 'overrule-shutdown': bool }, stop),
  power('shutdown', 'qmshutdown', { timeout: int, forceStop: bool, keepActive: bool }, shutdown),
  power('reboot', 'qmreboot', { timeout: int }, reboot),
  power(
    'reset',
    'qmreset',
    {},
    whileRunning((node, spec) => node.backend.reset(spec)),
  ),
  power(
    'suspend',
    'qmpause',
    { todisk: bool },
    whileRunning((node, spec) => node.backend.suspend(spec)),
  ),
  power(
    'resume',
    'qmresume',
    { nocheck: bool },
    whileRunning((node, spec) => node.backend.resume(spec)),
  ),
];
