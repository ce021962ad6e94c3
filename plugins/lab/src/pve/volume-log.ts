import type { LabNode } from './node.js';

/** Lines that making a volume leaves in the log of a task. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `3.0 GiB`, as Proxmox VE renders bytes. */
export function renderBytes(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${UNITS[power] ?? 'B'}`;
}

export function formatting(node: LabNode, volid: string, bytes: number): string {
  const shown = node.storage.shown(volid);
  if (node.storage.formatOf(volid) === 'raw') return `Formatting '${shown}', fmt=raw size=${bytes} preallocation=off`;
  return `Formatting '${shown}', fmt=qcow2 cluster_size=65536 extended_l2=off preallocation=metadata compression_type=zlib size=${bytes} lazy_refcounts=off refcount_bits=16`;
}

const transferred = (done: number, total: number): string =>
  `transferred ${renderBytes(done)} of ${renderBytes(total)} (${((done / total) * 100).toFixed(2)}%)`;

/** Steps of a copy: more of them the larger it is. */
export function progress(total: number): readonly string[] {
  const steps = Math.min(20, Math.floor(total / (256 * 1024 ** 2)));
  const between = Array.from({ length: Math.max(0, steps - 1) }, (_, i) => Math.floor((total * (i + 1)) / steps));
  return [0, ...between, total].map((done) => transferred(done, total));
}
