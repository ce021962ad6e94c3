import { spawn, type StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { handledLater } from '@zebu/kit';

import { GUEST_IMAGE_DIR } from '../image/recipe.js';
import { addDevice, removeDevice, setDevice, vethArgvs } from '../net/devices.js';
import type { AgentChannel, GuestBackend, GuestDisk, GuestNic, GuestSpec, GuestState } from './backend.js';
import { freeze, isFrozen, makeCgroups, removeCgroups } from './cgroups.js';
import { unpackArgv } from './cidata.js';
import { snapshotImage, type SnapshotAction } from './disk-snapshot.js';
import { FreezeGate } from './freeze-gate.js';
import { openTree, snapshotTree } from './namespace-tree.js';
import { end, identify, loadRef, parseStat, run, saveRef, sendSignal, waitGone, type ProcessRef } from './process.js';
import { AgentDown, SocketAgent } from './qga.js';
import { cgroupUsage, nicUsage, type GuestUsage } from './usage.js';

export interface NamespaceOptions {
  /** The image's root directory. */
  readonly rootfs: string;
}

/** Files of a running guest, all in its run directory. */
interface Files {
  readonly cgroups: string;
  /** Seen by the guest as /run/lab. */
  readonly exchange: string;
  readonly agent: string;
  readonly log: string;
  readonly ref: string;
}

function filesOf(runDir: string): Files {
  const exchange = join(runDir, 'exchange');
  return {
    cgroups: join(runDir, 'cgroups'),
    exchange,
    agent: join(exchange, 'qga.sock'),
    log: join(runDir, 'serial.log'),
    ref: join(runDir, 'init.ref'),
  };
}

/** The program that starts a guest in namespaces of its own; see guest-image/namespace. */
function namespaceArgv(rootfs: string, tree: string, runDir: string): string[] {
  return [
    ...['unshare', '--mount', '--uts', '--ipc', '--net', '--pid', '--fork', '--'],
    ...['/bin/sh', join(GUEST_IMAGE_DIR, 'namespace', 'enter'), rootfs, tree, runDir],
  ];
}

/**
 * Guests that start in seconds: the image's root in namespaces of this machine's kernel, with real cloud-init, sshd,
 * dockerd and qemu-ga, and a small init in place of systemd, with a smaller stand-in for the timers and paths of zebu's units.
 * Stopping one is ending its pid 1; the kernel takes processes, mounts and network with it.
 *
 * What it cannot show: a boot (firmware, kernel, initrd, systemd and its units), a kernel of its own (version, modules,
 * sysctls outside its network), disks (size, growing, snapshots, /dev/vda; `df` shows the host's), memory and
 * processors as configured, more than one NIC named otherwise than cloud-init says, privileged containers and limits
 * that this machine's own root may not set. The guest agent answers for real, except for file systems and disks.
 */
export class NamespaceBackend implements GuestBackend {
  readonly kind = 'namespace';
  readonly #rootfs: string;
  readonly #frozen = new Set<string>();

  constructor(options: NamespaceOptions) {
    this.#rootfs = options.rootfs;
  }

  async start(spec: GuestSpec): Promise<void> {
    if ((await this.#init(spec)) !== undefined) throw new Error(`VM ${String(spec.vmid)} already running`);
    const files = filesOf(spec.runDir);
    this.#frozen.delete(spec.runDir);
    const tree = await openTree(spec);
    await rm(files.exchange, { recursive: true, force: true });
    await mkdir(join(files.exchange, 'cidata'), { recursive: true });
    const drive = spec.disks.find((disk) => disk.media === 'cdrom');
    if (drive !== undefined) await run(unpackArgv(drive.file, join(files.exchange, 'cidata')));
    if (spec.agent) await writeFile(join(files.exchange, 'agent'), '');
    try {
      const cgroups = await makeCgroups(`zebu-${spec.uuid}`);
      await writeFile(files.cgroups, cgroups.map((each) => `${each}\n`).join(''));
      await this.#launch(spec, tree.directory);
    } catch (error) {
      await this.stop(spec);
      throw error;
    }
  }

  async state(spec: GuestSpec): Promise<GuestState> {
    if ((await this.#init(spec)) === undefined) return 'stopped';
    return (await isFrozen(await readCgroups(spec))) ? 'paused' : 'running';
  }

  async shutdown(spec: GuestSpec, timeoutMs: number): Promise<boolean> {
    const init = await this.#init(spec);
    if (init === undefined) return true;
    await sendSignal(init, 'SIGTERM'); // what a power button is to this init
    if (!(await waitGone(init, timeoutMs))) return false;
    await cleanUp(spec);
    return true;
  }

  async stop(spec: GuestSpec): Promise<void> {
    const init = await this.#init(spec);
    if (init !== undefined) {
      await sendSignal(init, 'SIGKILL');
      await freeze(await readCgroups(spec), false).catch(() => undefined); // the frozen do not die
      await end(init, 0);
    }
    await cleanUp(spec);
  }

  async reset(spec: GuestSpec): Promise<void> {
    await this.stop(spec);
    await this.start(spec);
  }

  async suspend(spec: GuestSpec): Promise<void> {
    await freeze(await readCgroups(spec), true);
  }

  async resume(spec: GuestSpec): Promise<void> {
    await freeze(await readCgroups(spec), false);
  }

  agent(spec: GuestSpec): AgentChannel {
    if (!spec.agent) return { call: () => Promise.reject(new AgentDown('the guest has no agent')) };
    return new FreezeGate(new SocketAgent(filesOf(spec.runDir).agent), this.#frozen, spec.runDir);
  }

  async usage(spec: GuestSpec): Promise<GuestUsage> {
    return { ...(await cgroupUsage(await readCgroups(spec))), ...(await nicUsage(spec.nics)) };
  }

  serialLog(spec: GuestSpec): string {
    return filesOf(spec.runDir).log;
  }

  /** The tree is copied while nothing in the guest moves. */
  async diskSnapshot(action: SnapshotAction, spec: GuestSpec, disk: GuestDisk, name: string): Promise<void> {
    const still = (await this.state(spec)) === 'running' && action === 'create';
    if (still) await this.suspend(spec);
    try {
      await snapshotImage(action, disk.file, name);
      await snapshotTree(action, disk.file, name);
    } finally {
      if (still) await this.resume(spec);
    }
  }

  async setLink(_spec: GuestSpec, nic: GuestNic): Promise<void> {
    await setDevice(nic.hostDevice, !nic.linkDown);
  }

  /** Its disk is a directory of this machine: there is nothing to grow, and nothing that could be too small. */
  /** The guest sees nothing of it: its root is a directory. What is copied of the disk later has the size. */
  async growDisk(spec: GuestSpec, slot: string, bytes: number): Promise<void> {
    const disk = spec.disks.find((each) => each.slot === slot);
    if (disk !== undefined) await run(['qemu-img', 'resize', '-q', '-f', disk.format, disk.file, String(bytes)]);
  }

  /** pid 1 of the guest. When it has ended by itself, what it leaves outside its namespaces is removed. */
  async #init(spec: GuestSpec): Promise<ProcessRef | undefined> {
    const { ref } = filesOf(spec.runDir);
    const recorded = existsSync(ref);
    const init = await loadRef(ref);
    if (init === undefined && recorded) await cleanUp(spec);
    return init;
  }

  async #launch(spec: GuestSpec, tree: string): Promise<void> {
    const files = filesOf(spec.runDir);
    const [program = '', ...args] = namespaceArgv(this.#rootfs, tree, spec.runDir);
    const log = await open(files.log, 'a');
    try {
      const stdio: StdioOptions = ['pipe', log.fd, log.fd];
      const child = spawn(program, args, { cwd: '/', detached: true, env: GUEST_ENV, stdio });
      const failed = handledLater(
        new Promise<never>((_, reject) => {
          child.once('error', reject);
          child.once('exit', (code) => {
            reject(new Error(`the guest ended at once (${String(code)}), see ${files.log}`));
          });
        }),
      );
      const init = await Promise.race([firstChild(child.pid ?? 0), failed]);
      await saveRef(files.ref, init);
      for (const nic of spec.nics) {
        const peer = `eth${String(nic.index)}`;
        const cable = vethArgvs(nic.hostDevice, nic.bridgeDevice, peer, nic.mac, init.pid, !nic.linkDown);
        await addDevice(nic.hostDevice, cable);
      }
      child.stdin?.end(); // go on: everything is plugged in
      child.removeAllListeners('exit');
      child.unref();
    } finally {
      await log.close();
    }
  }
}

/**
 * Of a machine, the environment is its own: a TMPDIR of this one named a folder that the guest does not have, and no health
 * check of its Docker could be started.
 */
const GUEST_ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' };

/** The child that `unshare --fork` makes in the new namespaces. */
async function firstChild(parent: number): Promise<ProcessRef> {
  for (let attempt = 0; attempt < 200; attempt++) {
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
      if (parseStat(stat)?.ppid !== parent) continue;
      const child = await identify(Number(name));
      if (child !== undefined) return child;
    }
    await sleep(10);
  }
  throw new Error('the guest did not start');
}

async function readCgroups(spec: GuestSpec): Promise<string[]> {
  const text = await readFile(filesOf(spec.runDir).cgroups, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

async function cleanUp(spec: GuestSpec): Promise<void> {
  for (const nic of spec.nics) await removeDevice(nic.hostDevice);
  await removeCgroups(await readCgroups(spec));
  const files = filesOf(spec.runDir);
  await rm(files.exchange, { recursive: true, force: true });
  await rm(files.cgroups, { force: true });
  await rm(files.ref, { force: true });
}
