import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { end, identify, loadRef, run, saveRef } from '../guest/process.js';
import { deviceNames, labTag, removeDevice } from './devices.js';

/** One bridge with its own subnet. The machine is on it with `address`; there is no way out (no NAT, no forwarding). */
export interface LabNetwork {
  /** From `bridgeDevice`. */
  readonly bridge: string;
  /** The machine's own address on the bridge, such as `10.77.0.1`. */
  readonly address: string;
  /** Such as 24. */
  readonly prefixLength: number;
  /** Addresses that DHCP gives away, first and last. Without it there is no DHCP. */
  readonly dhcp?: { readonly from: string; readonly to: string };
  /** DNS servers that DHCP announces. */
  readonly dns?: readonly string[];
  /** Domain that DHCP announces. */
  readonly domain?: string;
  /** Pid file, leases and log of the DHCP server. */
  readonly runDir: string;
}

/** DHCP only (`--port=0`: no DNS), on this bridge only, and without the three seconds of ping before an offer. */
export function dnsmasqArgv(network: LabNetwork, dhcp: { from: string; to: string }): string[] {
  const dns = network.dns ?? [];
  return [
    'dnsmasq',
    '--conf-file=/dev/null',
    '--port=0',
    '--no-hosts',
    '--no-resolv',
    '--no-ping',
    '--dhcp-authoritative',
    '--dhcp-rapid-commit',
    '--bind-interfaces',
    '--except-interface=lo',
    `--interface=${network.bridge}`,
    `--dhcp-range=${dhcp.from},${dhcp.to},${netmask(network.prefixLength)},12h`,
    '--dhcp-option=option:router',
    dns.length === 0 ? '--dhcp-option=option:dns-server' : `--dhcp-option=option:dns-server,${dns.join(',')}`,
    ...(network.domain === undefined ? [] : [`--domain=${network.domain}`]),
    `--dhcp-leasefile=${join(network.runDir, 'leases')}`,
    `--pid-file=${join(network.runDir, 'dnsmasq.pid')}`,
    `--log-facility=${join(network.runDir, 'dnsmasq.log')}`,
    '--log-dhcp',
    '--user=root',
    '--group=root',
  ];
}

export function netmask(prefixLength: number): string {
  if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > 32) {
    throw new RangeError(`a prefix length is 0 to 32, not ${String(prefixLength)}`);
  }
  return [0, 8, 16, 24].map((at) => 256 - 2 ** (8 - Math.min(8, Math.max(0, prefixLength - at)))).join('.');
}

/** Makes the bridge and starts its DHCP server. What is already there is kept: safe to call after a crash. */
export async function networkUp(network: LabNetwork): Promise<void> {
  await mkdir(network.runDir, { recursive: true });
  const cidr = `${network.address}/${String(network.prefixLength)}`;
  if (!(await deviceNames()).includes(network.bridge)) {
    // Guests appear at once: without STP a new port forwards immediately.
    const bridge = ['type', 'bridge', 'stp_state', '0', 'forward_delay', '0'];
    await run(['ip', 'link', 'add', network.bridge, ...bridge]);
  }
  await run(['ip', 'address', 'replace', cidr, 'dev', network.bridge]);
  await run(['ip', 'link', 'set', network.bridge, 'up']);
  if (network.dhcp !== undefined) await startDhcp(network, network.dhcp);
}

export async function networkIsUp(network: LabNetwork): Promise<boolean> {
  if (!(await deviceNames()).includes(network.bridge)) return false;
  return network.dhcp === undefined || (await loadRef(refFile(network))) !== undefined;
}

/** Stops the DHCP server and removes the bridge. Guests are stopped before, by their backends. */
export async function networkDown(network: LabNetwork): Promise<void> {
  const server = await loadRef(refFile(network));
  if (server !== undefined) await end(server, 2000);
  await removeDevice(network.bridge);
  await rm(network.runDir, { recursive: true, force: true });
}

/** Removes whatever device of this lab is left, for `lab:down` after a crash. Gives the names it removed. */
export async function sweepDevices(instanceId: string): Promise<string[]> {
  const prefix = `zb${labTag(instanceId)}`;
  const removed: string[] = [];
  for (const device of await deviceNames()) {
    if (device.startsWith(prefix) && (await removeDevice(device))) removed.push(device);
  }
  return removed;
}

function refFile(network: LabNetwork): string {
  return join(network.runDir, 'dnsmasq.ref');
}

async function startDhcp(network: LabNetwork, dhcp: { from: string; to: string }): Promise<void> {
  if ((await loadRef(refFile(network))) !== undefined) return;
  await run(dnsmasqArgv(network, dhcp)); // returns once it listens
  const pid = Number(await readFile(join(network.runDir, 'dnsmasq.pid'), 'utf8'));
  const server = await identify(pid);
  if (server === undefined) throw new Error('the DHCP server ended right after its start');
  await saveRef(refFile(network), server);
}
