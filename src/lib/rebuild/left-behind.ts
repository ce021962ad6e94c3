import type { FirewallRule, QemuConfig } from '../proxmox/answers.js';
import { isOwnRule } from '../vm/firewall.js';
import type { Surveyed } from './survey.js';

/** Of the old VM's settings, what zebu.yml has no word for. */
const SETTINGS: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^net[1-9]\d*$/, 'further network cards'],
  [/^(?:ide|sata|virtio)\d+$|^scsi[1-9]\d*$|^virtiofs\d+$/, 'further disks'],
  [/^hostpci\d+$/, 'devices of the host'],
  [/^usb\d+$/, 'USB devices'],
  [/^startup$/, 'its place in the order of the start'],
  [/^hookscript$/, 'a hook script'],
];

/** What a drive has that is no disk of data: cloud-init's, and a CD. */
const CD = /media=cdrom|cloudinit/;

/** What the new VM will not have, for people. @param rules of the old VM's firewall */
export function leftBehind(
  config: QemuConfig,
  { system }: Surveyed,
  rules: readonly FirewallRule[],
): readonly string[] {
  const keys = Object.entries(config).flatMap(([key, value]) => (CD.test(value) ? [] : [key]));
  const had = SETTINGS.flatMap(([pattern, what]) => {
    const found = keys.filter((key) => pattern.test(key));
    return found.length === 0 ? [] : [`${what} (${found.join(', ')})`];
  });
  const foreign = rules.filter((rule) => !isOwnRule(rule)).length;
  if (foreign > 0) had.push(`rules of its firewall that were made by hand (${foreign})`);
  return [
    ...(had.length === 0 ? [] : [`Not brought over, as zebu.yml says nothing of it: ${had.join('; ')}`]),
    ...(system.length === 0
      ? []
      : [
          `Of the system, mounted read-only, and not brought over: ${system.join(', ')}; the new VM has its own, without what was put there by hand`,
        ]),
  ];
}
