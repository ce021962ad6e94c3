import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';

import { run, succeeds } from '../guest/process.js';

/** Linux allows 15 bytes for the name of a network device. */
export const DEVICE_NAME_MAX = 15;

/** Six characters that stand for one lab on this machine, so that two labs never share a device. */
export function labTag(instanceId: string): string {
  return BigInt(`0x${createHash('sha256').update(instanceId).digest('hex').slice(0, 12)}`)
    .toString(36)
    .padStart(6, '0')
    .slice(-6);
}

/** The device behind PVE's `vmbr<index>`. */
export function bridgeDevice(instanceId: string, index = 0): string {
  return `zb${labTag(instanceId)}b${String(index)}`;
}

/** The node's own place on its bridge. */
export function nodeDevice(instanceId: string): string {
  return `zb${labTag(instanceId)}node`;
}

/** The host end of a guest's network card: a tap or a veth. */
export function hostDevice(instanceId: string, vmid: number, index: number): string {
  const name = `zb${labTag(instanceId)}${vmid.toString(36)}${String.fromCharCode(0x67 + index)}`;
  if (name.length > DEVICE_NAME_MAX) throw new RangeError(`no device name for VM ${String(vmid)}, net${String(index)}`);
  return name;
}

export function tapArgvs(device: string, bridge: string, up = true): string[][] {
  return [
    ['ip', 'tuntap', 'add', 'dev', device, 'mode', 'tap'],
    ['ip', 'link', 'set', device, 'master', bridge, up ? 'up' : 'down'],
  ];
}

/** A cable from the bridge into the network namespace of process `pid`, where it carries `mac` and is called `peerName`. */
export function vethArgvs(
  device: string,
  bridge: string,
  peerName: string,
  mac: string,
  pid: number,
  up = true,
): string[][] {
  const peer = ['peer', 'name', peerName, 'address', mac.toLowerCase(), 'netns', String(pid)];
  return [
    ['ip', 'link', 'add', device, 'type', 'veth', ...peer],
    ['ip', 'link', 'set', device, 'master', bridge, up ? 'up' : 'down'],
  ];
}

/** The cable at its host end: a guest at the other end of a veth sees no carrier, and through a tap nothing passes. */
export async function setDevice(device: string, up: boolean): Promise<void> {
  await run(['ip', 'link', 'set', device, up ? 'up' : 'down']);
}

/** Every name of a device on this machine. */
export async function deviceNames(): Promise<string[]> {
  return readdir('/sys/class/net');
}

/** Removes the device if it is there; true when it was. */
export async function removeDevice(device: string): Promise<boolean> {
  if (!(await deviceNames()).includes(device)) return false;
  return succeeds(['ip', 'link', 'delete', device]);
}

/** Runs the commands one after another, and takes `device` away again when one fails. */
export async function addDevice(device: string, argvs: readonly string[][]): Promise<void> {
  await removeDevice(device);
  try {
    for (const argv of argvs) await run(argv);
  } catch (error) {
    await removeDevice(device);
    throw error;
  }
}
