import { nicUsage, type GuestUsage } from '../../guest/usage.js';
import type { LabNode } from '../node.js';
import { hasPrivilege, requirePrivilege } from '../access.js';
import { maxDisk } from '../disks.js';
import { died } from '../fault.js';
import { haStatus, isManaged, requestHaStart, requestHaStop } from '../ha.js';
import { SHUTDOWN_TIMEOUT, shutdownVm, startVm } from '../power.js';
import { bool, checkParams, int, str, type ParamSpecs } from '../params.js';
import { route, type Call, type Route } from '../router.js';
import type { TaskHandle } from '../tasks.js';
import { configWithDigest, vmidOf, vmPath } from './common.js';

/** The row of a VM in lists: the load as it was measured last, everything else as it is now. */
export async function vmSummary(node: LabNode, vmid: number): Promise<Record<string, unknown>> {
  const record = node.vm(vmid);
  const spec = node.spec(vmid, record);
  const state = await node.backend.state(spec);
  const running = state !== 'stopped';
  const tags = String(record.config['tags'] ?? '');
  // A guest that is just going has used nothing.
  const used = running ? await node.backend.usage(spec).catch((): GuestUsage => ({})) : {};
  const maxmem = spec.memoryMiB * 1024 * 1024;
  return {
    vmid,
    name: spec.name,
    status: running ? 'running' : 'stopped',
    cpu: running ? (node.statistics.latest(vmid)?.['cpu'] ?? 0) : 0,
    cpus: spec.cores,
    mem: Math.min(used.mem ?? 0, maxmem),
    ...(node.isVersion9 && { memhost: Math.min(used.mem ?? 0, maxmem) }),
    maxmem,
    disk: 0,
    maxdisk: maxDisk(record),
    uptime: running ? Math.max(1, Math.floor((Date.now() - (record.startedAt ?? Date.now())) / 1000)) : 0,
    netin: used.netin ?? 0,
    netout: used.netout ?? 0,
    diskread: used.diskread ?? 0,
    diskwrite: used.diskwrite ?? 0,
    ...(tags === '' ? {} : { tags: tags.split(/[;, ]/).toSorted().join(';') }),
    ...(record.lock === undefined ? {} : { lock: record.lock }),
  };
}

/** Since Proxmox VE 9; guests of the lab wait for nothing that is measured. */
export const PRESSURE = Object.fromEntries(
  ['cpu', 'io', 'memory'].flatMap((what) => ['full', 'some'].map((how) => [`pressure${what}${how}`, 0] as const)),
);

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
  const { diskread, diskwrite, ...measured } = await vmSummary(node, vmid);
  // The load is computed between two looks of one process, and a program of the host has only one.
  const summary = { ...measured, ...(call.local && { cpu: 0 }) };
  const spec = node.spec(vmid, record);
  const state = await node.backend.state(spec);
  const common = {
    ...summary,
    ha: haStatus(node, vmid),
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
    ...(node.isVersion9 && PRESSURE),
    blockstat: Object.fromEntries(spec.disks.map((disk) => [disk.slot, {}])),
    nics: Object.fromEntries(
      await Promise.all(spec.nics.map(async (nic) => [`tap${vmid}i${nic.index}`, await nicUsage([nic])] as const)),
    ),
    'running-machine': 'pc-i440fx-7.2+pve0',
    'running-qemu': '7.2.0',
    'proxmox-support': PROXMOX_SUPPORT,
  };
}

type PowerWork = (
  call: Call,
  vmid: number,
  task: TaskHandle,
  params: Readonly<Record<string, string>>,
) => Promise<void>;

/** A task that only asks the HA manager. */
interface HaRequest {
  readonly type: 'hastart' | 'hastop';
  readonly ask: (node: LabNode, vmid: number, task: TaskHandle, params: Readonly<Record<string, string>>) => void;
}

