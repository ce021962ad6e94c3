import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeCidata } from '../guest/cidata.js';
import { SerialPort } from '../guest/serial-port.js';
import { metaData, networkConfig, userData } from './cloudinit.js';
import { died } from './fault.js';
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

/** Seconds PVE waits when the request names none. */
export const SHUTDOWN_TIMEOUT = 60;

/** @throws when the guest does not go in time and `forceStop` does not say to end it then */
export async function shutdownVm(
  node: LabNode,
  vmid: number,
  task: TaskHandle,
  params: Readonly<Record<string, string>>,
): Promise<void> {
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
}
