import { describe, expect, it } from 'vitest';
import {
  findFormer,
  findOwn,
  foreignTags,
  formerTags,
  inForce,
  isHandover,
  isOwn,
  machineBefore,
  machineNumber,
  machineTags,
  type VmRow,
  withForeign,
} from '../../../src/lib/proxmox/ownership.js';

const row = (vmid: number, tags: string): VmRow =>
  ({ type: 'qemu', vmid, node: 'pve', name: 'shop', tags, status: 'running' }) as unknown as VmRow;

describe('the VM of an app', () => {
  it('is the one that the tags of an app that was never rebuilt name', () => {
    const rows = [row(100, machineTags('shop', 0)), row(101, machineTags('shop-2', 3))];
    expect(machineTags('shop', 0)).toBe('zebu;zebu-app-shop');
    expect(inForce(findOwn(rows, 'shop')).map(({ vmid }) => vmid)).toEqual([100]);
  });

  it('is the one that has taken the place while a rebuild hands over, in whatever order they are listed', () => {
    const old = row(100, machineTags('shop', 9));
    const now = row(101, machineTags('shop', 10, { before: 100 }));
    for (const rows of [
      [old, now],
      [now, old],
    ])
      expect(inForce(findOwn(rows, 'shop')).map(({ vmid }) => vmid)).toEqual([101]);
    expect(isHandover(now.tags)).toBe(true);
    expect(machineNumber(now.tags)).toBe(10);
  });

  it('is the last one where going back was begun before the handover had its end', () => {
    const there = row(101, machineTags('shop', 1, { before: 100 }));
    const back = row(100, machineTags('shop', 2, { before: 101 }));
    for (const rows of [
      [there, back],
      [back, there],
    ])
      expect(inForce(findOwn(rows, 'shop')).map(({ vmid }) => vmid)).toEqual([100]);
  });

  it('is not told where somebody has made another with its tag, such as a backup of the one before', () => {
    const restored = row(107, machineTags('shop', 0));
    const serving = row(101, machineTags('shop', 1));
    expect(inForce(findOwn([restored, serving], 'shop')).length).toBe(2);
    const open = row(101, machineTags('shop', 1, { before: 100 }));
    expect(inForce(findOwn([restored, open, row(100, machineTags('shop', 0))], 'shop')).length).toBe(2);
  });

  it('keeps the tags that others gave it', () => {
    const given = 'zebu;zebu-app-shop;zebu-machine-3;prod;zebulon';
    expect(foreignTags(given)).toEqual(['prod', 'zebulon']);
    expect(withForeign(machineTags('shop', 4, { before: 9 }), given, 'prod;nightly')).toBe(
      'zebu;zebu-app-shop;zebu-machine-4;zebu-handover;zebu-before-9;prod;zebulon;nightly',
    );
    expect(machineBefore(machineTags('shop', 4, { before: 9 }))).toBe(9);
    expect(machineBefore(machineTags('shop', 4))).toBeUndefined();
  });

  it('is not told from another one that has the same tags', () => {
    const same = machineTags('shop', 1);
    expect(inForce(findOwn([row(100, same), row(101, same)], 'shop')).length).toBe(2);
    expect(inForce([])).toEqual([]);
  });

  it('is not one that is kept of a rebuild', () => {
    const rows = [row(100, formerTags('shop')), row(101, machineTags('shop', 1))];
    expect(isOwn(formerTags('shop'), 'shop')).toBe(false);
    expect(findOwn(rows, 'shop').map(({ vmid }) => vmid)).toEqual([101]);
    expect(findFormer(rows, 'shop').map(({ vmid }) => vmid)).toEqual([100]);
    expect(findFormer(rows, 'sho')).toEqual([]);
  });
});
