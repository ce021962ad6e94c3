import { describe, expect, it } from 'vitest';
import { runChecks, type CheckResult } from '../../../src/lib/doctor/check.js';
import { guestChecks } from '../../../src/lib/doctor/guest.js';
import { proxmoxChecks, type Findings } from '../../../src/lib/doctor/proxmox.js';
import { rolePrivileges } from '../../../src/lib/doctor/role.js';
import { BEGIN, fakeProxmox, refuses } from '../../support/fake-proxmox.js';

const NODE = { node: 'pve', type: 'node', status: 'online', maxmem: 25e9, mem: 4e9, maxcpu: 2 };
const ROW = { type: 'qemu', vmid: 100, node: 'pve', name: 'shop', tags: 'zebu;zebu-app-shop', status: 'stopped' };
const STORAGE = { storage: 'local', type: 'dir', content: 'images,import,backup', active: 1, enabled: 1, avail: 2e11 };
const BRIDGE = { iface: 'vmbr0', type: 'bridge', active: 1, bridge_ports: '' };
const ALL = Object.fromEntries(rolePrivileges(9).map((name) => [name, 1]));

const SOUND = {
  'GET /version': { version: '9.2.11', release: '9.2' },
  'GET /nodes': [NODE],
  'GET /cluster/resources': [NODE],
  'GET /access/permissions': { '/': ALL },
  'GET /nodes/pve/storage': [STORAGE],
  'GET /storage': [{ storage: 'local', type: 'dir' }],
  'GET /nodes/pve/network': [BRIDGE],
  'GET /nodes/pve/status': { memory: { total: 25e9, used: 4e9, free: 21e9 } },
  'GET /cluster/options': { 'allowed-tags': [] },
  'GET /nodes/pve/time': { time: BEGIN },
};

async function diagnosis(answers: Readonly<Record<string, unknown>>, config: Readonly<Record<string, unknown>> = {}) {
  const { context } = fakeProxmox({ ...SOUND, ...answers }, config);
  const findings: Findings = {};
  const checks = [
    { id: 'config', needs: [], run: async () => ({ status: 'ok', detail: '', remedy: null, code: null }) as const },
    ...proxmoxChecks(context, findings),
    ...guestChecks(context, findings),
  ];
  const results = await runChecks(checks, context.signal, () => {}, { clock: context.clock });
  return (id: string): CheckResult => results.find((each) => each.id === id) ?? expect.unreachable(id);
}

describe('a node that is sound', () => {
  it('has nothing to complain of', async () => {
    const of = await diagnosis({}, { vm: { provisioner: 'cloud-image' } });
    const said = ['placement', 'storage', 'bridge', 'tags', 'room', 'snapshots', 'clock'].map((id) => of(id).status);
    expect(said).toEqual(Array.from({ length: 7 }, () => 'ok'));
    expect(of('vm')).toMatchObject({ status: 'warn', remedy: 'Create it: zebu vm:create' });
  });
});

describe('the time of the node', () => {
  const broken = "command 'timedatectl show '--property=Timezone' --value' failed: exit code 1";

  it('that cannot be told for another reason is no matter of rights', async () => {
    const { status, detail, remedy } = (await diagnosis({ 'GET /nodes/pve/time': refuses(500, broken) }))('clock');
    expect(status).toBe('warn');
    expect(detail).toContain(broken);
    expect(`${detail} ${remedy ?? ''}`).not.toMatch(/Sys\.Audit|token|privilege/);
  });

  it('that may not be read needs the right that Proxmox names', async () => {
    const refused = refuses(403, 'Permission check failed (/nodes/pve, Sys.Audit)');
    expect((await diagnosis({ 'GET /nodes/pve/time': refused }))('clock').remedy).toContain('Sys.Audit on /nodes/pve');
  });
});

