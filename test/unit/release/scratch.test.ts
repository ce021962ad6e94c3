import { expect, it } from 'vitest';
import { inMemory } from '../../../scripts/test/scratch.ts';

const mounted = (type: string, options: string): string =>
  `/dev/vda / ext4 rw,relatime 0 0\n${type} /dev/shm ${type} ${options} 0 0\ntmpfs /dev/shm/own tmpfs rw,noexec 0 0\n`;
const room = { mounts: mounted('tmpfs', 'rw,nosuid,nodev'), free: 24e9, available: 20e9 };

it('what tests write is in memory where there is a file system for it, and room', () => {
  expect(inMemory(room)).toBe(true);
  expect(inMemory({ ...room, mounts: '/dev/vda / ext4 rw,relatime 0 0\n' })).toBe(false);
  expect(inMemory({ ...room, mounts: mounted('ext4', 'rw') })).toBe(false);
  // As in a container: nothing in it can be run, and there are the usual 64 MB of it.
  expect(inMemory({ ...room, mounts: mounted('tmpfs', 'rw,nosuid,nodev,noexec') })).toBe(false);
  expect(inMemory({ ...room, free: 64e6 })).toBe(false);
  expect(inMemory({ ...room, available: 4e9 })).toBe(false);
});
