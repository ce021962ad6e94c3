import type { QemuConfig } from '../proxmox/answers.js';
import type { DesiredVm } from './desired.js';
import type { Drift } from '../proxmox/drift.js';
import { tagsOf } from '../proxmox/ownership.js';
import { diskBytes, macOf, parseProperties, setProperties } from '../proxmox/properties.js';

/** The one model of how a VM should be and is in Proxmox: vm:status, vm:diff, vm:apply and vm:create all compare here. */

/** Options to set. Several may touch the same one (`net0`), each starting from what the one before made of it. */
type Setting = (config: QemuConfig) => Readonly<Record<string, number | string>>;

export interface ConfigDrift extends Drift {
  /** What to set, given the configuration so far; undefined when it is set already and only waits for the next start. */
  readonly set: Setting | undefined;
  /** Options to remove. */
  readonly remove?: readonly string[];
  /** Only while the VM is off: it would lose its network in the middle of it. */
  readonly offline?: boolean;
  /** Only once a login has been proved to work with it: otherwise it would be undone in the VM and not in Proxmox. */
  readonly proved?: boolean;
  /** Grow the disk to so many GiB. */
  readonly resizeGb?: number;
  /** The same for every VM of zebu, whatever zebu.yml says: vm:create sets it, too. */
  readonly ensured?: boolean;
}

/** A VM's configuration as it is now and as it will be at the next start. */
export interface Configured {
  readonly vmid: number;
  readonly current: QemuConfig;
  readonly next: QemuConfig;
}

const GIB = 1024 ** 3;
export const DISK = 'scsi0';

const yesNo = (value: boolean): string => (value ? '1' : '0');

export function ipconfig(network: DesiredVm['network']): string {
  const { address, gateway } = network;
  if (address === 'dhcp') return 'ip=dhcp';
  return gateway === undefined ? `ip=${address}` : `ip=${address},gw=${gateway}`;
}

/** What of `ipconfig0` is ours: IPv6 beside it is not. */
function addressOf(text: string | undefined): string {
  const { values } = parseProperties(text ?? '');
  return ['ip', 'gw'].flatMap((name) => (values.has(name) ? [`${name}=${values.get(name) ?? ''}`] : [])).join(',');
}

