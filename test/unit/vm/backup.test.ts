import { describe, expect, it } from 'vitest';
import { checkPrune } from '../../../src/lib/vm/backup/backups.js';
import { progressOf } from '../../../src/lib/proxmox/long-task.js';
import { backupTags, findBackup, isOurs } from '../../../src/lib/vm/backup/read.js';
import type { Backup } from '../../../src/lib/vm/backup/results.js';

const backup = (name: string, time: number): Backup => ({
  backup: `local:backup/${name}`,
  vmid: 100,
  time,
  bytes: 1,
  notes: '',
  protected: false,
  storage: 'local',
  place: 'node',
});

describe('backups', () => {
  it('are found by id, by the end of it, or as the latest', () => {
    const list = [backup('vzdump-qemu-100-b.vma.zst', 2), backup('vzdump-qemu-100-a.vma.zst', 1)];
    for (const text of ['latest', 'vzdump-qemu-100-b.vma.zst', 'local:backup/vzdump-qemu-100-b.vma.zst'])
      expect(findBackup(text, list, 'shop').time).toBe(2);
    expect(() => findBackup('100-b.vma.zst', list, 'shop')).toThrowError(
      'There is no backup 100-b.vma.zst of the app shop',
    );
    expect(() => findBackup('latest', [], 'shop')).toThrowError(
      expect.objectContaining({ code: 'BACKUP_MISSING' }) as Error,
    );
  });

  it('say whose they are in their configuration', () => {
    expect(backupTags('name: shop\ntags: zebu;zebu-app-shop\nmemory: 512\n')).toEqual(['zebu', 'zebu-app-shop']);
    expect(backupTags('name: other\n')).toEqual([]);
  });

  it('show how far they are', () => {
    expect(progressOf('INFO:  39% (1018.6 MiB of 2.5 GiB) in 6s, read: 215.1 MiB/s')).toEqual({
      part: 0.39,
      text: '39% (1018.6 MiB of 2.5 GiB)',
    });
    expect(progressOf('progress 41% (read 1101004800 bytes, duration 3 sec)')).toEqual({ part: 0.41, text: '41%' });
    expect(progressOf('transferred 21.0 MiB of 2.1 GiB (1.00%)')).toEqual({
      part: 0.01,
      text: '1% (21.0 MiB of 2.1 GiB)',
    });
    expect(progressOf(' 32768K ........ ........ ........ ........  6%  101M 5s')).toEqual({ part: 0.06, text: '6%' });
    expect(progressOf('     0K                                    100%  3.1M=0.2s')).toEqual({ part: 1, text: '100%' });
    expect(progressOf('INFO: backup is sparse: 2.04 GiB (81%) total zero data')).toBeUndefined();
  });

  it.each(['keep-last=3', 'keep-all=1', 'keep-last=3,keep-weekly=4'])('take the rule %s', (rule) => {
    expect(() => checkPrune(rule)).not.toThrow();
  });
  it.each(['3', 'keep-last', 'keep-last=0', 'keep-last=3, keep-daily=1', 'keep-ever=1', ''])(
    'refuse the rule %s',
    (rule) => {
      expect(() => checkPrune(rule)).toThrowError(expect.objectContaining({ code: 'USAGE' }) as Error);
    },
  );
});

describe('whose a backup is', () => {
  it.each([
    ['zebu-app-shop: shop', 100, 100, true],
    ['zebu-app-shop: shop, before v2', 101, 100, true],
    ['zebu-app-shop: shop', 100, undefined, true],
    ['zebu-app-blog: blog', 100, 100, false],
    ['nightly', 100, 100, true],
    ['nightly', 101, 100, false],
    ['', 100, undefined, false],
  ])('with the notes "%s" of VM %s, when ours is %s: %s', (notes, vmid, own, expected) => {
    expect(isOurs(notes, vmid, 'shop', own)).toBe(expected);
  });
});
