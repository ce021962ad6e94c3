import { join } from 'node:path';
import type { DirectBoot, GuestBackend, GuestDisk, GuestNic, GuestSpec } from '../guest/backend.js';
import { hostDevice } from '../net/devices.js';
import { died } from './fault.js';
import { parseProperties } from './property-string.js';
import type { BridgeRecord, StateFile, VmRecord } from './state.js';
import { Statistics } from './statistics.js';
import { cidataFile, isCloudInit, Storage } from './storage.js';
import { Tasks } from './tasks.js';

export interface NodeSettings {
  /** The first is the one whose host shell and API the lab offers; the others are reached through it. */
  readonly nodes: readonly string[];
  readonly version: string;
  /** Of the lab instance, for device names. */
  readonly instanceId: string;
  readonly stateDir: string;
  /** The bridge as PVE shows it → the device on this machine. */
  readonly bridges: Readonly<Record<string, string>>;
  /** The node's own address on the bridge, with prefix. */
  readonly address: string;
  readonly fingerprint: string;
  /** Kernel of the lab's own image, and its checksum to recognise it by. */
  readonly labImage: { readonly sha256: string; readonly boot: DirectBoot } | undefined;
}

/** How long PVE waits for a VM's lock file. */
const LOCK_WAIT_MS = 10_000;

/** One node: its machines, storage and tasks. Handlers get everything from here. */
export class LabNode {
  readonly settings: NodeSettings;
  readonly name: string;
  readonly file: StateFile;
  readonly backend: GuestBackend;
  readonly storage: Storage;
  readonly tasks: Tasks;
  readonly statistics: Statistics;
  readonly startedAt = Date.now();
  readonly #cluster: Map<string, LabNode>;
  readonly #locks: Map<number, Promise<void>>;

  /** The first node; the others are made with it and share its memory. */
  constructor(settings: NodeSettings, file: StateFile, backend: GuestBackend, peer?: { name: string; of: LabNode }) {
    const first = settings.nodes[0] ?? 'pve';
    this.settings = settings;
    this.name = peer?.name ?? first;
    this.file = file;
    this.backend = backend;
    const own = this.name === first ? settings.stateDir : join(settings.stateDir, 'nodes', this.name);
    this.storage = new Storage(
      {
        local: join(own, 'vz'),
        others: join(settings.stateDir, 'storages'),
        node: this.name,
        tellsParent: this.isVersion9,
      },
      file,
    );
    this.tasks = peer?.of.tasks.forNode(this.name) ?? new Tasks(this.name, file);
    this.statistics = peer?.of.statistics ?? new Statistics(join(settings.stateDir, 'statistics.json'));
    this.#locks = peer === undefined ? new Map<number, Promise<void>>() : peer.of.#locks;
    this.#cluster = peer === undefined ? new Map<string, LabNode>() : peer.of.#cluster;
    this.#cluster.set(this.name, this);
    if (peer !== undefined) return;
    for (const name of settings.nodes.slice(1)) new LabNode(settings, file, backend, { name, of: this });
  }

  /** Of the major version, which decides what is said and which rights there are. */
  get isVersion9(): boolean {
    return Number(this.settings.version.split('.')[0]) >= 9;
  }

  /** What is behind a bridge: nothing, unless a test said otherwise. */
  bridge(name: string): BridgeRecord {
    return this.file.state.bridges[name] ?? { ports: '', vlanAware: false };
  }

  /** Every node of the cluster by name, this one included. */
  get cluster(): ReadonlyMap<string, LabNode> {
    return this.#cluster;
  }

  /** The node that carries a VM. */
  carrier(record: VmRecord): LabNode {
    const first = this.settings.nodes[0] ?? this.name;
    return this.cluster.get(record.node ?? first) ?? this;
  }

  /** VMs of this node. */
  get own(): readonly (readonly [number, VmRecord])[] {
    return Object.entries(this.file.state.vms)
      .filter(([, record]) => this.carrier(record) === this)
      .map(([id, record]) => [Number(id), record] as const);
  }

