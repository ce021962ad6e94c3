import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { GuestSpec } from '../../../plugins/lab/src/guest/backend.js';
import { writeCidata } from '../../../plugins/lab/src/guest/cidata.js';
import { run, succeeds } from '../../../plugins/lab/src/guest/process.js';
import { bridgeDevice, hostDevice } from '../../../plugins/lab/src/net/devices.js';
import { networkDown, networkUp, type LabNetwork } from '../../../plugins/lab/src/net/network.js';

/** A bridge of its own with one guest to be, and the key that opens it. */
export interface Bench {
  readonly directory: string;
  readonly instance: string;
  readonly network: LabNetwork;
  readonly spec: GuestSpec;
  /** Writes the cloud-init drive; `how` is a static address or `dhcp`. */
  seed(how: string): Promise<void>;
  /** stdout of a command run as the cloud-init user over ssh; throws when it fails. */
  ssh(address: string, command: string): Promise<string>;
  remove(): Promise<void>;
}

export const USER = 'deploy';
const MAC = 'BC:24:11:00:00:64';

/** @param subnet third byte of 10.98.x.0/24, so that suites side by side stay apart. */
export async function bench(subnet: number): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'zebu-guest-'));
  const instance = randomUUID();
  const net = `10.98.${String(subnet)}`;
  const network: LabNetwork = {
    bridge: bridgeDevice(instance),
    address: `${net}.1`,
    prefixLength: 24,
    dhcp: { from: `${net}.100`, to: `${net}.120` },
    runDir: join(directory, 'net'),
  };
  await networkUp(network);
  const key = join(directory, 'key');
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const disk = join(directory, 'disk.qcow2');
  await writeFile(disk, '');
  const drive = join(directory, 'cidata.iso');
  const spec: GuestSpec = {
    vmid: 100,
    name: 'app-1',
    cores: 1,
    memoryMiB: 512,
    uuid: randomUUID(),
    nics: [
      { index: 0, mac: MAC, bridgeDevice: network.bridge, hostDevice: hostDevice(instance, 100, 0), linkDown: false },
    ],
    disks: [
      { slot: 'scsi0', file: disk, format: 'qcow2', media: 'disk' },
      { slot: 'ide2', file: drive, format: 'raw', media: 'cdrom' },
    ],
    agent: true,
    runDir: join(directory, '100'),
  };
  await mkdir(spec.runDir);
  return {
    directory,
    instance,
    network,
    spec,
    async seed(how) {
      const publicKey = await run(['ssh-keygen', '-y', '-f', key]);
      await writeCidata(drive, {
        userData: userData(publicKey.trim()),
        metaData: `instance-id: ${randomUUID()}\n`,
        networkConfig: networkConfig(how),
      });
    },
    async ssh(address, command) {
      const options = [
        'StrictHostKeyChecking=no',
        'UserKnownHostsFile=/dev/null',
        'LogLevel=ERROR',
        'ConnectTimeout=5',
      ];
      const login = ['-i', key, ...options.flatMap((option) => ['-o', option]), `${USER}@${address}`];
      return run(['ssh', ...login, command]);
    },
    async remove() {
      await networkDown(network);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** As Proxmox VE writes it for `ciuser`, `sshkeys` and a name. */
function userData(publicKey: string): string {
  return [
    '#cloud-config',
    'hostname: app-1',
    'manage_etc_hosts: true',
    'fqdn: app-1.lab.test',
    `user: ${USER}`,
    'ssh_authorized_keys:',
    `  - ${publicKey}`,
    'chpasswd:',
    '  expire: False',
    'users:',
    '  - default',
    'package_upgrade: true',
    '',
  ].join('\n');
}

function networkConfig(how: string): string {
  const subnet =
    how === 'dhcp'
      ? ['      - type: dhcp4']
      : ['      - type: static', `        address: '${how}'`, "        netmask: '255.255.255.0'"];
  return [
    'version: 1',
    'config:',
    '    - type: physical',
    '      name: eth0',
    `      mac_address: '${MAC.toLowerCase()}'`,
    '      subnets:',
    ...subnet,
    '    - type: nameserver',
    '      address:',
    "      - '10.98.0.53'",
    '      search:',
    "      - 'lab.test'",
    '',
  ].join('\n');
}

/** Asks again until the answer is not undefined and nothing is thrown; the last error after `timeoutMs`. */
export async function until<T>(timeoutMs: number, ask: () => Promise<T>): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== null) return answer;
      if (Date.now() > deadline) throw new Error('not in time');
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await sleep(200);
  }
}

/** What of this guest is on the machine besides its directory. */
export async function traces(spec: GuestSpec): Promise<string[]> {
  const found: string[] = [];
  if (await succeeds(['grep', '-q', spec.runDir, '/proc/mounts'])) found.push('mounts');
  for (const nic of spec.nics) if (await succeeds(['ip', 'link', 'show', nic.hostDevice])) found.push(nic.hostDevice);
  const cgroups = await run(['find', '/sys/fs/cgroup', '-name', `*${spec.uuid}*`]);
  if (cgroups !== '') found.push(cgroups);
  const processes = await run(['ps', '-eo', 'args']);
  if (processes.includes(spec.runDir)) found.push('processes');
  return found;
}
