import { bool, int, str, type ParamSpec, type ParamSpecs } from './params.js';
import { parseProperties } from './property-string.js';

/** The options of a VM that this node knows, with the checks PVE makes before it does anything. */

const dnsName = (text: string): string | undefined =>
  /^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(text)
    ? undefined
    : 'invalid format - value does not look like a valid DNS name\n';

const memory = (text: string): string | undefined => {
  const value = text.replace(/^current=/, '');
  if (/^\d+$/.test(value)) {
    return Number(value) >= 16
      ? undefined
      : 'invalid format - format error\nmemory.current: value must have a minimum value of 16\n';
  }
  return `invalid format - format error\nmemory.current: type check ('integer') failed - got '${value}'\n`;
};

/** Numbers of a network device: the least and the most. */
const NET_LIMITS: Readonly<Record<string, readonly [number, number]>> = {
  tag: [1, 4094],
  mtu: [1, 65_520],
  queues: [0, 64],
};

const net = (text: string): string | undefined => {
  const parts = text.split(',');
  const bare = parts.filter((part) => !part.includes('='));
  const models = /^(virtio|e1000|e1000e|rtl8139|vmxnet3)$/;
  if (bare.some((part, i) => i > 0 || !models.test(part)) || parts.some((part) => part.endsWith('='))) {
    return 'invalid format - missing key in comma-separated list property\n';
  }
  for (const part of parts) {
    const [name = '', value = ''] = part.split('=');
    const [least, most] = NET_LIMITS[name] ?? [];
    if (least === undefined || most === undefined) continue;
    const problem = !/^\d+$/.test(value)
      ? `type check ('integer') failed - got '${value}'`
      : Number(value) < least
        ? `value must have a minimum value of ${least}`
        : Number(value) > most
          ? `value must have a maximum value of ${most}`
          : undefined;
    if (problem !== undefined) return `invalid format - format error\nnet0.${name}: ${problem}\n`;
  }
  return undefined;
};

function validIPv4(text: string): boolean {
  const bytes = text.split('.');
  return bytes.length === 4 && bytes.every((byte) => /^\d{1,3}$/.test(byte) && Number(byte) <= 255);
}

const ipconfig = (text: string): string | undefined => {
  const ip = parseProperties(text, 'ip').get('ip');
  if (ip === undefined || ip === 'dhcp') return undefined;
  const [address = '', prefix] = ip.split('/');
  if (validIPv4(address) && prefix !== undefined && /^\d+$/.test(prefix) && Number(prefix) <= 32) return undefined;
  return 'invalid format - format error\nipconfig0.ip: invalid format - value does not look like a valid ipv4 network configuration\n\n';
};

