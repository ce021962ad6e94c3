import { run } from './process.js';

/** What can be done with a snapshot inside a qcow2 image that no machine has open. */
const FLAGS = { create: '-c', rollback: '-a', delete: '-d' } as const;

export type SnapshotAction = keyof typeof FLAGS;

export async function snapshotImage(action: SnapshotAction, file: string, name: string): Promise<void> {
  await run(['qemu-img', 'snapshot', FLAGS[action], name, file]);
}
