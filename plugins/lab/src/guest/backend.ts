import type { SnapshotAction } from './disk-snapshot.js';
import type { GuestUsage } from './usage.js';

/**
 * What the lab's node asks of whatever runs a guest.
 *
 * Two kinds exist: `qemu` (a real virtual machine; the default) and `namespace` (a Debian root in its own namespaces
 * with its own sshd and dockerd, seconds to start). The Proxmox side of the lab (tasks, locks, refusals) knows only
 * this contract, so both kinds meet the same API.
 */
export type GuestKind = 'namespace' | 'qemu';

export type GuestState = 'paused' | 'running' | 'stopped';

export interface GuestNic {
  /** Index of the `netN` key in the VM's configuration. */
  readonly index: number;
  /** Lower or upper case colon form; compared case-insensitively. */
  readonly mac: string;
  /** The Linux bridge device the lab made, not the name PVE shows. */
  readonly bridgeDevice: string;
  /** Name for the host end (tap or veth), at most 15 bytes, unique on the machine. */
  readonly hostDevice: string;
  /** `link_down=1`: the cable is out. */
  readonly linkDown: boolean;
}

export interface GuestDisk {
  /** PVE slot, such as `scsi0`. */
  readonly slot: string;
  /** Absolute path on this machine. */
  readonly file: string;
  readonly format: 'qcow2' | 'raw';
  readonly media: 'cdrom' | 'disk';
}

/** A kernel started directly, for images whose kernel the lab knows: it skips the boot loader. */
export interface DirectBoot {
  readonly kernel: string;
  readonly initrd: string;
  readonly cmdline: string;
}

export interface GuestSpec {
  readonly vmid: number;
  readonly name: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly uuid: string;
  readonly nics: readonly GuestNic[];
  /** In boot order; the cloud-init drive is the one with media `cdrom`. */
  readonly disks: readonly GuestDisk[];
  readonly directBoot?: DirectBoot;
  /** `agent: enabled=1` in the configuration: without it no agent channel is given to the guest. */
  readonly agent: boolean;
  /** Everything of this running guest: pid files, sockets, serial log. Made by the caller, removed after a stop. */
  readonly runDir: string;
}

/** The guest agent's JSON protocol, one command at a time; rejects with AgentDown when nothing answers in time. */
export interface AgentChannel {
  /** @param timeoutMs milliseconds until the call is given up. */
  call(command: string, args?: Record<string, unknown>, timeoutMs?: number): Promise<unknown>;
}

export interface GuestBackend {
  readonly kind: GuestKind;
  /** Returns when the guest runs (not when it has booted). Throws with the message PVE's task would carry. */
  start(spec: GuestSpec): Promise<void>;
  /** The truth as the processes on this machine tell it; works after the lab's daemon was restarted. */
  state(spec: GuestSpec): Promise<GuestState>;
  /** Ask the guest to power off (agent if it answers, ACPI otherwise) and wait. Resolves false when it did not in time. */
  shutdown(spec: GuestSpec, timeoutMs: number): Promise<boolean>;
  /** Pull the plug. */
  stop(spec: GuestSpec): Promise<void>;
  reset(spec: GuestSpec): Promise<void>;
  suspend(spec: GuestSpec): Promise<void>;
  resume(spec: GuestSpec): Promise<void>;
  agent(spec: GuestSpec): AgentChannel;
  /** What a running guest has used; of a stopped one nothing is known. */
  usage(spec: GuestSpec): Promise<GuestUsage>;
  /** Absolute path of the serial console's log. */
  serialLog(spec: GuestSpec): string;
  /**
   * A snapshot of one disk. `create` and `delete` work on a running guest, too (as consistent as after a power cut);
   * `rollback` wants a stopped one.
   */
  diskSnapshot(action: SnapshotAction, spec: GuestSpec, disk: GuestDisk, name: string): Promise<void>;
  /** Plug the cable of a running guest's card in or out, as `linkDown` says. */
  setLink(spec: GuestSpec, nic: GuestNic): Promise<void>;
  /** Grow a disk of a running guest; bytes. */
  growDisk(spec: GuestSpec, slot: string, bytes: number): Promise<void>;
}
