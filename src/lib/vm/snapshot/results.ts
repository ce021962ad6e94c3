/** Published shapes of what the vm:snapshot commands return. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

const change = {
  changed: z.boolean(),
  vmid: z.number(),
  node: z.string(),
  vm: z.string().describe('Name of the VM.'),
  snapshot: z.string().describe('Name of the snapshot.'),
};

export const snapshotChange = z.object(change);
export type SnapshotChange = ResultOf<typeof snapshotChange>;

export const snapshotTaken = z.object({
  ...change,
  consistency: z
    .enum(['agent', 'crash', 'stopped'])
    .describe('File systems frozen through the guest agent; as after a power cut; nothing ran.'),
});
export type SnapshotTaken = ResultOf<typeof snapshotTaken>;

export const snapshotRolledBack = z.object({
  ...change,
  time: z.number().describe('Unix time in seconds that the disks are back at.'),
  status: z.enum(['running', 'stopped']),
});
export type SnapshotRolledBack = ResultOf<typeof snapshotRolledBack>;

const snapshot = z.object({
  name: z.string(),
  description: z.string(),
  time: z.number().describe('Unix time in seconds.'),
  parent: z.string().nullable(),
  memory: z.boolean().describe('The memory is in it, too.'),
  unfinished: z
    .enum(['deleting', 'taking'])
    .nullable()
    .describe('What was begun and came to no end: nothing to roll back to. Null for a good one.'),
});
export type Snapshot = ResultOf<typeof snapshot>;

export const snapshotList = z.object({
  vmid: z.number(),
  node: z.string(),
  vm: z.string().describe('Name of the VM.'),
  list: z.array(snapshot).describe('Oldest first.'),
  current: z.string().nullable().describe('The one the VM as it is now goes on from.'),
});
export type SnapshotList = ResultOf<typeof snapshotList>;

/** The part of it that is not about which VM. */
export type Snapshots = Pick<SnapshotList, 'current' | 'list'>;
