import { died } from './fault.js';
import type { LabNode } from './node.js';
import { formatProperties, formatSize, parseProperties, parseSize } from './property-string.js';
import type { VmRecord } from './state.js';
import { imageInfo } from './storage.js';
import type { TaskHandle } from './tasks.js';

const DISK = /^((scsi|virtio|sata|ide)\d+|efidisk0)$/;

/** Of the firmware's variables, `efitype=4m`; a raw file whatever the storage would take for other disks. */
const EFI_BYTES = 528 * 1024;

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
  readonly made: readonly string[];
  readonly labImage: boolean;
}

/**
 * Makes the volumes a request asks for. What was made is told through `made` even when a later one fails, so that the
 * caller can take it away.
 */
export async function makeDisks(
  node: LabNode,
  vmid: number,
  params: Readonly<Record<string, string>>,
  task: TaskHandle,
  made: string[],
): Promise<MadeDisks> {
  const config: Record<string, string> = {};
  let labImage = false;
  for (const [slot, text] of Object.entries(params)) {
    if (!isDiskSlot(slot)) continue;
    const { volume, importFrom, options } = parseDisk(text);
    const storage = volume.slice(0, Math.max(0, volume.indexOf(':')));
    const wanted = volume.slice(volume.indexOf(':') + 1);
    if (volume === 'none' || (options.get('media') === 'cdrom' && wanted !== 'cloudinit')) config[slot] = text;
    else if (wanted === 'cloudinit') {
      const volid = node.storage.cloudInitVolume(vmid, storage);
      made.push(volid);
      task.log(
        `Formatting '${node.storage.shown(volid)}', fmt=qcow2 cluster_size=65536 extended_l2=off preallocation=metadata compression_type=zlib size=4194304 lazy_refcounts=off refcount_bits=16`,
      );
      await node.storage.createDisk(volid, 4 * 1024 * 1024);
      config[slot] = `${volid},media=cdrom`;
      task.log(`${slot}: successfully created disk '${config[slot]}'`);
    } else if (/^\d+(\.\d+)?$/.test(wanted)) {
      const efi = slot === 'efidisk0';
      const volid = node.storage.nextDisk(vmid, options.get('format') ?? (efi ? 'raw' : 'qcow2'), storage);
      made.push(volid);
      let bytes: number;
      if (importFrom === undefined) {
        bytes = efi ? EFI_BYTES : Number(wanted) * 1024 ** 3;
        task.log(`Formatting '${node.storage.shown(volid)}', fmt=qcow2 size=${bytes}`);
        await node.storage.createDisk(volid, bytes);
      } else {
        if (!node.storage.exists(importFrom)) {
          throw died(`unable to create VM ${vmid} - failed to stat '${node.storage.shown(importFrom)}'`);
        }
        task.log(`create full clone of drive (${importFrom})`);
        task.log(`Formatting '${node.storage.shown(volid)}', fmt=qcow2`);
        bytes = await node.storage.importDisk(importFrom, volid);
        task.log(`transferred ${formatSize(bytes)}iB of ${formatSize(bytes)}iB (100.00%)`);
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
  return { config, made, labImage };
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