  /** @throws the 500 PVE gives for a VM that is not there, or is on another node */
  vm(vmid: number): VmRecord {
    const record = this.file.state.vms[String(vmid)];
    if (record === undefined || this.carrier(record) !== this)
      throw died(`Configuration file 'nodes/${this.name}/qemu-server/${vmid}.conf' does not exist`);
    return record;
  }

  /** One at a time for each VM; gives up like PVE when the one before takes too long. */
  async withLock<T>(vmid: number, work: () => Promise<T>): Promise<T> {
    const before = this.#locks.get(vmid) ?? Promise.resolve();
    let release = (): void => {};
    const mine = new Promise<void>((resolve) => (release = resolve));
    this.#locks.set(
      vmid,
      before.then(() => mine),
    );
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, LOCK_WAIT_MS, 'late')));
    try {
      if ((await Promise.race([before, late])) === 'late') {
        throw died(`can't lock file '/var/lock/qemu-server/lock-${vmid}.conf' - got timeout`);
      }
      return await work();
    } finally {
      clearTimeout(timer);
      release();
    }
  }

  /** @throws when the configuration is locked, as by a create that is still going on */
  checkLock(record: VmRecord): void {
    if (record.lock !== undefined) throw died(`VM is locked (${record.lock})`);
  }

  /** What the backend needs to know of a VM. */
  spec(vmid: number, record: VmRecord): GuestSpec {
    const { config } = record;
    const nics: GuestNic[] = [];
    const disks: GuestDisk[] = [];
    for (const [key, value] of Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1))) {
      const net = /^net(\d+)$/.exec(key);
      if (net !== null) {
        const properties = parseProperties(String(value), 'model');
        const bridge = properties.get('bridge') ?? '';
        nics.push({
          index: Number(net[1]),
          mac: macOf(properties) ?? '',
          bridgeDevice: this.settings.bridges[bridge] ?? bridge,
          hostDevice: hostDevice(this.settings.instanceId, vmid, Number(net[1])),
          linkDown: properties.get('link_down') === '1',
        });
      }
      if (/^(scsi|virtio|sata|ide)\d+$/.test(key)) {
        const properties = parseProperties(String(value), 'file');
        const volid = properties.get('file') ?? 'none';
        if (volid === 'none') continue;
        const cloudinit = isCloudInit(volid);
        const file = this.storage.path(volid);
        // The cloud-init drive is written as a plain ISO beside its volume when the VM starts.
        disks.push(
          cloudinit
            ? { slot: key, file: cidataFile(file), format: 'raw', media: 'cdrom' }
            : {
                slot: key,
                file,
                format: file.endsWith('.raw') ? 'raw' : 'qcow2',
                media: properties.get('media') === 'cdrom' ? 'cdrom' : 'disk',
              },
        );
      }
    }
    const boot = this.settings.labImage?.boot;
    return {
      vmid,
      name: String(config['name'] ?? `VM ${vmid}`),
      cores: Number(config['cores'] ?? 1) * Number(config['sockets'] ?? 1),
      memoryMiB: Number(String(config['memory'] ?? '512').replace(/^current=/, '')),
      uuid: parseProperties(String(config['smbios1'] ?? ''), 'uuid').get('uuid') ?? '',
      nics,
      disks: disks.sort((a, b) => (a.media === b.media ? 0 : a.media === 'disk' ? -1 : 1)),
      ...(record.labImage && boot !== undefined ? { directBoot: boot } : {}),
      agent: /(^|,)(enabled=)?1(,|$)/.test(String(config['agent'] ?? '')),
      runDir: join(this.settings.stateDir, 'run', String(vmid)),
    };
  }

  async isRunning(vmid: number, record: VmRecord): Promise<boolean> {
    return (await this.backend.state(this.spec(vmid, record))) !== 'stopped';
  }
}

const MODELS = ['virtio', 'e1000', 'e1000e', 'rtl8139', 'vmxnet3'];

/** `virtio=BC:24:…,bridge=vmbr0` */
export function macOf(properties: ReadonlyMap<string, string>): string | undefined {
  for (const model of MODELS) {
    const mac = properties.get(model);
    if (mac !== undefined) return mac;
  }
  return properties.get('macaddr');
}
