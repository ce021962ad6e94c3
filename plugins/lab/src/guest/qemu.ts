import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';

import { addDevice, removeDevice, setDevice, tapArgvs } from '../net/devices.js';
import type { AgentChannel, GuestBackend, GuestDisk, GuestNic, GuestSpec, GuestState } from './backend.js';
import { snapshotImage, type SnapshotAction } from './disk-snapshot.js';
import { NoAnswer } from './line-socket.js';
import { end, identify, loadRef, run, saveRef, waitGone, type ProcessRef } from './process.js';
import { AgentDown, SocketAgent } from './qga.js';
import { driveId, qemuArgv, qemuFiles, type Accel, type QemuFiles } from './qemu-argv.js';
import { qmp } from './qmp.js';
import { nicUsage, processUsage, type GuestUsage } from './usage.js';

export interface QemuOptions {
  /** Decided once by `detectAccel`. */
  readonly accel: Accel;
}

/** Of what QMP says of a disk. */
interface BlockCounters {
  readonly rd_bytes: number;
  readonly wr_bytes: number;
}

/**
 * Guests that are real machines: own kernel, firmware, boot, cloud-init, systemd. Each is a daemonized QEMU that
 * outlives the lab's daemon; nothing is remembered here, every answer comes from the process and its QMP socket.
 *
 * What it cannot show: PVE's device layout (disks are virtio-blk, so /dev/vda; the cloud-init drive is no CD), a boot
 * loader, speed (without KVM the processor is emulated, ten to twenty times slower), durable disks (flushes are ignored).
 */
export class QemuBackend implements GuestBackend {
  readonly kind = 'qemu';
  readonly #accel: Accel;

  constructor(options: QemuOptions) {
    this.#accel = options.accel;
  }