/** A power action: a task under the VM's lock; what is wrong is in the task. Of an HA-managed VM `ha` where there is one. */
function power(action: string, type: string, specs: ParamSpecs, work: PowerWork, more: PowerOptions = {}): Route {
  const { ha } = more;
  return route('POST', `/nodes/{node}/qemu/{vmid}/status/${action}`, async (call) => {
    const vmid = vmidOf(call);
    requirePrivilege(call.caller, vmPath(vmid), 'VM.PowerMgmt');
    const params = checkParams(call.raw, { skiplock: bool, ...specs });
    const running = await isUp(call.node, vmid);
    // Asked whether it is paused, a VM that does not run says so on the side.
    if (more.asksPaused === true && !running) call.warn(`VM ${vmid} not running\n`);
    if (more.onlyRunning === true && !running) throw died(`VM ${vmid} not running`);
    const { tasks } = call.node;
    if (ha !== undefined && isManaged(call.node, vmid))
      return tasks.start(ha.type, String(vmid), call.caller, async (task) => ha.ask(call.node, vmid, task, params));
    return tasks.start(type, String(vmid), call.caller, (task) =>
      call.node.withLock(vmid, () => work(call, vmid, task, params)),
    );
  });
}

interface PowerOptions {
  readonly ha?: HaRequest;
  /** Refused at once, before there is a task. */
  readonly onlyRunning?: boolean;
  readonly asksPaused?: boolean;
}

/** Also of a VM that is not there: what is wrong with that is found out later. */
async function isUp(node: LabNode, vmid: number): Promise<boolean> {
  const record = node.file.state.vms[String(vmid)];
  return record !== undefined && node.carrier(record) === node && (await node.isRunning(vmid, record));
}

const haStart: HaRequest = { type: 'hastart', ask: requestHaStart };
const haKill: HaRequest = { type: 'hastop', ask: (node, vmid, task) => requestHaStop(node, vmid, 0, task) };
const haShutdown: HaRequest = {
  type: 'hastop',
  ask: (node, vmid, task, { timeout }) => requestHaStop(node, vmid, Number(timeout ?? SHUTDOWN_TIMEOUT), task),
};

const start: PowerWork = ({ node }, vmid, task) => startVm(node, vmid, task);

const stop: PowerWork = async ({ node }, vmid, _task, params) => {
  if (node.file.state.vms[String(vmid)] === undefined)
    throw died(`unable to find configuration file for VM ${vmid} on node '${node.name}'`);
  const record = node.vm(vmid);
  if (!(await node.isRunning(vmid, record))) return;
  if (params['skiplock'] !== '1') node.checkLock(record);
  await node.backend.stop(node.spec(vmid, record));
};

const shutdown: PowerWork = ({ node }, vmid, task, params) => shutdownVm(node, vmid, task, params);

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

async function list(call: Call): Promise<unknown> {
  const { node, caller } = call;
  const rows: unknown[] = [];
  for (const [id] of node.own) {
    if (!hasPrivilege(caller, `/vms/${id}`, 'VM.Audit')) continue;
    const row = await vmSummary(node, id);
    const load = call.local ? { cpu: 0 } : {};
    rows.push(row['status'] === 'running' ? { ...row, ...load, pid: 1 } : row);
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
  power('start', 'qmstart', { timeout: int, machine: str, stateuri: str }, start, { ha: haStart }),
  power('stop', 'qmstop', { timeout: int, keepActive: bool, 'overrule-shutdown': bool }, stop, { ha: haKill }),
  power('shutdown', 'qmshutdown', { timeout: int, forceStop: bool, keepActive: bool }, shutdown, {
    ha: haShutdown,
    asksPaused: true,
  }),
  power('reboot', 'qmreboot', { timeout: int }, reboot, { onlyRunning: true, asksPaused: true }),
  power(
    'reset',
    'qmreset',
    {},
    whileRunning((node, spec) => node.backend.reset(spec)),
    { onlyRunning: true },
  ),
  power(
    'suspend',
    'qmpause',
    { todisk: bool },
    whileRunning((node, spec) => node.backend.suspend(spec)),
    { onlyRunning: true },
  ),
  power(
    'resume',
    'qmresume',
    { nocheck: bool },
    whileRunning((node, spec) => node.backend.resume(spec)),
    { onlyRunning: true },
  ),
];
