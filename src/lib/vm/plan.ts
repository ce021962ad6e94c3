import type { DesiredVm } from './desired.js';
import type { Drift } from '../proxmox/drift.js';
import type { ExistingVm } from '../proxmox/observe.js';
import type { Site } from './site.js';
import { configDrift, DISK, ipconfig, publicDrift } from './facts.js';
import type { FirewallRequest } from './firewall-plan.js';
import { diskBytes } from '../proxmox/properties.js';
import type { ScriptRun } from './provision/community-script/run.js';
import type { TemplateStep, TemplateUse } from './provision/template/model.js';

/** One request of the plan, exactly as it will be sent; or, as `HOST`, a program that is run on the node itself. */
export interface PlannedCall {
  readonly method: 'DELETE' | 'HOST' | 'POST' | 'PUT';
  /** Below `/api2/json`; of a program, its name and version. */
  readonly path: string;
  readonly params: Readonly<Record<string, boolean | number | string>>;
  /** Type of the task it starts; undefined when it is done with the answer. */
  readonly task: string | undefined;
}

export interface PlannedStep {
  readonly title: string;
  readonly call: PlannedCall;
  /** Takes as long as the disk is large: what does not touch the VM's configuration is done meanwhile. */
  readonly imports?: true;
  /** What a `HOST` step runs. */
  readonly script?: ScriptRun;
  /** What the call is about, so that its position is found where the rules have moved by then. */
  readonly firewall?: FirewallRequest;
  /** What is done instead of sending the call alone. */
  readonly template?: TemplateStep;
  /** The requests that it consists of, where it is more than one. */
  readonly parts?: readonly PlannedStep[];
  /** Of the parameters, only those that the VM has otherwise are sent; and its first disk gets these options. */
  readonly adopt?: { readonly diskOptions: string };
}

export interface VmPlan {
  readonly node: string;
  readonly vmid: number;
  /** In order; empty when the VM is there and running. */
  readonly steps: readonly PlannedStep[];
  /** What differs from the configuration and is left as it is. */
  readonly drift: readonly Drift[];
  /** What the VM is cloned from; as far as it is known by now. */
  readonly template?: TemplateUse;
}

const GIB = 1024 ** 3;

function net0(desired: DesiredVm, bridge: string): string {
  const { mac, vlan, mtu } = desired.network;
  return [
    mac === undefined ? 'virtio' : `virtio=${mac.toUpperCase()}`,
    `bridge=${bridge}`,
    `firewall=${desired.firewall.enabled ? 1 : 0}`,
    ...(vlan === undefined ? [] : [`tag=${vlan}`]),
    ...(mtu === undefined ? [] : [`mtu=${mtu}`]),
  ].join(',');
}

/** What every new VM is given, however it comes to be. */
export function newVmConfig(desired: DesiredVm, bridge: string): PlannedCall['params'] {
  const { nameservers, search } = desired.network;
  return {
    name: desired.name,
    tags: desired.tags,
    description: desired.note,
    ostype: 'l26',
    cores: desired.cores,
    sockets: 1,
    cpu: desired.cpu,
    memory: desired.memoryMb,
    onboot: desired.onboot ? 1 : 0,
    agent: 'enabled=1',
    scsihw: 'virtio-scsi-single',
    serial0: 'socket',
    vga: 'serial0',
    net0: net0(desired, bridge),
    ciuser: desired.user,
    // PVE keeps the keys URL-encoded inside the parameter.
    sshkeys: encodeURIComponent(desired.sshKeys.join('\n')),
    ipconfig0: ipconfig(desired.network),
    // Upgrades at first boot take minutes and need a network; they are no part of creating a VM.
    ciupgrade: 0,
    ...(nameservers.length === 0 ? {} : { nameserver: nameservers.join(' ') }),
    ...(search === undefined ? {} : { searchdomain: search }),
  };
}

/** Options for any storage: discarded blocks are freed there, and the disk has an I/O thread of its own. */
export const DISK_OPTIONS = 'discard=on,iothread=1,ssd=1';

function diskStep(base: string, site: Site): PlannedStep {
  return {
    title: `Import the disk from ${site.image.volume} to ${site.storage}`,
    call: {
      method: 'POST',
      path: `${base}/config`,
      params: {
        [DISK]: `${site.storage}:0,import-from=${site.image.volume},${DISK_OPTIONS}`,
        ide2: `${site.storage}:cloudinit`,
        boot: `order=${DISK}`,
      },
      task: 'qmconfig',
    },
    imports: true,
  };
}

