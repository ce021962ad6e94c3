import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { run } from '../guest/process.js';
import { cpio, type CpioEntry } from './cpio.js';
import { DISK_MIB } from './recipe.js';

const SECTOR = 512;
/** Where partition 1 begins: the usual alignment. */
const START_SECTORS = 2048;

/** An MBR with one bootable Linux partition from 1 MiB to the end; growing it is rewriting its length. */
export function masterBootRecord(diskSectors: number): Buffer {
  const sector = Buffer.alloc(SECTOR);
  const entry = 446;
  sector.writeUInt8(0x80, entry);
  sector.fill(0xff, entry + 1, entry + 4); // addresses by cylinder: none, as for every disk of today
  sector.writeUInt8(0x83, entry + 4);
  sector.fill(0xff, entry + 5, entry + 8);
  sector.writeUInt32LE(START_SECTORS, entry + 8);
  sector.writeUInt32LE(diskSectors - START_SECTORS, entry + 12);
  sector.writeUInt16BE(0x55aa, 510);
  return sector;
}

/** Argv that makes the root file system inside the disk image, filled from `root`: no loop device, no mount. */
function mke2fsArgv(root: string, disk: string): string[] {
  const extended = [
    `offset=${String(START_SECTORS * SECTOR)}`,
    'lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0',
    // Room for the descriptors of a disk grown to 1 TiB, so that growing never has to move anything.
    `resize=${String(2 ** 28)}`,
  ];
  const size = `${String(DISK_MIB - (START_SECTORS * SECTOR) / 2 ** 20)}m`;
  return ['mke2fs', '-q', '-t', 'ext4', '-L', 'root', '-m', '1', '-E', extended.join(','), '-d', root, disk, size];
}

/** Writes a raw disk and turns it into a qcow2. */
export async function makeDisk(root: string, raw: string, qcow2: string, signal?: AbortSignal): Promise<void> {
  const file = await open(raw, 'w');
  try {
    await file.truncate(DISK_MIB * 2 ** 20);
    await run(mke2fsArgv(root, raw), { signal });
    await file.write(masterBootRecord((DISK_MIB * 2 ** 20) / SECTOR), 0, SECTOR, 0);
  } finally {
    await file.close();
  }
  // Not compressed: unpacking clusters while a guest boots costs more than the bytes.
  await run(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', raw, qcow2], { signal });
}

/** Kernel modules the initrd loads, in this order, below `lib/modules/<version>/kernel`. */
const INITRD_MODULES: readonly string[] = ['drivers/block/virtio_blk.ko'];

/** Writes the initrd: busybox, the modules for the root disk, and `init`. Not compressed, as it is two megabytes. */
export async function makeInitrd(root: string, init: string, initrd: string): Promise<void> {
  const version = await kernelVersion(root);
  const entries: CpioEntry[] = ['bin', 'dev', 'modules', 'proc', 'root', 'sys'].map((path) => ({
    path,
    mode: 0o040755,
  }));
  entries.push({ path: 'bin/busybox', mode: 0o100755, data: await readFile(join(root, 'usr/bin/busybox')) });
  for (const [index, module] of INITRD_MODULES.entries()) {
    const data = await readFile(join(root, 'usr/lib/modules', version, 'kernel', module));
    entries.push({ path: `modules/${String(index)}.ko`, mode: 0o100644, data });
  }
  entries.push({ path: 'init', mode: 0o100755, data: await readFile(init) });
  await writeFile(initrd, cpio(entries));
}

/** Version of the one kernel in the tree. */
export async function kernelVersion(root: string): Promise<string> {
  const [version] = await readdir(join(root, 'usr/lib/modules'));
  if (version === undefined) throw new Error('there is no kernel in the image');
  return version;
}
