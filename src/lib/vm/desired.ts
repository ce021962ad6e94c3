import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ZebuError } from '@zebu/kit';
import { expand } from '../config/expand.js';
import { describeOrigin } from '../config/layers.js';
import type { PortRange } from '../config/port.js';
import type { Config } from '../config/schema.js';
import type { Context } from '../context/context.js';
import { publishedPorts } from '../compose/published-ports.js';
import { desiredGuest, type DesiredGuest } from '../guest/ensure/model.js';
import { wantedUnits } from '../upkeep/wanted.js';
import { desiredFirewall, type DesiredFirewall } from './firewall.js';
import { toVmid, type Vmid } from '../proxmox/ids.js';
import { ownNote, ownTags } from '../proxmox/ownership.js';

type WantedImage =
  | {
      readonly kind: 'url';
      readonly url: string;
      readonly algorithm: string;
      readonly checksum: string;
      readonly storage: string | undefined;
    }
  | { readonly kind: 'volume'; readonly volume: string };

/** The VM as the configuration wants it, with everything from this machine (keys) already read. */
export interface DesiredVm {
  readonly app: string;
  readonly name: string;
  /** By which it is found, separated by `;`. */
  readonly tags: string;
  /** In the web interface. */
  readonly note: string;
  readonly vmid: Vmid | undefined;
  readonly node: string | undefined;
  readonly image: WantedImage | undefined;
  readonly cores: number;
  readonly memoryMb: number;
  readonly diskGb: number;
  readonly cpu: string;
  readonly storage: string | undefined;
  readonly onboot: boolean;
  /** Whether it is under the HA manager; undefined: zebu leaves that as it is. */
  readonly ha: boolean | undefined;
  /** The job that backs it up; undefined: zebu leaves that as it is. */
  readonly backup: Config['vm']['backup'];
  readonly user: string;
  /** Public key lines. */
  readonly sshKeys: readonly string[];
  /** Whether zebu.yml names them; otherwise they are this machine's own, and those of another machine are accepted. */
  readonly namesKeys: boolean;
  readonly network: Config['vm']['network'];
  readonly firewall: DesiredFirewall;
  readonly guest: DesiredGuest;
  readonly script: Config['vm']['script'];
}

const KEY_LINE =
  /^(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]+=*( [^\n]*)?$/;

async function keysOfFile(path: string, shown: string, where: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new ZebuError('CONFIG_INVALID', `${where}: the public key file ${shown} cannot be read (${code})`, {
      cause: error,
    });
  }
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.some((line) => line.includes('PRIVATE KEY'))) {
    throw new ZebuError('CONFIG_INVALID', `${where}: ${shown} is a private key`, {
      hint: `Name the public one: ${shown}.pub`,
    });
  }
  const bad = lines.find((line) => !KEY_LINE.test(line));
  if (bad !== undefined || lines.length === 0) {
    throw new ZebuError('CONFIG_INVALID', `${where}: ${shown} does not hold SSH public keys`);
  }
  return lines;
}

async function defaultKeys(context: Context): Promise<readonly string[]> {
  const identity = context.config.vm.identity_file;
  if (identity !== undefined)
    return keysOfFile(`${expand(identity, context.root)}.pub`, `${identity}.pub`, 'vm.identity_file');
  const folder = join(homedir(), '.ssh');
  const names = await readdir(folder).catch(() => [] as string[]);
  const files = names.filter((name) => /^id_[a-z0-9_]+\.pub$/.test(name)).sort();
  const found: string[] = [];
  for (const name of files) found.push(...(await keysOfFile(join(folder, name), `~/.ssh/${name}`, 'vm.ssh_keys')));
  if (found.length > 0) return found;
  throw new ZebuError(
    'CREDENTIAL_MISSING',
    'No SSH public key for the VM: vm.ssh_keys is empty and there is no ~/.ssh/id_*.pub',
    {
      hint: 'Make a key with ssh-keygen -t ed25519, or name one in vm.ssh_keys. Passwords are not offered.',
    },
  );
}

async function publicKeys(context: Context): Promise<readonly string[]> {
  const { ssh_keys: entries } = context.config.vm;
  if (entries.length === 0) return defaultKeys(context);
  const where = describeOrigin(context.loaded.origin('vm.ssh_keys'));
  const lists = await Promise.all(
    entries.map(async (entry) =>
      KEY_LINE.test(entry.trim()) ? [entry.trim()] : keysOfFile(expand(entry, context.root), entry, where),
    ),
  );
  return [...new Set(lists.flat())];
}

function wantedImage({ image }: Config['vm']): WantedImage | undefined {
  if (image === undefined) return undefined;
  if (image.volume !== undefined) return { kind: 'volume', volume: image.volume };
  const [algorithm = '', checksum = ''] = (image.checksum ?? '').split(':');
  return { kind: 'url', url: image.url ?? '', algorithm, checksum, storage: image.storage };
}

/** The ports that the app publishes; Compose files that are not there yet publish none. */
async function readPublished(context: Context): Promise<readonly PortRange[]> {
  const { app, vm } = context.config;
  if (vm.firewall.publish !== undefined || !vm.firewall.enabled) return [];
  const { ports, unread } = await publishedPorts(app.compose, app.profiles, (path) =>
    readFile(join(context.root, path), 'utf8').catch(() => undefined),
  );
  for (const line of unread)
    context.io.warn(`${line}, which only the VM can tell: name the port in vm.firewall.publish`);
  return [...ports, ...frontPorts(app.proxy)];
}

/** Those of the front proxy, which is in no Compose file of the app. */
export function frontPorts(proxy: Config['app']['proxy']): readonly PortRange[] {
  if (proxy === undefined) return [];
  const one = (port: number, protocol: PortRange['protocol']): PortRange => ({ protocol, first: port, last: port });
  const { http_port: http, https_port: https } = proxy;
  return [
    one(http, 'tcp'),
    ...(proxy.domains.length > 0 && proxy.tls !== 'off' ? [one(https, 'tcp'), one(https, 'udp')] : []),
  ];
}

/** @throws CONFIG_INVALID, CREDENTIAL_MISSING */
export async function desiredVm(context: Context): Promise<DesiredVm> {
  const { app, vm, proxmox } = context.config;
  const sshKeys = await publicKeys(context);
  return {
    app: app.name,
    name: vm.name ?? app.name,
    tags: ownTags(app.name),
    note: ownNote(app.name),
    vmid: vm.vmid === undefined ? undefined : toVmid(vm.vmid),
    node: proxmox.node,
    image: wantedImage(vm),
    cores: vm.cores,
    memoryMb: vm.memory_mb,
    diskGb: vm.disk_gb,
    cpu: vm.cpu,
    storage: vm.storage,
    onboot: vm.onboot,
    ha: vm.ha,
    backup: vm.backup,
    user: vm.user,
    sshKeys,
    namesKeys: vm.ssh_keys.length > 0,
    network: vm.network,
    firewall: desiredFirewall(vm, await readPublished(context)),
    guest: desiredGuest(context.config, sshKeys, wantedUnits(context.config)),
    script: vm.script,
  };
}