const urlencoded = (text: string): string | undefined =>
  /^([A-Za-z0-9_.!~*'()-]|%[0-9A-Fa-f]{2})*$/.test(text)
    ? undefined
    : `invalid format - invalid urlencoded string: ${text}\n`;

const tags = (text: string): string | undefined => {
  const bad = text.split(/[;, ]/).find((tag) => tag !== '' && !/^[A-Za-z0-9_][A-Za-z0-9_+.-]*$/.test(tag));
  return bad === undefined ? undefined : `invalid format - invalid characters in tag\n`;
};

const FIXED: ParamSpecs = {
  acpi: bool,
  agent: str,
  arch: str,
  args: str,
  balloon: { type: 'integer', minimum: 0 },
  bios: { type: 'string', values: ['seabios', 'ovmf'] },
  boot: str,
  cdrom: str,
  cicustom: str,
  cipassword: str,
  citype: { type: 'string', values: ['configdrive2', 'nocloud', 'opennebula'] },
  ciupgrade: bool,
  ciuser: str,
  cores: { type: 'integer', minimum: 1 },
  cpu: str,
  cpulimit: str,
  cpuunits: int,
  description: { type: 'string', maxLength: 8192 },
  efidisk0: str,
  freeze: bool,
  hotplug: str,
  keyboard: str,
  kvm: bool,
  localtime: bool,
  lock: {
    type: 'string',
    values: [
      'backup',
      'clone',
      'create',
      'migrate',
      'rollback',
      'snapshot',
      'snapshot-delete',
      'suspending',
      'suspended',
    ],
  },
  machine: str,
  memory: { type: 'string', format: memory },
  name: { type: 'string', format: dnsName },
  nameserver: str,
  numa: bool,
  onboot: bool,
  ostype: {
    type: 'string',
    values: [
      'other',
      'wxp',
      'w2k',
      'w2k3',
      'w2k8',
      'wvista',
      'win7',
      'win8',
      'win10',
      'win11',
      'l24',
      'l26',
      'solaris',
    ],
  },
  protection: bool,
  reboot: bool,
  rng0: str,
  scsihw: {
    type: 'string',
    values: ['lsi', 'lsi53c810', 'virtio-scsi-pci', 'virtio-scsi-single', 'megasas', 'pvscsi'],
  },
  searchdomain: str,
  shares: int,
  smbios1: str,
  sockets: { type: 'integer', minimum: 1 },
  sshkeys: { type: 'string', format: urlencoded },
  startup: str,
  tablet: bool,
  tags: { type: 'string', format: tags },
  template: bool,
  tpmstate0: str,
  vcpus: { type: 'integer', minimum: 1 },
  vga: str,
  vmgenid: str,
};

const NUMBERED: readonly (readonly [RegExp, ParamSpec])[] = [
  [/^net\d{1,2}$/, { type: 'string', format: net }],
  [/^ipconfig\d{1,2}$/, { type: 'string', format: ipconfig }],
  [/^(scsi\d{1,2}|virtio\d{1,2}|sata[0-5]|ide[0-3])$/, str],
  [/^unused\d{1,3}$/, str],
  [/^serial[0-3]$/, { type: 'string' }],
  [/^(usb|hostpci|parallel|audio|numa)\d{1,2}$/, str],
];

/** Looks an option up by name, numbered ones included. */
export function qemuOption(name: string): ParamSpec | undefined {
  return Object.hasOwn(FIXED, name) ? FIXED[name] : NUMBERED.find(([pattern]) => pattern.test(name))?.[1];
}

const INTEGERS =
  /^(balloon|cores|sockets|vcpus|cpuunits|shares|onboot|kvm|acpi|numa|localtime|tablet|protection|freeze|template|ciupgrade|reboot)$/;

/** PVE keeps numbers and booleans as numbers, `memory` as text. */
export function typed(name: string, value: string): number | string {
  return INTEGERS.test(name) ? Number(value) : value;
}

/** Which privilege changing an option takes. */
export function optionPrivilege(name: string): string {
  if (/^(net\d+|ipconfig\d+|nameserver|searchdomain)$/.test(name)) return 'VM.Config.Network';
  if (/^(cores|sockets|cpu|vcpus|cpulimit|cpuunits|numa)$/.test(name)) return 'VM.Config.CPU';
  if (/^(memory|balloon|shares)$/.test(name)) return 'VM.Config.Memory';
  if (/^(ciuser|cipassword|sshkeys|citype|cicustom|ciupgrade)$/.test(name)) return 'VM.Config.Cloudinit';
  if (/^(scsi\d+|virtio\d+|sata\d+|ide\d+|unused\d+|efidisk0)$/.test(name)) return 'VM.Config.Disk';
  if (/^(scsihw|vga|serial\d+|machine|bios|usb\d+|hostpci\d+|rng0)$/.test(name)) return 'VM.Config.HWType';
  return 'VM.Config.Options';
}

export const DISK_SLOTS: readonly string[] = [
  ...Array.from({ length: 4 }, (_, i) => `ide${i}`),
  ...Array.from({ length: 31 }, (_, i) => `scsi${i}`),
  ...Array.from({ length: 16 }, (_, i) => `virtio${i}`),
  ...Array.from({ length: 6 }, (_, i) => `sata${i}`),
  'efidisk0',
  'tpmstate0',
];
