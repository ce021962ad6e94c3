import { describe, expect, it } from 'vitest';
import type { DesiredVm } from '../../../src/lib/vm/desired.js';
import { toNodeName, toVmid } from '../../../src/lib/proxmox/ids.js';
import { planExisting } from '../../../src/lib/vm/plan.js';

const desired = { diskGb: 4, network: { nameservers: [] }, firewall: {}, sshKeys: [] } as unknown as DesiredVm;

/** As a real node left it, when its storage was full by the time the second of both drives was made: the task failed, and what came before stayed. */
const HALF = {
  boot: 'order=scsi0',
  ciuser: 'deploy',
  scsi0: 'vmdata:100/vm-100-disk-0.qcow2,discard=on,iothread=1,size=4G,ssd=1',
};

const steps = (config: Readonly<Record<string, string>>, status: 'running' | 'stopped' = 'stopped') =>
  planExisting(desired, { vmid: toVmid(100), node: toNodeName('pve'), config, status: { status } as never }).steps.map(
    ({ call: { method, path, params } }) => [method, path, params],
  );
const START = ['POST', '/nodes/pve/qemu/100/status/start', {}];

describe('a VM that has its disk', () => {
  it('gets the drive that carries its user and keys before it is started for the first time', () => {
    const drive = ['POST', '/nodes/pve/qemu/100/config', { ide2: 'vmdata:cloudinit' }];
    expect(steps(HALF)).toEqual([drive, START]);
  });

  it.each([
    ['ide2', 'vmdata:100/vm-100-cloudinit.qcow2,media=cdrom'],
    ['ide2', 'local-lvm:vm-100-cloudinit,media=cdrom,size=4M'],
    ['scsi1', 'local-zfs:vm-100-cloudinit,media=cdrom'],
    // Whoever put another there may have had a reason.
    ['ide2', 'local:iso/rescue.iso,media=cdrom'],
  ])('is left alone with %s: %s', (slot, drive) => {
    expect(steps({ ...HALF, [slot]: drive })).toEqual([START]);
  });

  it('is left alone when it runs, or takes nothing from such a drive', () => {
    expect(steps(HALF, 'running')).toEqual([]);
    const { boot, scsi0 } = HALF;
    expect(steps({ boot, scsi0 })).toEqual([START]);
  });
});