describe('what fails with 500', () => {
  it.each(['/nodes/pve/storage', '/nodes/pve/network', '/nodes/pve/status', '/access/permissions', '/cluster/options'])(
    'of %s is told as it is, never as a missing right',
    async (path) => {
      const of = await diagnosis({ [`GET ${path}`]: refuses(500, 'got signal 9') });
      for (const id of ['privileges', 'storage', 'bridge', 'tags', 'room', 'vm'])
        expect(of(id).code, id).not.toBe('PROXMOX_FORBIDDEN');
    },
  );

  it('of the datacenter’s firewall does not say that it may not be seen', async () => {
    const of = await diagnosis({
      'GET /cluster/resources': [NODE, ROW],
      'GET /nodes/pve/qemu/100/config': { net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1' },
      'GET /nodes/pve/qemu/100/firewall/options': { enable: 1 },
      'GET /cluster/firewall/options': refuses(500, 'unknown schema type (not an object?)'),
    });
    expect(of('firewall').detail).toBe(
      'on for the VM; of the datacenter it is not known: Proxmox refused GET /asked: unknown schema type (not an object?)',
    );
  });
});

describe('a login without rights', () => {
  const weak = { 'GET /access/permissions': {}, 'GET /nodes/pve/storage': [], 'GET /nodes/pve/network': [] };

  it('is told that it cannot see, never that there is nothing', async () => {
    const of = await diagnosis(weak);
    for (const id of ['vm', 'storage', 'bridge']) expect(of(id), id).toMatchObject({ code: 'PROXMOX_FORBIDDEN' });
    expect(of('vm').detail).toContain('cannot be told');
    expect(of('storage').remedy).toContain('Datastore.Audit on /storage');
    expect(of('bridge').remedy).toContain('SDN.Use on /sdn/zones/localnetwork');
    expect(of('agent')).toMatchObject({ status: 'skip', detail: 'needs vm' });
    expect(of('firewall')).toMatchObject({ status: 'skip', detail: 'the VM may not be seen' });
  });

  it('is another thing than a node that has none', async () => {
    const of = await diagnosis({ ...weak, 'GET /access/permissions': { '/': ALL } });
    expect(of('storage')).toMatchObject({ code: 'CONFIG_INVALID', detail: 'the node has no storage' });
    expect(of('bridge')).toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('what would only fail in the middle of vm:create', () => {
  it('is a VLAN on a bridge without ports', async () => {
    const of = await diagnosis({}, { vm: { network: { vlan: 12 } } });
    expect(of('bridge')).toMatchObject({
      status: 'fail',
      code: 'CONFIG_INVALID',
      detail: expect.stringContaining('vmbr0 has no port for VLAN 12') as string,
    });
  });

  it('are tags the datacenter does not allow', async () => {
    const options = { 'allowed-tags': [], 'user-tag-access': { 'user-allow': 'none' }, keyboard: 'de' };
    expect((await diagnosis({ 'GET /cluster/options': options }))('tags')).toMatchObject({
      status: 'fail',
      code: 'PROXMOX_FORBIDDEN',
      detail: 'The datacenter does not let the login tag a VM with zebu and zebu-app-shop',
      remedy: expect.stringContaining('pvesh set /cluster/options --user-tag-access') as string,
    });
  });
});

describe('snapshots', () => {
  const vm = (config: object, snapshots: readonly object[] = []) => ({
    'GET /cluster/resources': [NODE, ROW],
    'GET /nodes/pve/qemu/100/config': config,
    'GET /nodes/pve/qemu/100/status/current': { status: 'stopped' },
    'GET /nodes/pve/qemu/100/snapshot': snapshots,
  });
  const raw = { efidisk0: 'local:100/vm-100-disk-0.raw,size=528K', scsi0: 'local:100/vm-100-disk-1.qcow2' };

  it('of a VM with a raw EFI disk in a directory there are none, with what to type', async () => {
    expect((await diagnosis(vm(raw)))('snapshots')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('efidisk0 is on local') as string,
      remedy: expect.stringContaining('qm disk move 100 efidisk0 local --format qcow2 --delete 1') as string,
    });
  });

  it('that deploys ask for are a failure where there are none', async () => {
    const of = await diagnosis(vm(raw), { deploy: { snapshot: 'always' } });
    expect(of('snapshots')).toMatchObject({ status: 'fail', code: 'SNAPSHOT_REFUSED' });
  });

  it('of the community script’s VM to come are foreseen', async () => {
    const { context } = fakeProxmox({});
    expect(context.config.vm.provisioner).toBeUndefined();
    const of = await diagnosis({}, { vm: { provisioner: 'community-script' } });
    expect(of('snapshots')).toMatchObject({
      status: 'warn',
      detail:
        'a VM of the community script cannot have snapshots on local (type dir): its EFI disk is a raw file there',
    });
    const thin = { ...STORAGE, storage: 'local-lvm', type: 'lvmthin' };
    const fine = await diagnosis({ 'GET /nodes/pve/storage': [thin] }, { vm: { provisioner: 'community-script' } });
    expect(fine('snapshots').status).toBe('ok');
  });

  it('that are half-made are named', async () => {
    const half = [{ name: 'before', snapstate: 'prepare', snaptime: BEGIN }, { name: 'current' }];
    expect((await diagnosis(vm({ scsi0: raw.scsi0 }, half)))('snapshots')).toMatchObject({
      status: 'warn',
      detail: 'half-made: before',
      remedy: 'Delete it: zebu vm:snapshot:delete before',
    });
  });
});
