import { died } from './fault.js';
import type { LabNode } from './node.js';
import { formatProperties, formatSize, parseProperties, parseSize } from './property-string.js';
import type { VmRecord } from './state.js';
import { imageInfo } from './storage.js';
import type { TaskHandle } from './tasks.js';
import { formatting, progress } from './volume-log.js';

const DISK = /^((scsi|virtio|sata|ide)\d+|efidisk0)$/;

/** Of the firmware's variables, `efitype=4m`; a raw file whatever the storage would take for other disks. */
const EFI_BYTES = 528 * 1024;

const CLOUD_INIT_BYTES = 4 * 1024 * 1024;

export const isDiskSlot = (name: string): boolean => DISK.test(name);

/** Size of the disk that is booted from, in bytes. */
export function maxDisk(record: VmRecord): number {
  const [, bootDisk = 'scsi0'] = /order=([a-z]+\d+)/.exec(String(record.config['boot'] ?? '')) ?? [];
  const size = parseProperties(String(record.config[bootDisk] ?? ''), 'file').get('size');
  return size === undefined ? 0 : (parseSize(size) ?? 0);
}

/** A disk of a request: an existing volume, `local:8` for a new one of 8 GiB, or an import. */
interface WantedDisk {
  readonly volume: string;
  readonly importFrom: string | undefined;
  readonly options: Map<string, string>;
}

function parseDisk(text: string): WantedDisk {
  const options = parseProperties(text, 'file');
  const volume = options.get('file') ?? '';
  const importFrom = options.get('import-from');
  options.delete('file');
  options.delete('import-from');
  return { volume, importFrom, options };
}

/** What can be told to be wrong before a task is started. @throws PveFault 500 */
export function checkDisks(node: LabNode, params: Readonly<Record<string, string>>): void {
  for (const [slot, text] of Object.entries(params)) {
    if (!isDiskSlot(slot)) continue;
    const { volume } = parseDisk(text);
    const cut = volume.indexOf(':');
    if (cut > 0) node.storage.check(volume.slice(0, cut));
  }
}

/** Storages that a request would make new volumes on. */
export function storagesOf(params: Readonly<Record<string, string>>): readonly string[] {
  const names = Object.entries(params).flatMap(([slot, text]) => {
    const { volume } = parseDisk(text);
    const cut = volume.indexOf(':');
    return isDiskSlot(slot) && cut > 0 && /^(\d+(\.\d+)?|cloudinit)$/.test(volume.slice(cut + 1))
      ? [volume.slice(0, cut)]
      : [];
  });
  return [...new Set(names)];
}

export interface MadeDisks {
  readonly config: Record<string, string>;
  readonly labImage: boolean;
}

interface Making {
  readonly node: LabNode;
  readonly vmid: number;
  readonly task: Pick<TaskHandle, 'log'>;
  /** Volumes that are there now. */
  readonly made: string[];
}

/** @throws as the storage does for a volume that is there already */
function checkFree(node: LabNode, volid: string): void {
  if (node.storage.exists(volid)) throw died(`disk image '${node.storage.shown(volid)}' already exists`);
}

async function makeCloudInit({ node, vmid, task, made }: Making, slot: string, storage: string): Promise<string> {
  const volid = node.storage.cloudInitVolume(vmid, storage);
  checkFree(node, volid);
  made.push(volid);
  task.log(formatting(node, volid, CLOUD_INIT_BYTES));
  await node.storage.createDisk(volid, CLOUD_INIT_BYTES);
  const value = `${volid},media=cdrom`;
  task.log(`${slot}: successfully created disk '${value}'`);
  return value;
}

/** @returns size in bytes */
async function makeEmpty({ node, task }: Making, slot: string, volid: string, gibibytes: number): Promise<number> {
  const efi = slot === 'efidisk0';
  const bytes = efi ? EFI_BYTES : gibibytes * 1024 ** 3;
  task.log(formatting(node, volid, bytes));
  await node.storage.createDisk(volid, bytes);
  // The variables are copied into it, and the end is told twice.
  if (efi) for (const line of [...progress(bytes), ...progress(bytes).slice(-1)]) task.log(line);
  return bytes;
}

/** @returns size in bytes */
async function makeImport({ node, task, made }: Making, volid: string, from: string): Promise<number> {
  task.log(`create full clone of drive (${from})`);
  const size = (await imageInfo(node.storage.path(from))).virtualSize;
  task.log(formatting(node, volid, size));
  made.push(volid);
  if (node.isVersion9) task.log(`allocated target volume '${volid}'`);
  const bytes = await node.storage.importDisk(from, volid);
  for (const line of progress(bytes)) task.log(line);
  return bytes;
}

/**
 * Makes the volumes a request asks for, in the order of their slots. What was made is told through `made` even when a
 * later one fails, so that the caller can take it away.
 */
export async function makeDisks(
  node: LabNode,
  vmid: number,
  params: Readonly<Record<string, string>>,
  task: Pick<TaskHandle, 'log'>,
  made: string[],
): Promise<MadeDisks> {
  const config: Record<string, string> = {};
  const making: Making = { node, vmid, task, made };
  let labImage = false;
  for (const slot of Object.keys(params).filter(isDiskSlot).toSorted()) {
    const text = params[slot] ?? '';
    const { volume, importFrom, options } = parseDisk(text);
    const storage = volume.slice(0, Math.max(0, volume.indexOf(':')));
    const wanted = volume.slice(volume.indexOf(':') + 1);
    if (wanted === 'cloudinit') config[slot] = await makeCloudInit(making, slot, storage);
    else if (volume === 'none' || options.get('media') === 'cdrom') config[slot] = text;
    else if (/^\d+(\.\d+)?$/.test(wanted)) {
      if (importFrom !== undefined && !node.storage.exists(importFrom))
        throw died(`failed to stat '${node.storage.shown(importFrom)}'`);
      const format = options.get('format') ?? (slot === 'efidisk0' ? 'raw' : 'qcow2');
      const volid = node.storage.nextDisk(vmid, format, storage);
      let bytes: number;
      if (importFrom === undefined) {
        made.push(volid);
        bytes = await makeEmpty(making, slot, volid, Number(wanted));
      } else {
        bytes = await makeImport(making, volid, importFrom);
        labImage ||= (await node.storage.sum(importFrom)) === node.settings.labImage?.sha256;
      }
      options.delete('format');
      options.set('size', formatSize(bytes));
      config[slot] = formatProperties(new Map([['file', volid], ...options]), 'file');
      task.log(`${slot}: successfully created disk '${config[slot]}'`);
    } else {
      if (!node.storage.exists(volume)) throw died(`volume '${volume}' does not exist`);
      // PVE looks at the volume for its size.
      options.set('size', formatSize((await imageInfo(node.storage.path(volume))).virtualSize));
      config[slot] = formatProperties(new Map([['file', volume], ...options]), 'file');
    }
  }
  return { config, labImage };
}

/** The new size in bytes. @throws in the task's words */
export function targetSize(wanted: string, current: number): number {
  const relative = wanted.startsWith('+');
  const bytes = parseSize(relative ? wanted.slice(1) : wanted);
  if (bytes === undefined) throw died(`invalid size '${wanted}'`);
  const target = relative ? current + bytes : bytes;
  if (target < current) throw died('shrinking disks is not supported');
  return target;
}