/** Proxmox makes the drive after it has imported the disk, and keeps the disk when that fails. */
function cloudInitSteps(base: string, vm: ExistingVm): readonly PlannedStep[] {
  const { config, status } = vm;
  const [storage, volume] = config[DISK]?.split(':') ?? [];
  if (volume === undefined || config['ciuser'] === undefined || status.status === 'running') return [];
  if (config['ide2'] !== undefined || Object.values(config).some(isCloudInitDrive)) return [];
  const params = { ide2: `${storage}:cloudinit` };
  return [
    {
      title: `Give it its cloud-init drive on ${storage}`,
      call: { method: 'POST', path: `${base}/config`, params, task: 'qmconfig' },
    },
  ];
}

const isCloudInitDrive = (value: unknown): boolean =>
  typeof value === 'string' && /^[^,:]+:([^,]*-)?cloudinit\b/.test(value);

export function resizeStep(base: string, diskGb: number): PlannedStep {
  return {
    title: `Grow the disk to ${diskGb} GiB`,
    call: { method: 'PUT', path: `${base}/resize`, params: { disk: DISK, size: `${diskGb}G` }, task: 'resize' },
  };
}

export function startStep(base: string): PlannedStep {
  return { title: 'Start it', call: { method: 'POST', path: `${base}/status/start`, params: {}, task: 'qmstart' } };
}

/** Of an image that is there already Proxmox computes the checksum again, and downloads nothing. */
function imageStep(desired: DesiredVm, site: Site): readonly PlannedStep[] {
  const { image } = desired;
  if (image?.kind !== 'url') return [];
  return [
    {
      title: site.image.present
        ? `Check the ${image.algorithm} of ${site.image.volume}`
        : `Download ${image.url} to ${site.image.storage} and check its ${image.algorithm}`,
      call: {
        method: 'POST',
        path: `/nodes/${site.node}/storage/${site.image.storage}/download-url`,
        params: {
          content: 'import',
          filename: site.image.filename,
          url: image.url,
          checksum: image.checksum,
          'checksum-algorithm': image.algorithm,
        },
        task: 'download',
      },
    },
  ];
}

/** What differs, as far as the configuration alone tells. */
export function driftOf(desired: DesiredVm, vm: ExistingVm): readonly Drift[] {
  return configDrift(desired, { vmid: vm.vmid, current: vm.config, next: vm.config }).map(publicDrift);
}

/** The differences that vm:create leaves as they are: all but those it repairs itself. */
function leftDrift(desired: DesiredVm, vm: ExistingVm): readonly Drift[] {
  const rows = configDrift(desired, { vmid: vm.vmid, current: vm.config, next: vm.config });
  return rows.filter((row) => row.ensured !== true && row.resizeGb === undefined).map(publicDrift);
}

/** Whether the disk was imported: a run may have been interrupted before. */
export function hasDisk(vm: ExistingVm): boolean {
  return vm.config[DISK] !== undefined;
}

/** A VM that is not there yet, or one that a run before left without its disk. */
export function planCreation(desired: DesiredVm, site: Site, found: ExistingVm | undefined): VmPlan {
  const node = found?.node ?? site.node;
  const vmid = found?.vmid ?? site.vmid;
  const base = `/nodes/${node}/qemu/${vmid}`;
  // Without disks, which takes Proxmox no time: from then on it carries our tags, so that a run that is interrupted in
  // the long import is found and finished by the next one instead of leaving a second VM.
  const shell: PlannedStep = {
    title: `Create VM ${vmid} (${desired.name}) on ${node}: ${desired.cores} cores, ${desired.memoryMb} MiB, ${site.bridge}`,
    call: {
      method: 'POST',
      path: `/nodes/${node}/qemu`,
      params: { vmid, ...newVmConfig(desired, site.bridge) },
      task: 'qmcreate',
    },
  };
  return {
    node,
    vmid,
    steps: [
      // What may be refused comes first: a wrong image leaves no VM behind.
      ...imageStep(desired, site),
      ...(found === undefined ? [shell] : []),
      diskStep(base, site),
      resizeStep(base, desired.diskGb),
      startStep(base),
    ],
    drift: found === undefined ? [] : leftDrift(desired, found),
  };
}

/** A VM that has its disk: at most grown, given the drive that carries user and keys, and started. */
export function planExisting(desired: DesiredVm, vm: ExistingVm): VmPlan {
  const base = `/nodes/${vm.node}/qemu/${vm.vmid}`;
  const bytes = diskBytes(vm.config[DISK]);
  return {
    node: vm.node,
    vmid: vm.vmid,
    steps: [
      ...cloudInitSteps(base, vm),
      ...(bytes !== undefined && bytes < desired.diskGb * GIB ? [resizeStep(base, desired.diskGb)] : []),
      ...(vm.status.status === 'running' ? [] : [startStep(base)]),
    ],
    drift: leftDrift(desired, vm),
  };
}
