import { describe, expect, it } from 'vitest';
import { disksOf, requireRoom } from '../../../src/lib/copies/room.js';
import { makeClient } from '../../../src/lib/proxmox/client.js';
import { toNodeName } from '../../../src/lib/proxmox/ids.js';
import { fakeProxmox } from '../../support/fake-proxmox.js';

const GIB = 1024 ** 3;
const CONFIG = {
  scsi0: 'local:100/vm-100-disk-0.qcow2,discard=on,size=20G',
  ide2: 'local:100/vm-100-cloudinit.qcow2,media=cdrom',
  efidisk0: 'local:100/vm-100-disk-1.qcow2,size=528K',
  unused0: 'local:100/vm-100-disk-2.qcow2',
};

async function room(storage: object, wanted: object = {}, used?: number): Promise<unknown> {
  const fake = fakeProxmox({
    'GET /nodes/pve/storage': [
      { storage: 'local', type: 'dir', content: 'images,backup', active: 1, avail: 100 * GIB, ...storage },
    ],
    'GET /nodes/pve/status': { memory: { total: 8 * GIB, used: 4 * GIB, free: 4 * GIB } },
    'GET /nodes/pve/storage/local/content': [
      { volid: 'local:100/vm-100-disk-0.qcow2', ...(used === undefined ? {} : { used }) },
    ],
    'GET /access/permissions': { '/': { 'Datastore.Audit': 1, 'Datastore.Allocate': 1 } },
  });
  const client = await makeClient(fake.transport, fake.context.io);
  return requireRoom(client, toNodeName('pve'), {
    config: CONFIG,
    storage: undefined,
    memoryMb: 2048,
    archiveBytes: 2 * GIB,
    ...wanted,
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('room for a copy', () => {
  it('is asked for a backup that is made first, too, wherever that goes', async () => {
    const backup = { archiveBytes: 0, backupStorage: 'local' };
    expect(await room({ avail: 30 * GIB }, backup)).toMatchObject({
      code: 'NO_SPACE',
      message: expect.stringContaining('a backup and the copy that is made of it takes 40.0 GiB') as string,
      hint: expect.stringContaining('--backup-storage') as string,
    });
    expect(await room({ avail: 30 * GIB }, backup, 5 * GIB)).toBeUndefined();
    expect(await room({ avail: 10 * GIB }, backup, 5 * GIB)).toMatchObject({ code: 'NO_SPACE' });
  });

  it('is asked for its disks alone', () => {
    expect(disksOf(CONFIG).map(({ bytes }) => bytes)).toEqual([20 * GIB, 528 * 1024]);
  });

  it('is there', async () => {
    expect(await room({})).toBeUndefined();
  });

  it('is as much as the original really uses, where the storage says so', async () => {
    expect(await room({ avail: 6 * GIB }, {}, 4 * GIB)).toBeUndefined();
    expect(await room({ avail: 6 * GIB })).toMatchObject({
      code: 'NO_SPACE',
      message: 'The storage local has 6.0 GiB left; a copy takes 20.0 GiB, and 1.0 GiB are kept free',
    });
    expect(await room({ avail: 4.5 * GIB }, {}, 4 * GIB)).toMatchObject({ code: 'NO_SPACE' });
  });

  it('is all of the size on a storage that gives it at once', async () => {
    expect(await room({ avail: 6 * GIB, type: 'lvm' }, {}, 4 * GIB)).toMatchObject({ code: 'NO_SPACE' });
  });

  it.each([
    [{ active: 0 }, {}, 'CONFIG_INVALID', 'The storage local cannot be reached, or is switched off'],
    [{ content: 'backup' }, {}, 'CONFIG_INVALID', 'The storage local does not take disks of VMs'],
    [{}, { storage: 'nas' }, 'CONFIG_INVALID', 'The storage nas is not there'],
    [{}, { memoryMb: 5000 }, 'NO_SPACE', 'The node pve has 4096 MiB of memory left; the copy wants 5000'],
  ])('is refused with %o and %o', async (storage, wanted, code, message) => {
    expect(await room(storage, wanted)).toMatchObject({ code, message });
  });
});
