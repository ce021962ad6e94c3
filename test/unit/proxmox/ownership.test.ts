import { describe, expect, it } from 'vitest';
import {
  findFormer,
  findOwn,
  formerTags,
  inForce,
  isHandover,
  isOwn,
  machineNumber,
  machineTags,
  type VmRow,
} from '../../../src/lib/proxmox/ownership.js';

const row = (vmid: number, tags: string): VmRow =>
  ({ type: 'qemu', vmid, node: 'pve', name: 'shop', tags, status: 'running' }) as unknown as VmRow;

describe('the VM of an app', () => {
  it('is the one that the tags of an app that was never rebuilt name', () => {
    const rows = [
      row(100, machineTags('shop', 0, { open: false })),
      row(101, machineTags('shop-2', 3, { open: false })),
    ];
    expect(machineTags('shop', 0, { open: false })).toBe('zebu;zebu-app-shop');
    expect(inForce(findOwn(rows, 'shop')).map(({ vmid }) => vmid)).toEqual([100]);
  });

  it('is the one with the highest number while a rebuild hands over, in whatever order they are listed', () => {
    const old = row(100, machineTags('shop', 9, { open: false }));
    const now = row(101, machineTags('shop', 10, { open: true }));
    for (const rows of [
      [old, now],
      [now, old],
    ])
      expect(inForce(findOwn(rows, 'shop')).map(({ vmid }) => vmid)).toEqual([101]);
    expect(isHandover(now.tags)).toBe(true);
    expect(machineNumber(now.tags)).toBe(10);
  });

  it('is not told from another one that has the same tags', () => {
    const same = machineTags('shop', 1, { open: false });
    expect(inForce(findOwn([row(100, same), row(101, same)], 'shop')).length).toBe(2);
    expect(inForce([])).toEqual([]);
  });

  it('is not one that is kept of a rebuild', () => {
    const rows = [row(100, formerTags('shop')), row(101, machineTags('shop', 1, { open: false }))];
    expect(isOwn(formerTags('shop'), 'shop')).toBe(false);
    expect(findOwn(rows, 'shop').map(({ vmid }) => vmid)).toEqual([101]);
    expect(findFormer(rows, 'shop').map(({ vmid }) => vmid)).toEqual([100]);
    expect(findFormer(rows, 'sho')).toEqual([]);
  });
});
