import { ZebuError } from '@zebu/kit';
import * as z from 'zod';
import type { Context } from '../context/context.js';
import { runSteps, type Step } from '../ui/steps.js';
import { nodeStatusAnswer } from '../proxmox/answers.js';
import { findAppVm, vmTask, type AppVm } from './app-vm.js';
import { parseAnswer } from '../proxmox/parse.js';
import { diskBytes } from '../proxmox/properties.js';
import type { Resized, SizeChange } from './results.js';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

export interface WantedSize {
  readonly cores?: number | undefined;
  readonly memoryMb?: number | undefined;
  /** Whole GiB, or `+` and how many more. */
  readonly disk?: string | undefined;
}

export interface CurrentSize {
  readonly cores: number;
  readonly memoryMb: number;
  /** Of the disk it boots from. */
  readonly diskGb: number;
  readonly slot: string;
}

/** The disk a VM boots from. */
export function bootDisk(config: Readonly<Record<string, string>>): string {
  const order = /order=([^,]*)/.exec(config['boot'] ?? '')?.[1]?.split(';') ?? [];
  return (
    order.find((slot) => /^(scsi|virtio|sata|ide)\d+$/.test(slot) && diskBytes(config[slot]) !== undefined) ?? 'scsi0'
  );
}

export function currentSize(config: Readonly<Record<string, string>>): CurrentSize {
  const slot = bootDisk(config);
  return {
    cores: Number(config['cores'] ?? 1),
    memoryMb: Number((config['memory'] ?? '512').replace(/^current=/, '')),
    diskGb: (diskBytes(config[slot]) ?? 0) / GIB,
    slot,
  };
}

export type PlannedSize = Omit<SizeChange, 'takesEffect'>;

/** What has to change. @throws USAGE for a disk that would shrink or a size that is none */
export function planSize(wanted: WantedSize, current: CurrentSize): readonly PlannedSize[] {
  const planned: PlannedSize[] = [];
  if (wanted.cores !== undefined && wanted.cores !== current.cores)
    planned.push({ key: 'vm.cores', from: current.cores, to: wanted.cores });
  if (wanted.memoryMb !== undefined && wanted.memoryMb !== current.memoryMb)
    planned.push({ key: 'vm.memory_mb', from: current.memoryMb, to: wanted.memoryMb });
  if (wanted.disk !== undefined) {
    const [, plus, digits] = /^(\+?)(\d{1,6})$/.exec(wanted.disk) ?? [];
    if (digits === undefined || Number(digits) === 0) {
      throw new ZebuError('USAGE', `--disk ${wanted.disk}: whole GiB, such as 40, or +20 for twenty more`);
    }
    const to = plus === '+' ? Math.ceil(current.diskGb) + Number(digits) : Number(digits);
    if (to < current.diskGb) {
      throw new ZebuError(
        'USAGE',
        `--disk ${wanted.disk}: ${current.slot} has ${current.diskGb} GiB already, and disks only grow`,
        {
          hint: 'A smaller disk means a new VM: back up, vm:destroy, vm:create, deploy.',
        },
      );
    }
    if (to > current.diskGb) planned.push({ key: 'vm.disk_gb', from: current.diskGb, to });
  }
  return planned;
}

const pendingAnswer = z.array(z.object({ key: z.string(), pending: z.unknown().optional() }));

/** Proxmox's own word on what waits for a restart: it depends on the VM's hotplug settings. */
async function pendingKeys({ client, vm }: AppVm): Promise<ReadonlySet<string>> {
  const data = await client.request('GET', `/nodes/${vm.node}/qemu/${vm.vmid}/pending`);
  const rows = parseAnswer(pendingAnswer, data, 'the pending changes of the VM');
  return new Set(rows.filter((row) => row.pending !== undefined).map((row) => row.key));
}

async function checkMemory({ client, vm }: AppVm, planned: readonly PlannedSize[]): Promise<void> {
  const memory = planned.find(({ key }) => key === 'vm.memory_mb');
  if (memory === undefined || memory.to <= memory.from) return;
  const status = parseAnswer(
    nodeStatusAnswer,
    await client.request('GET', `/nodes/${vm.node}/status`),
    'the status of the node',
  );
  const free = Math.floor((status.memory.available ?? status.memory.free) / MIB);
  const more = memory.to - (vm.status.status === 'running' ? memory.from : 0);
  if (more <= free) return;
  throw new ZebuError(
    'NO_SPACE',
    `The node ${vm.node} has ${free} MiB of memory left; ${memory.to} MiB for VM ${vm.vmid} need ${more} more`,
    {
      hint: 'Ask for less, or stop another VM.',
    },
  );
}

const OPTIONS = { 'vm.cores': 'cores', 'vm.memory_mb': 'memory' } as const;

function steps(context: Context, appVm: AppVm, planned: readonly PlannedSize[], slot: string): readonly Step[] {
  const options = planned.flatMap(({ key, to }) => (key === 'vm.disk_gb' ? [] : [[OPTIONS[key], to] as const]));
  const disk = planned.find(({ key }) => key === 'vm.disk_gb');
  const { vmid } = appVm.vm;
  const result: Step[] = [];
  if (options.length > 0) {
    result.push({
      title: `Set ${options.map(([name, value]) => `${name} ${value}`).join(', ')} of VM ${vmid} (${appVm.name})`,
      run: (report) =>
        vmTask(context, appVm, report, {
          method: 'POST',
          path: '/config',
          params: Object.fromEntries(options),
          task: 'qmconfig',
          label: `changing VM ${vmid}`,
        }),
    });
  }
  if (disk !== undefined) {
    result.push({
      title: `Grow ${slot} of VM ${vmid} (${appVm.name}) to ${disk.to} GiB`,
      run: (report) =>
        vmTask(context, appVm, report, {
          method: 'PUT',
          path: '/resize',
          params: { disk: slot, size: `${disk.to}G` },
          task: 'resize',
          label: `growing ${slot} of VM ${vmid}`,
        }),
    });
  }
  return result;
}

/** @throws USAGE for nothing to do or a shrinking disk, NO_SPACE when the node lacks memory */
export async function resizeVm(context: Context, wanted: WantedSize): Promise<Resized> {
  if (wanted.cores === undefined && wanted.memoryMb === undefined && wanted.disk === undefined) {
    throw new ZebuError('USAGE', 'Nothing to resize', { hint: 'Give --cores, --memory or --disk.' });
  }
  const appVm = await findAppVm(context);
  const current = currentSize(appVm.vm.config);
  const planned = planSize(wanted, current);
  const facts = { vmid: appVm.vm.vmid, node: appVm.vm.node, name: appVm.name };
  if (planned.length === 0) return { changed: false, ...facts, changes: [], restartNeeded: false, zebuYml: {} };
  await checkMemory(appVm, planned);
  await runSteps(context.io, context.signal, steps(context, appVm, planned, current.slot));
  const pending = await pendingKeys(appVm);
  const changes = planned.map((each): SizeChange => {
    const waits = each.key !== 'vm.disk_gb' && pending.has(OPTIONS[each.key]);
    return { ...each, takesEffect: waits ? 'restart' : 'now' };
  });
  return {
    changed: true,
    ...facts,
    changes,
    restartNeeded: changes.some((each) => each.takesEffect === 'restart'),
    zebuYml: Object.fromEntries(changes.map(({ key, to }) => [key, to])),
  };
}