  async start(spec: GuestSpec): Promise<void> {
    if ((await this.#process(spec)) !== undefined) throw new Error(`VM ${String(spec.vmid)} already running`);
    await mkdir(spec.runDir, { recursive: true });
    const files = qemuFiles(spec.runDir);
    const argv = qemuArgv(spec, this.#accel);
    for (const file of [files.pid, files.ref, files.qmp, files.agent]) await rm(file, { force: true });
    try {
      for (const nic of spec.nics)
        await addDevice(nic.hostDevice, tapArgvs(nic.hostDevice, nic.bridgeDevice, !nic.linkDown));
      await run(argv); // returns once the machine exists: QEMU has gone into the background by then
      const machine = await identify(Number(await readFile(files.pid, 'utf8')));
      if (machine === undefined) throw new Error('QEMU ended right after its start');
      await saveRef(files.ref, machine);
      for (const nic of spec.nics) if (nic.linkDown) await this.setLink(spec, nic);
    } catch (error) {
      await removeTaps(spec);
      throw error;
    }
  }

  async state(spec: GuestSpec): Promise<GuestState> {
    if ((await this.#process(spec)) === undefined) return 'stopped';
    try {
      const { status } = (await this.#qmp(spec, 'query-status')) as { status: string };
      return status === 'paused' ? 'paused' : 'running';
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      return (await this.#process(spec)) === undefined ? 'stopped' : 'running';
    }
  }

  async shutdown(spec: GuestSpec, timeoutMs: number): Promise<boolean> {
    const machine = await this.#process(spec);
    if (machine === undefined) return true;
    const deadline = Date.now() + timeoutMs;
    if (!(spec.agent && (await this.#agentShutdown(spec)))) await this.#qmp(spec, 'system_powerdown');
    if (!(await waitGone(machine, Math.max(0, deadline - Date.now())))) return false;
    await removeTaps(spec);
    return true;
  }

  async stop(spec: GuestSpec): Promise<void> {
    const machine = await this.#process(spec);
    if (machine !== undefined) await end(machine, 3000); // on TERM, QEMU closes its disks and exits
    await removeTaps(spec);
  }

  async reset(spec: GuestSpec): Promise<void> {
    await this.#qmp(spec, 'system_reset');
  }

  async suspend(spec: GuestSpec): Promise<void> {
    await this.#qmp(spec, 'stop');
  }

  async resume(spec: GuestSpec): Promise<void> {
    await this.#qmp(spec, 'cont');
  }

  agent(spec: GuestSpec): AgentChannel {
    return new SocketAgent(qemuFiles(spec.runDir).agent);
  }

  async usage(spec: GuestSpec): Promise<GuestUsage> {
    const machine = await this.#process(spec);
    if (machine === undefined) return {};
    const blocks = (await this.#qmp(spec, 'query-blockstats')) as readonly { readonly stats: BlockCounters }[];
    const sum = (name: keyof BlockCounters): number => blocks.reduce((total, { stats }) => total + stats[name], 0);
    return {
      ...(await processUsage(machine.pid)),
      ...(await nicUsage(spec.nics)),
      diskread: sum('rd_bytes'),
      diskwrite: sum('wr_bytes'),
    };
  }

  serialLog(spec: GuestSpec): string {
    return qemuFiles(spec.runDir).serial;
  }

  async diskSnapshot(action: SnapshotAction, spec: GuestSpec, disk: GuestDisk, name: string): Promise<void> {
    if ((await this.#process(spec)) === undefined) {
      await snapshotImage(action, disk.file, name);
      return;
    }
    if (action === 'rollback') throw new Error('a running guest cannot be rolled back');
    const command = action === 'create' ? 'blockdev-snapshot-internal-sync' : 'blockdev-snapshot-delete-internal-sync';
    await this.#qmp(spec, command, { device: driveId(disk.slot), name });
  }

  async setLink(spec: GuestSpec, nic: GuestNic): Promise<void> {
    await this.#qmp(spec, 'set_link', { name: `nic-net${String(nic.index)}`, up: !nic.linkDown });
    await setDevice(nic.hostDevice, !nic.linkDown);
  }

  async growDisk(spec: GuestSpec, slot: string, bytes: number): Promise<void> {
    await this.#qmp(spec, 'block_resize', { device: driveId(slot), size: bytes });
  }

  /** The running machine. When it has ended by itself (the guest powered off), the taps it left are removed. */
  async #process(spec: GuestSpec): Promise<ProcessRef | undefined> {
    const files = qemuFiles(spec.runDir);
    const recorded = existsSync(files.ref);
    const machine = (await loadRef(files.ref)) ?? (await adopt(files));
    if (machine === undefined && recorded) await removeTaps(spec);
    return machine;
  }

  async #agentShutdown(spec: GuestSpec): Promise<boolean> {
    try {
      await this.agent(spec).call('guest-ping', undefined, 3000);
      await this.agent(spec).call('guest-shutdown', { mode: 'powerdown' }, 5000);
      return true;
    } catch (error) {
      if (error instanceof AgentDown) return false;
      throw error;
    }
  }

  async #qmp(spec: GuestSpec, execute: string, args?: Record<string, unknown>): Promise<unknown> {
    return qmp(qemuFiles(spec.runDir).qmp, { execute, ...(args !== undefined && { arguments: args }) });
  }
}

/** A machine whose start was cut short between QEMU's going into the background and our note of it. */
async function adopt(files: QemuFiles): Promise<ProcessRef | undefined> {
  if (!existsSync(files.pid)) return undefined;
  const machine = await identify(Number(await readFile(files.pid, 'utf8')));
  if (machine === undefined) return undefined;
  const argv = (await readFile(`/proc/${String(machine.pid)}/cmdline`, 'utf8')).split('\0');
  if (!argv.includes(files.pid)) return undefined;
  await saveRef(files.ref, machine);
  return machine;
}

async function removeTaps(spec: GuestSpec): Promise<void> {
  for (const nic of spec.nics) await removeDevice(nic.hostDevice);
}
