import { describe, expect, it } from 'vitest';
import { bootDisk, currentSize, planSize } from '../../../src/lib/vm/resize.js';

const current = { cores: 2, memoryMb: 2048, diskGb: 20, slot: 'scsi0' };

describe('vm:resize', () => {
  it('plans only what differs', () => {
    expect(planSize({ cores: 2, memoryMb: 4096 }, current)).toEqual([{ key: 'vm.memory_mb', from: 2048, to: 4096 }]);
    expect(planSize({ disk: '20' }, current)).toEqual([]);
  });

  it('grows a disk to a size or by one', () => {
    expect(planSize({ disk: '40' }, current)).toMatchObject([{ to: 40 }]);
    expect(planSize({ disk: '+5' }, current)).toMatchObject([{ to: 25 }]);
    expect(planSize({ disk: '+1' }, { ...current, diskGb: 4.5 })).toMatchObject([{ from: 4.5, to: 6 }]);
  });

  it.each(['10', '0', '+0', '-5', '10G', 'x', ''])('refuses the disk size %s', (disk) => {
    expect(() => planSize({ disk }, current)).toThrowError(expect.objectContaining({ code: 'USAGE' }) as Error);
  });

  it('finds the disk the VM boots from', () => {
    const config = { boot: 'order=ide2;virtio0', ide2: 'none,media=cdrom', virtio0: 'local-lvm:vm-1-disk-0,size=8G' };
    expect(bootDisk(config)).toBe('virtio0');
    expect(currentSize(config)).toMatchObject({ diskGb: 8, slot: 'virtio0', cores: 1, memoryMb: 512 });
  });
});
