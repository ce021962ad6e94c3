import { join } from 'node:path';

import type { DirectBoot, GuestDisk, GuestNic, GuestSpec } from './backend.js';
import { SOCKET_PATH_MAX } from './line-socket.js';

/** How the guest's processor is run: by this machine's, or emulated. */
export type Accel = 'kvm' | 'tcg';

/** Files of a running machine, all in its run directory. */
export interface QemuFiles {
  readonly agent: string;
  readonly pid: string;
  readonly qmp: string;
  readonly ref: string;
  readonly serial: string;
}

export function qemuFiles(runDir: string): QemuFiles {
  return {
    agent: join(runDir, 'qga.sock'),
    pid: join(runDir, 'qemu.pid'),
    qmp: join(runDir, 'qmp.sock'),
    ref: join(runDir, 'qemu.ref'),
    serial: join(runDir, 'serial.log'),
  };
}

/** QEMU's name of the drive in a slot, for `block_resize`. */
export function driveId(slot: string): string {
  return `drive-${slot}`;
}

/**
 * The whole command line. Disks are virtio-blk whatever their slot says (`scsi0` is /dev/vda, not /dev/sda), the
 * cloud-init drive too: the SCSI and ATA layers would cost an emulated guest two seconds of probing.
 */
export function qemuArgv(spec: GuestSpec, accel: Accel): string[] {
  const files = qemuFiles(spec.runDir);
  for (const socket of [files.agent, files.qmp]) {
    if (Buffer.byteLength(socket) > SOCKET_PATH_MAX) {
      throw new RangeError(`the lab's directory is too deep for a unix socket: ${socket}`);
    }
  }
  return [
    'qemu-system-x86_64',
    ...['-name', `${comma(spec.name)},process=zebu-vm-${String(spec.vmid)}`],
    ...['-uuid', spec.uuid],
    ...['-machine', 'pc,usb=off,vmport=off'],
    ...accelArgv(accel),
    ...['-smp', `${String(spec.cores)},sockets=1`],
    ...['-m', `${String(spec.memoryMiB)}M`],
    ...['-no-user-config', '-nodefaults', '-display', 'none'],
    ...(spec.directBoot === undefined ? [] : directBootArgv(spec.directBoot)),
    ...spec.disks.flatMap((disk, index) => diskArgv(disk, index)),
    ...spec.nics.flatMap((nic) => nicArgv(nic)),
    ...(spec.agent ? agentArgv(files.agent) : []),
    ...['-device', 'virtio-rng-pci'],
    ...['-chardev', `file,id=console,path=${comma(files.serial)},append=on`, '-serial', 'chardev:console'],
    ...['-qmp', `unix:${comma(files.qmp)},server=on,wait=off`],
    ...['-pidfile', files.pid],
    '-daemonize',
  ];
}

function accelArgv(accel: Accel): string[] {
  if (accel === 'kvm') return ['-accel', 'kvm', '-cpu', 'host'];
  return ['-accel', 'tcg,thread=multi,tb-size=512', '-cpu', 'max,-la57'];
}

function directBootArgv(boot: DirectBoot): string[] {
  return ['-kernel', boot.kernel, '-initrd', boot.initrd, '-append', boot.cmdline];
}

/** The kernel of a direct boot counts as boot index 0. No flush ever reaches the machine's disk (`unsafe`): a lab's disk need not survive a power cut of its host. */
function diskArgv(disk: GuestDisk, index: number): string[] {
  const id = driveId(disk.slot);
  const drive = [`if=none,id=${id},file=${comma(disk.file)},format=${disk.format}`];
  if (disk.media === 'cdrom') drive.push('readonly=on');
  else drive.push('cache=unsafe', 'aio=threads', 'discard=unmap', 'detect-zeroes=unmap');
  const device = `virtio-blk-pci,drive=${id},id=${disk.slot}`;
  return [
    '-drive',
    drive.join(','),
    '-device',
    disk.media === 'cdrom' ? device : `${device},bootindex=${String(index + 1)}`,
  ];
}

function nicArgv(nic: GuestNic): string[] {
  const id = `net${String(nic.index)}`;
  return [
    ...['-netdev', `tap,id=${id},ifname=${nic.hostDevice},script=no,downscript=no`],
    ...['-device', `virtio-net-pci,netdev=${id},id=nic-${id},mac=${nic.mac.toLowerCase()},romfile=`],
  ];
}

function agentArgv(socket: string): string[] {
  return [
    ...['-device', 'virtio-serial-pci'],
    ...['-chardev', `socket,id=qga0,path=${comma(socket)},server=on,wait=off`],
    ...['-device', 'virtserialport,chardev=qga0,name=org.qemu.guest_agent.0'],
  ];
}

/** QEMU's option syntax: a comma in a value is doubled. */
function comma(value: string): string {
  return value.replaceAll(',', ',,');
}
