/** Published shapes of what the vm:snapshot commands return. */
import * as z from 'zod';

const change = {
  changed: z.boolean(),
  vmid: z.number(),
  node: z.string(),
  vm: z.string().describe('Name of the VM.'),
  snapshot: z.string().describe('Name of the snapshot.'),
};

export const snapshotChange = z.object(change);

export const snapshotTaken = z.object({
  ...change,
  consistency: z
    .enum(['agent', 'crash', 'stopped'])
    .describe('File systems frozen through the guest agent; as after a power cut; nothing ran.'),
});

export const snapshotRolledBack = z.object({
  ...change,
  time: z.number().describe('Unix time in seconds that the disks are back at.'),
  status: z.enum(['running', 'stopped']),
});

export const snapshotList = z.object({
  vmid: z.number(),
  node: z.string(),
  vm: z.string().describe('Name of the VM.'),
  list: z
    .array(
      z.object({
        name: z.string(),
        description: z.string(),
        time: z.number().describe('Unix time in seconds.'),
        parent: z.string().nullable(),
        memory: z.boolean().describe('The memory is in it, too.'),
        unfinished: z
          .enum(['deleting', 'taking'])
          .nullable()
          .describe('What was begun and came to no end: nothing to roll back to. Null for a good one.'),
      }),
    )
    .describe('Oldest first.'),
  current: z.string().nullable().describe('The one the VM as it is now goes on from.'),
});