function keyLines(text: string | undefined): readonly string[] {
  let decoded = text ?? '';
  try {
    decoded = decodeURIComponent(decoded);
  } catch {
    // Not encoded: then it is taken as it is.
  }
  return decoded
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

const blobs = (lines: readonly string[]): string =>
  lines
    .map((line) => line.split(/\s+/)[1] ?? line)
    .toSorted()
    .join(' ');

interface Row {
  readonly key: string;
  readonly wanted: string | undefined;
  readonly found: (config: QemuConfig) => string;
  /** How both are shown, where their comparison is not fit to be read. */
  readonly shown?: readonly [wanted: string, found: string];
  readonly change: 'now' | 'restart';
  readonly set?: Setting;
  readonly remove?: readonly string[];
  readonly offline?: boolean;
  readonly proved?: boolean;
  readonly ensured?: boolean;
  /** The running VM is compared elsewhere: what counts here is the configuration alone. */
  readonly configOnly?: boolean;
}

const net = (config: QemuConfig, name: string): string => parseProperties(config['net0'] ?? '').values.get(name) ?? '';

function networkRows({ network, firewall }: DesiredVm): readonly Row[] {
  const setNet =
    (name: string, value: string | undefined) =>
    (config: QemuConfig): Record<string, string> => ({ net0: setProperties(config['net0'] ?? '', { [name]: value }) });
  const vlan = network.vlan === undefined ? '' : String(network.vlan);
  return [
    {
      key: 'vm.network.bridge',
      wanted: network.bridge,
      found: (config) => net(config, 'bridge'),
      change: 'now',
      set: setNet('bridge', network.bridge),
    },
    {
      key: 'vm.network.vlan',
      wanted: vlan,
      found: (config) => net(config, 'tag'),
      change: 'now',
      set: setNet('tag', vlan === '' ? undefined : vlan),
    },
    {
      key: 'vm.network.mtu',
      wanted: network.mtu === undefined ? '' : String(network.mtu),
      // 1 means the bridge's own, which is what it is without one.
      found: (config) => net(config, 'mtu').replace(/^1$/, ''),
      change: 'restart',
      set: setNet('mtu', network.mtu === undefined ? undefined : String(network.mtu)),
      offline: true,
    },
    {
      key: 'vm.network.mac',
      wanted: network.mac?.toLowerCase(),
      found: (config) => macOf(config['net0']) ?? '',
      change: 'restart',
      set: (config) => ({ net0: (config['net0'] ?? '').replace(/([0-9A-F]{2}:){5}[0-9A-F]{2}/i, network.mac ?? '') }),
      offline: true,
    },
    {
      key: 'vm.firewall.enabled',
      // Off in zebu.yml means that zebu leaves it as it is.
      wanted: firewall.enabled ? '1' : undefined,
      found: (config) => net(config, 'firewall') || '0',
      shown: ['filtered', 'the interface is not filtered'],
      change: 'now',
      set: setNet('firewall', '1'),
      ensured: true,
    },
    {
      key: 'vm.network.address',
      wanted: addressOf(ipconfig(network)),
      found: (config) => addressOf(config['ipconfig0']),
      change: 'restart',
      set: (config) => {
        const { ip, gw } = Object.fromEntries(parseProperties(ipconfig(network)).values);
        return { ipconfig0: setProperties(config['ipconfig0'] ?? '', { ip, gw }) };
      },
    },
    ...(
      [
        ['vm.network.nameservers', 'nameserver', network.nameservers.join(' ')],
        ['vm.network.search', 'searchdomain', network.search ?? ''],
      ] as const
    ).map(([key, option, wanted]): Row => ({
      key,
      wanted,
      found: (config) => config[option] ?? '',
      change: 'restart',
      ...(wanted === '' ? { remove: [option] } : { set: () => ({ [option]: wanted }) }),
    })),
  ];
}

function machineRows(desired: DesiredVm): readonly Row[] {
  const plain = (key: string, option: string, wanted: string, initial: string, change: 'now' | 'restart'): Row => ({
    key,
    wanted,
    found: (config) => config[option] ?? initial,
    change,
    set: () => ({ [option]: wanted }),
  });
  return [
    plain('vm.name', 'name', desired.name, '', 'now'),
    plain('vm.cores', 'cores', String(desired.cores), '1', 'restart'),
    {
      ...plain('vm.memory_mb', 'memory', String(desired.memoryMb), '512', 'restart'),
      found: (config) => (config['memory'] ?? '512').replace(/^current=/, ''),
    },
    {
      ...plain('vm.cpu', 'cpu', desired.cpu, 'kvm64', 'restart'),
      // The type alone, unless zebu.yml names flags as well.
      found: ({ cpu = 'kvm64' }) =>
        desired.cpu.includes(',') ? cpu : (cpu.split(',', 1)[0] ?? '').replace(/^cputype=/, ''),
    },
    plain('vm.onboot', 'onboot', yesNo(desired.onboot), '0', 'now'),
    plain('vm.user', 'ciuser', desired.user, '', 'restart'),
  ];
}

function ownershipRows(desired: DesiredVm): readonly Row[] {
  const tags = tagsOf(desired.tags);
  const { note } = desired;
  const described = (config: QemuConfig): boolean => (config['description'] ?? '').includes('managed by zebu');
  return [
    {
      key: 'guest.agent',
      wanted: '1',
      found: ({ agent = '0' }) => yesNo(/(^|,)(enabled=)?1(,|$)/.test(agent)),
      shown: ['on', 'off'],
      change: 'restart',
      set: ({ agent }) => ({
        agent: agent === undefined ? 'enabled=1' : setProperties(agent.replace(/^[01]/, ''), { enabled: '1' }),
      }),
      ensured: true,
    },
    {
      key: 'guest.tags',
      wanted: tags.join(' '),
      found: (config) => tags.filter((tag) => tagsOf(config['tags']).includes(tag)).join(' '),
      change: 'now',
      set: (config) => ({ tags: [...new Set([...tagsOf(config['tags']), ...tags])].join(';') }),
      ensured: true,
    },
    {
      key: 'guest.note',
      wanted: '1',
      found: (config) => yesNo(described(config)),
      shown: ['says that zebu manages the VM', 'does not say so'],
      change: 'now',
      set: ({ description = '' }) => ({ description: description === '' ? note : `${note}\n\n${description}` }),
      ensured: true,
    },
    {
      key: 'vm.ssh_keys',
      // Without keys in zebu.yml everybody's own were good enough when the VM was made.
      wanted: desired.namesKeys ? blobs(desired.sshKeys) : undefined,
      found: (config) => blobs(keyLines(config['sshkeys'])),
      shown: [`${desired.sshKeys.length} keys`, 'cloud-init has others'],
      change: 'now',
      set: () => ({ sshkeys: encodeURIComponent(desired.sshKeys.join('\n')) }),
      proved: true,
      configOnly: true,
    },
  ];
}

function compare(row: Row, vm: Configured): readonly ConfigDrift[] {
  const { key, wanted, shown, remove, change } = row;
  const current = row.configOnly === true ? vm.next : vm.current;
  if (wanted === undefined || row.found(current) === wanted) return [];
  const waits = row.found(vm.next) === wanted;
  const found = shown?.[1] ?? (row.found(current) || 'nothing');
  return [
    {
      key,
      wanted: shown?.[0] ?? (wanted || 'nothing'),
      found: waits ? `${found} until the VM starts again` : found,
      change: waits ? 'restart' : change,
      set: waits ? undefined : row.set,
      ...(waits || remove === undefined ? {} : { remove }),
      ...(row.offline === true ? { offline: true } : {}),
      ...(row.proved === true ? { proved: true } : {}),
      ...(row.ensured === true ? { ensured: true } : {}),
    },
  ];
}

function diskDrift(desired: DesiredVm, { next }: Configured): readonly ConfigDrift[] {
  const bytes = diskBytes(next[DISK]);
  if (bytes === undefined) return [];
  const row = { key: 'vm.disk_gb', wanted: String(desired.diskGb), found: String(Math.round((bytes / GIB) * 10) / 10) };
  if (bytes < desired.diskGb * GIB) return [{ ...row, change: 'now', set: undefined, resizeGb: desired.diskGb }];
  if (bytes < (desired.diskGb + 1) * GIB) return [];
  const why = `disks are never shrunk; set vm.disk_gb to ${Math.floor(bytes / GIB)}, or have a new VM with zebu vm:rebuild`;
  return [{ ...row, change: 'never', set: undefined, why }];
}

function fixedDrift(desired: DesiredVm, vm: Configured): readonly ConfigDrift[] {
  const storage = vm.next[DISK]?.split(':')[0];
  const rows: ConfigDrift[] = [];
  if (desired.vmid !== undefined && desired.vmid !== vm.vmid) {
    const why = `a VM keeps its id for life; set vm.vmid to ${vm.vmid}, or have a new VM with zebu vm:rebuild`;
    rows.push({
      key: 'vm.vmid',
      wanted: String(desired.vmid),
      found: String(vm.vmid),
      change: 'never',
      set: undefined,
      why,
    });
  }
  if (desired.storage !== undefined && storage !== undefined && desired.storage !== storage) {
    const why = `moving a disk is a job of Proxmox: qm disk move ${vm.vmid} ${DISK} ${desired.storage} --delete 1; or have a new VM with zebu vm:rebuild`;
    rows.push({ key: 'vm.storage', wanted: desired.storage, found: storage, change: 'never', set: undefined, why });
  }
  return rows;
}

/** What differs between zebu.yml and the VM's configuration in Proxmox. */
export function configDrift(desired: DesiredVm, vm: Configured): readonly ConfigDrift[] {
  const rows = [...machineRows(desired), ...networkRows(desired), ...ownershipRows(desired)];
  return [...rows.flatMap((row) => compare(row, vm)), ...diskDrift(desired, vm), ...fixedDrift(desired, vm)];
}

/** For people and results: without what is needed to change it. */
export function publicDrift({ key, wanted, found, change, why }: Drift): Drift {
  return { key, wanted, found, change, ...(why === undefined ? {} : { why }) };
}
