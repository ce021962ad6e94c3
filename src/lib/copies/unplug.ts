import { randomBytes } from 'node:crypto';
import { ZebuError } from '@zebu/kit';
import type { QemuConfig } from '../proxmox/answers.js';
import { isOwn, tagsOf } from '../proxmox/ownership.js';
import { cardsOf, isLinkDown, macOf, setProperties } from '../proxmox/properties.js';

/** What keeps a copy from being taken for its original: by people, by the network, by the host, by zebu. */

const MAC = /([0-9A-F]{2}:){5}[0-9A-F]{2}/i;

/** Of the range that Proxmox gives its own. */
export function randomMac(): string {
  return [
    'BC',
    '24',
    '11',
    ...[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()),
  ].join(':');
}

/** Every network card with the cable out, and an address that is not that of the original. */
export function unpluggedNets(config: QemuConfig, mac: () => string = randomMac): Readonly<Record<string, string>> {
  return Object.fromEntries(
    cardsOf(config).map(([key, value]) => [key, setProperties(value.replace(MAC, mac()), { link_down: '1' })]),
  );
}

/**
 * Devices, folders and memory of the host that a copy would have in common with its original, programs that the host runs
 * beside it, and `args`, with which QEMU itself can be told to open anything.
 */
const OF_THE_HOST = /^(hostpci\d+|usb\d+|parallel\d+|virtiofs\d+|ivshmem|args|hookscript)$/;

/** A serial port that is a socket leads to the console; any other one is a device of the host. */
const SERIAL = /^serial\d+$/;

export const hostOptions = (config: QemuConfig): readonly string[] =>
  Object.entries(config).flatMap(([key, value]) =>
    OF_THE_HOST.test(key) || (SERIAL.test(key) && value !== 'socket') ? [key] : [],
  );

/**
 * What of a copy's configuration would let it be more than a copy; it is not started as long as there is something.
 * @param original MAC addresses of the original, in lower case
 */
export function notYetApart(config: QemuConfig, app: string, original: ReadonlySet<string>): readonly string[] {
  return [
    ...cardsOf(config).flatMap(([key, value]) => {
      const plugged = !isLinkDown(value);
      const same = original.has(macOf(value) ?? '');
      return [
        ...(plugged ? [`${key} is plugged in`] : []),
        ...(same ? [`${key} has the address of the original`] : []),
      ];
    }),
    ...(config['onboot'] === undefined || config['onboot'] === '0' ? [] : ['it starts with the node']),
    ...(isOwn(config['tags'], app) || !tagsOf(config['tags']).includes('zebu-copy')
      ? ['its tags are not those of a copy']
      : []),
    ...hostOptions(config).map((key) => `${key} is the original's`),
  ];
}

/** @throws VM_DIFFERS */
export function requireApart(vmid: number, config: QemuConfig, app: string, original: ReadonlySet<string>): void {
  const left = notYetApart(config, app, original);
  if (left.length === 0) return;
  throw new ZebuError('VM_DIFFERS', `VM ${vmid}, the copy, is not started: ${left.join('; ')}`, {
    hint: 'Somebody has changed it meanwhile, or the login may not change it. Try again.',
  });
}

/** MAC addresses of a VM, in lower case. */
export function macsOf(config: QemuConfig): ReadonlySet<string> {
  return new Set(cardsOf(config).flatMap(([, value]) => [macOf(value)].filter((mac) => mac !== undefined)));
}

/** A configuration as qemu-server writes it, up to its first section. */
export function parseConfigText(text: string): QemuConfig {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => line.startsWith('['));
  const own = end === -1 ? lines : lines.slice(0, end);
  return Object.fromEntries(
    own.flatMap((line) => {
      const match = /^([a-z][a-z_0-9]*): (.*)$/.exec(line);
      return match?.[1] === undefined ? [] : [[match[1], match[2] ?? ''] as const];
    }),
  );
}
