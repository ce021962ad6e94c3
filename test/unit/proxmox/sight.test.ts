import { ZebuError } from '@zebu/kit';
import { describe, expect, it } from 'vitest';
import { createVm } from '../../../src/lib/vm/create.js';
import { listBackups, restoreBackup } from '../../../src/lib/vm/backup/backups.js';
import { makeClient } from '../../../src/lib/proxmox/client.js';
import { findAppVm } from '../../../src/lib/vm/app-vm.ts';
import { blindTo, requireSightOfVms, unlessUnseen, vmMissing } from '../../../src/lib/proxmox/sight.js';
import { fakeProxmox, refuses } from '../../support/fake-proxmox.js';

/** As a real node answers a token without rights: 200, with the nodes alone (`07-weak-token-resources`). */
const NODE = { node: 'pve', type: 'node', status: 'online', id: 'node/pve', level: '' };
const ALL = {
  '/': { 'VM.Audit': 1, 'VM.Backup': 1, 'Datastore.Audit': 1, 'Datastore.AllocateSpace': 1, 'SDN.Use': 1 },
};
const POOL = { '/vms/100': { 'VM.Audit': 1 }, '/vms/101': { 'VM.Audit': 1 }, '/vms/102': { 'VM.Backup': 1 } };

const setup = (permissions: unknown, more: Readonly<Record<string, unknown>> = {}, config = {}) =>
  fakeProxmox(
    { 'GET /cluster/resources': [NODE], 'GET /access/permissions': permissions, 'GET /nodes': [NODE], ...more },
    config,
  );

async function clientOn(permissions: unknown) {
  const { transport, context } = setup(permissions);
  return makeClient(transport, context.io);
}

describe('an app whose VM is in no list', () => {
  it('has none, where the login sees all VMs', async () => {
    await expect(findAppVm(setup(ALL).context)).rejects.toMatchObject({
      code: 'VM_MISSING',
      message: 'There is no VM of the app shop on this Proxmox host',
      hint: 'Create it: zebu vm:create',
    });
  });

  it.each([
    ['nothing at all', {}],
    ['other rights', { '/': { 'Sys.Audit': 1 }, '/vms': { 'VM.PowerMgmt': 1 } }],
  ])('may be there unseen by a login with %s', async (_, permissions) => {
    await expect(findAppVm(setup(permissions).context)).rejects.toMatchObject({
      code: 'PROXMOX_FORBIDDEN',
      exit: 5,
      message: expect.stringContaining('cannot be told') as string,
      hint: 'It needs VM.Audit on /vms; zebu doctor --role prints the role with all that zebu uses.',
      details: { privilege: 'VM.Audit', aclPath: '/vms' },
    });
  });

  it('is not among those that are seen, where only some are', async () => {
    const error = await vmMissing(await clientOn(POOL), 'shop');
    expect(error).toMatchObject({
      code: 'VM_MISSING',
      message: 'There is no VM of the app shop among those the login may see (/vms/100, /vms/101)',
      hint: expect.stringContaining('VM.Audit on /vms') as string,
    });
  });

  it('has none where Proxmox does not say what the login may do', async () => {
    expect(await vmMissing(await clientOn(refuses(500, 'no idea')), 'shop')).toMatchObject({ code: 'VM_MISSING' });
  });
});

describe('before a VM is made because none was found', () => {
  it.each([
    ['nothing', {}],
    ['some', POOL],
  ])('is refused by a login that sees %s', async (_, permissions) => {
    await expect(requireSightOfVms(await clientOn(permissions), 'shop')).rejects.toMatchObject({
      code: 'PROXMOX_FORBIDDEN',
      details: { privilege: 'VM.Audit' },
    });
  });

  it('sees enough that sees the one id it can only have', async () => {
    await requireSightOfVms(await clientOn(POOL), 'shop', 100);
    await expect(requireSightOfVms(await clientOn(POOL), 'shop', 102)).rejects.toMatchObject({
      details: { aclPath: '/vms/102' },
    });
  });

  it('vm:create stops, and has changed nothing', async () => {
    const { context, asked } = setup(
      { '/': { 'VM.Allocate': 1 } },
      { 'GET /nodes/pve/tasks': [] },
      {
        vm: {
          provisioner: 'cloud-image',
          ssh_keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsbXIrG8w1+0KmG2TkhTFNcdKVTHJKlIDvbFmVKUFDR x'],
        },
      },
    );
    await expect(createVm(context, { dryRun: false })).rejects.toMatchObject({ code: 'PROXMOX_FORBIDDEN' });
    expect(asked.filter((line) => !line.startsWith('GET'))).toEqual([]);
  });
});

describe('something that is not in a list', () => {
  const missing = new ZebuError('CONFIG_INVALID', 'vm.storage: there is no storage fast');

  it('is not there, for a login that would see it', async () => {
    const permissions = { '/': { 'Sys.Audit': 1 }, '/storage/fast': { 'Datastore.Audit': 1 } };
    expect(await unlessUnseen(await clientOn(permissions), 'storage', missing, 'fast')).toBe(missing);
    expect(await unlessUnseen(await clientOn(ALL), 'storage', missing)).toBe(missing);
  });

  it('may be there, for others', async () => {
    const permissions = { '/storage/slow': { 'Datastore.Audit': 1 } };
    expect(await unlessUnseen(await clientOn(permissions), 'storage', missing, 'fast')).toMatchObject({
      code: 'PROXMOX_FORBIDDEN',
      message: 'vm.storage: there is no storage fast; but the login may not see all storages',
      hint: expect.stringContaining('Datastore.Audit on /storage/fast') as string,
    });
  });

  it.each([
    ['bridge', { '/sdn/zones/localnetwork': { 'SDN.Audit': 0 } }, undefined],
    ['bridge', {}, 'SDN.Use'],
    ['backup', { '/': { 'Datastore.AllocateSpace': 1 } }, 'VM.Backup'],
    ['backup', { '/': { 'VM.Backup': 1 } }, 'Datastore.AllocateSpace'],
    ['backup', { '/storage': { 'Datastore.Allocate': 1 } }, undefined],
    ['backup', ALL, undefined],
    ['vm', { '/': { 'VM.Audit': 0 } }, 'VM.Audit'],
  ] as const)('of the kind %s with %j lacks %s', (kind, permissions, privilege) => {
    expect(blindTo(permissions as never, kind)?.privilege).toBe(privilege);
  });
});

describe('backups', () => {
  const storage = { storage: 'local', type: 'dir', content: 'backup,images', active: 1, enabled: 1 };
  const none = { 'GET /nodes/pve/storage': [storage], 'GET /nodes/pve/storage/local/content': [] };
  const options = { backup: 'latest', asNew: true, start: false, confirm: async () => true as const };

  it('are none where the login sees them all', async () => {
    expect(await listBackups(setup(ALL, none).context)).toMatchObject({ list: [] });
    await expect(restoreBackup(setup(ALL, none).context, options)).rejects.toMatchObject({ code: 'BACKUP_MISSING' });
  });

  it('may be there unseen', async () => {
    const weak = { '/': { 'VM.Audit': 1, 'Datastore.Audit': 1 } };
    const forbidden = { code: 'PROXMOX_FORBIDDEN', details: { privilege: 'Datastore.AllocateSpace' } };
    await expect(listBackups(setup(weak, none).context)).rejects.toMatchObject(forbidden);
    await expect(restoreBackup(setup(weak, none).context, options)).rejects.toMatchObject(forbidden);
  });
});
