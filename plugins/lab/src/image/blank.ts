import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { run } from '../guest/process.js';
import type { LabImage } from './index.js';
import { DISK_MIB } from './recipe.js';
import { sha256Of } from './sum.js';

/**
 * The image with a disk of the same size that nothing was written to. Namespace guests have the tree as their root and never read
 * a disk: what their node downloads, sums, imports, clones and backs up would be the better part of a gigabyte each time, for nobody.
 * @param file where the disk is, made when missing
 */
export async function withBlankDisk(image: LabImage, file: string): Promise<LabImage> {
  if (!existsSync(file)) {
    const part = `${file}.part`;
    await run(['qemu-img', 'create', '-q', '-f', 'qcow2', part, `${DISK_MIB}M`]);
    await rename(part, file);
  }
  return { ...image, qcow2: file, sha256: await sha256Of(file) };
}
