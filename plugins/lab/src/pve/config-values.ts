import { randomInt } from 'node:crypto';
import { isDiskSlot } from './disks.js';
import { macOf } from './node.js';
import { parseProperties } from './property-string.js';
import { typed } from './qemu-options.js';
import type { VmConfig } from './state.js';
import { uniqueTags } from './tags.js';

/** In Proxmox's own range. */
function randomMac(): string {
  const bytes = [0xbc, 0x24, 0x11, randomInt(256), randomInt(256), randomInt(256)];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':');
}

export const withNewMac = (net: string): string => net.replace(/([0-9A-F]{2}:){5}[0-9A-F]{2}/i, randomMac());

/** Lower-case model keys get a MAC when none is given: `virtio,bridge=vmbr0` → `virtio=BC:24:…,bridge=vmbr0`. */
function completeNet(text: string, before?: string): string {
  const parts = text.split(',');
  const model = parts.find((part) => !part.includes('='));
  if (model === undefined) return text;
  const given = parts.find((part) => part.startsWith('macaddr='));
  if (given !== undefined) {
    const rest = parts.filter((part) => part !== model && part !== given);
    return [`${model}=${given.slice('macaddr='.length).toUpperCase()}`, ...rest].join(',');
  }
  const old = before === undefined ? undefined : macOf(parseProperties(before, 'model'));
  return [`${model}=${old ?? randomMac()}`, ...parts.filter((part) => part !== model)].join(',');
}

/** Options that are no disks, as the configuration keeps them. */
export function plainOptions(params: Readonly<Record<string, string>>, before?: VmConfig): VmConfig {
  const config: VmConfig = {};
  for (const [name, value] of Object.entries(params)) {
    if (isDiskSlot(name)) continue;
    const old = before?.[name];
    if (/^net\d+$/.test(name)) config[name] = completeNet(value, old === undefined ? undefined : String(old));
    else config[name] = name === 'tags' ? uniqueTags(value) : typed(name, value);
  }
  return config;
}
