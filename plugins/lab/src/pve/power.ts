import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeCidata } from '../guest/cidata.js';
import { SerialPort } from '../guest/serial-port.js';
import { metaData, networkConfig, userData } from './cloudinit.js';
import { died } from './fault.js';
import { mtuWarning, vlanProblem } from './network-devices.js';
import type { LabNode } from './node.js';
import { applyPending, noteCloudInit } from './pending.js';
import { parseProperties } from './property-string.js';
import type { VmRecord } from './state.js';
import { cidataFile, isCloudInit } from './storage.js';
import type { TaskHandle } from './tasks.js';

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
  const state = await node.backend.state(node.spec(vmid, record));
  if (record.lock === 'backup' && state !== 'stopped') {
    // A backup goes on: the guest in the QEMU that is there goes on, too.
    if (state === 'paused') await node.backend.resume(node.spec(vmid, record));
    return;
  }
  if (record.config['template'] === 1) throw died("you can't start a vm if it's a template");
  node.checkLock(record);
  if (state !== 'stopped') throw died(`VM ${vmid} already running`);
  applyPending(record);
  noteCloudInit(record);
  const spec = node.spec(vmid, record);
  if (await writeCloudInit(node, vmid, record)) task.log('generating cloud-init ISO');
  for (const [key, value] of Object.entries(record.config)) {
    if (!/^net\d+$/.test(key)) continue;
    const bridge = parseProperties(String(value), 'model').get('bridge');
    const missing = bridge !== undefined && node.settings.bridges[bridge] === undefined;
    const problem = missing ? `bridge '${bridge}' does not exist` : vlanProblem(node, String(value));
    if (problem === undefined) continue;
    const index = key.slice(3);
    task.log(problem);
    task.log(
      `kvm: -netdev type=tap,id=${key},ifname=tap${vmid}i${index},script=/usr/libexec/qemu-server/pve-bridge,downscript=/usr/libexec/qemu-server/pve-bridgedown: network script /usr/libexec/qemu-server/pve-bridge failed with status 512`,
    );
    throw died('start failed: QEMU exited with code 1');
  }
  for (const [key, value] of Object.entries(record.config)) {
    const warning = /^net\d+$/.test(key) ? mtuWarning(key, String(value)) : undefined;
    if (warning !== undefined) task.warn(warning);
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

/** Seconds PVE waits when the request names none. */
export const SHUTDOWN_TIMEOUT = 60;

/** @throws when the guest does not go in time and `forceStop` does not say to end it then */
export async function shutdownVm(
  node: LabNode,
  vmid: number,
  task: TaskHandle,
  params: Readonly<Record<string, string>>,
): Promise<void> {
  const record = node.vm(vmid);
  const spec = node.spec(vmid, record);
  if ((await node.backend.state(spec)) === 'stopped') return;
  if (params['skiplock'] !== '1') node.checkLock(record);
  if (spec.agent) {
    await node.backend
      .agent(spec)
      .call('guest-ping', undefined, 3000)
      .catch(() =>
        task.log(
          `QEMU Guest Agent is not running - VM ${vmid} ${node.isVersion9 ? 'qga' : 'qmp'} command 'guest-ping' failed - got timeout`,
        ),
      );
  }
  if (await node.backend.shutdown(spec, Number(params['timeout'] ?? SHUTDOWN_TIMEOUT) * 1000)) return;
  if (params['forceStop'] !== '1') throw died('VM quit/powerdown failed - got timeout');
  task.log('VM still running - terminating now with SIGTERM');
  await node.backend.stop(spec);
}
