import { createHash } from 'node:crypto';
import { netmask } from '../net/network.js';
import { macOf } from './node.js';
import { parseProperties } from './property-string.js';
import type { VmConfig } from './state.js';

const text = (config: VmConfig, key: string): string | undefined =>
  config[key] === undefined ? undefined : String(config[key]);

/** The user-data PVE generates from a VM's configuration; with two spaces, no more quoting than it does. */
export function userData(vmid: number, config: VmConfig): string {
  const name = text(config, 'name') ?? `VM${vmid}`;
  const domain = text(config, 'searchdomain');
  const lines = ['#cloud-config', `hostname: ${name}`, 'manage_etc_hosts: true'];
  if (domain !== undefined) lines.push(`fqdn: ${name.includes('.') ? name : `${name}.${domain}`}`);
  const user = text(config, 'ciuser');
  if (user !== undefined) lines.push(`user: ${user}`);
  const password = text(config, 'cipassword');
  if (password !== undefined) lines.push(`password: ${password}`);
  const keys = decodeURIComponent(text(config, 'sshkeys') ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (keys.length > 0) lines.push('ssh_authorized_keys:', ...keys.map((key) => `  - ${key}`));
  lines.push('chpasswd:', '  expire: False');
  if (user !== 'root') lines.push('users:', '  - default');
  if (text(config, 'ciupgrade') === '1') lines.push('package_upgrade: true');
  return `${lines.join('\n')}\n`;
}

function addressLines(properties: ReadonlyMap<string, string>): readonly string[] {
  const lines: string[] = [];
  const ip = properties.get('ip');
  if (ip === 'dhcp') lines.push('      - type: dhcp4');
  else if (ip !== undefined) {
    const [address = '', prefix = '32'] = ip.split('/');
    lines.push(
      '      - type: static',
      `        address: '${address}'`,
      `        netmask: '${netmask(Number(prefix))}'`,
    );
    const gateway = properties.get('gw');
    if (gateway !== undefined) lines.push(`        gateway: '${gateway}'`);
  }
  const ip6 = properties.get('ip6');
  if (ip6 === 'dhcp') lines.push('      - type: dhcp6');
  else if (ip6 === 'auto') lines.push('      - type: ipv6_slaac');
  else if (ip6 !== undefined) lines.push('      - type: static6', `        address: '${ip6}'`);
  return lines;
}

/** The network-config (version 1) PVE generates; interfaces are named in the order of `netN`. */
export function networkConfig(config: VmConfig, hostNameservers: readonly string[]): string {
  const lines = ['version: 1', 'config:'];
  const nets = Object.keys(config)
    .filter((key) => /^net\d+$/.test(key))
    .sort((a, b) => Number(a.slice(3)) - Number(b.slice(3)));
  for (const key of nets) {
    const index = key.slice(3);
    const mac = macOf(parseProperties(String(config[key]), 'model'))?.toLowerCase() ?? '';
    lines.push('    - type: physical', `      name: eth${index}`, `      mac_address: '${mac}'`, '      subnets:');
    lines.push(...addressLines(parseProperties(text(config, `ipconfig${index}`) ?? '', 'ip')));
  }
  const servers = text(config, 'nameserver')?.split(/\s+/) ?? hostNameservers;
  const domain = text(config, 'searchdomain');
  if (servers.length > 0 || domain !== undefined) {
    lines.push('    - type: nameserver');
    if (servers.length > 0) lines.push('      address:', ...servers.map((server) => `      - '${server}'`));
    if (domain !== undefined) lines.push('      search:', `      - '${domain}'`);
  }
  return `${lines.join('\n')}\n`;
}

/** The instance id changes with the content, so that cloud-init runs again after a change. */
export function metaData(user: string, network: string): string {
  const id = createHash('sha1')
    .update(user + network)
    .digest('hex');
  return `instance-id: ${id}\n`;
}
