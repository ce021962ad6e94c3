import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/lib/config/schema.js';
import { desiredGuest } from '../../../src/lib/guest/ensure/model.js';
import { planApply } from '../../../src/lib/vm/apply.js';
import { changeOf, ensuredOnly, changeSteps } from '../../../src/lib/vm/change.js';
import type { DesiredVm } from '../../../src/lib/vm/desired.js';
import { desiredFirewall } from '../../../src/lib/vm/firewall.js';
import { toNodeName, toVmid } from '../../../src/lib/proxmox/ids.js';
import { asStarted, configOf, type InspectedVm } from '../../../src/lib/vm/inspect.js';
import { ownNote, ownTags } from '../../../src/lib/proxmox/ownership.js';

function desired(vm: object = {}, more: Partial<DesiredVm> = {}): DesiredVm {
  const config = configSchema.parse({ app: { name: 'shop' }, vm });
  return {
    app: 'shop',
    name: 'shop',
    tags: ownTags('shop'),
    note: ownNote('shop'),
    vmid: undefined,
    node: undefined,
    image: undefined,
    script: config.vm.script,
    cores: config.vm.cores,
    memoryMb: config.vm.memory_mb,
    diskGb: config.vm.disk_gb,
    cpu: config.vm.cpu,
    storage: config.vm.storage,
    onboot: config.vm.onboot,
    ha: config.vm.ha,
    backup: config.vm.backup,
    user: config.vm.user,
    sshKeys: ['ssh-ed25519 AAAA me'],
    namesKeys: false,
    network: config.vm.network,
    firewall: desiredFirewall(config.vm, []),
    guest: desiredGuest(config, [], { units: [], names: [], packages: [] }),
    ...more,
  };
}

const CONFIG = {
  name: 'shop',
  cores: '2',
  memory: '2048',
  cpu: 'host',
  onboot: '1',
  agent: 'enabled=1',
  ciuser: 'deploy',
  ipconfig0: 'ip=dhcp',
  net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1',
  scsi0: 'local:100/vm-100-disk-0.qcow2,size=20G',
  tags: 'zebu;zebu-app-shop',
  description: ownNote('shop'),
};

const RULES = desired().firewall.rules.map((rule, pos) => ({ type: 'in', action: 'ACCEPT', enable: 1, pos, ...rule }));

function vm(change: Record<string, string> = {}, more: Partial<InspectedVm> = {}): InspectedVm {
  const config = { ...CONFIG, ...change };
  return {
    vmid: toVmid(100),
    node: toNodeName('pve'),
    status: { status: 'running', uptime: 1 },
    current: config,
    next: config,
    digest: 'd1',
    firewall: { options: { enable: '1', policy_in: 'DROP', dhcp: '1' }, rules: RULES },
    datacenterFirewall: true,
    ...more,
  };
}

const rows = (wish: DesiredVm, found: InspectedVm): readonly (readonly [string, string, string, string])[] =>
  changeOf(wish, found).config.map(({ key, found: is, wanted, change }) => [key, is, wanted, change]);

describe('changeOf', () => {
  it('finds nothing in a VM that is as it should be', () => {
    const change = changeOf(desired(), vm());
    expect(change.config).toEqual([]);
    expect(changeSteps(change, vm())).toEqual([]);
  });

  it.each([
    [{ cores: '4' }, ['vm.cores', '4', '2', 'restart']],
    [{ memory: 'current=1024' }, ['vm.memory_mb', '1024', '2048', 'restart']],
    [{ cpu: 'x86-64-v2' }, ['vm.cpu', 'x86-64-v2', 'host', 'restart']],
    [{ onboot: '0' }, ['vm.onboot', '0', '1', 'now']],
    [
      { ipconfig0: 'ip=192.0.2.9/24,gw=192.0.2.1' },
      ['vm.network.address', 'ip=192.0.2.9/24,gw=192.0.2.1', 'ip=dhcp', 'restart'],
    ],
    [{ nameserver: '192.0.2.1' }, ['vm.network.nameservers', '192.0.2.1', 'nothing', 'restart']],
    [{ net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1,tag=7' }, ['vm.network.vlan', '7', 'nothing', 'now']],
    [
      { net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0' },
      ['vm.firewall.enabled', 'the interface is not filtered', 'filtered', 'now'],
    ],
    [
      { net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1,mtu=1400' },
      ['vm.network.mtu', '1400', 'nothing', 'restart'],
    ],
    [{ agent: '0' }, ['guest.agent', 'off', 'on', 'restart']],
    [{ tags: 'zebu-app-shop;mine' }, ['guest.tags', 'zebu-app-shop', 'zebu zebu-app-shop', 'now']],
    [{ scsi0: 'local:100/d.qcow2,size=10G' }, ['vm.disk_gb', '10', '20', 'now']],
    [{ scsi0: 'local:100/d.qcow2,size=30G' }, ['vm.disk_gb', '30', '20', 'never']],
  ])('sees %o', (found, row) => {
    expect(rows(desired(), vm(found))).toEqual([row]);
  });

  it('takes no notice of what is not its own: IPv6, flags of the CPU, tags and notes of others', () => {
    const found = vm({
      ipconfig0: 'ip=dhcp,ip6=auto',
      cpu: 'host,flags=+aes',
      tags: 'mine;zebu;zebu-app-shop',
      description: `hello\n\n${ownNote('shop')}`,
    });
    expect(rows(desired(), found)).toEqual([]);
  });

  it('compares the keys of cloud-init only when zebu.yml names them', () => {
    const found = vm({ sshkeys: encodeURIComponent('ssh-ed25519 BBBB other') });
    expect(rows(desired(), found)).toEqual([]);
    expect(rows(desired({}, { namesKeys: true }), found).map(([key]) => key)).toEqual(['vm.ssh_keys']);
  });

  it('shows what is set and waits for the next start, and does not set it again', () => {
    const waiting = vm({}, { current: { ...CONFIG, cores: '1' } });
    expect(rows(desired(), waiting)).toEqual([['vm.cores', '1 until the VM starts again', '2', 'restart']]);
    expect(changeSteps(changeOf(desired(), waiting), waiting)).toEqual([]);
  });

  it('puts several changes of the interface into one', () => {
    const found = vm({ net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr1,rate=10' });
    const [step, ...more] = changeSteps(changeOf(desired({ network: { bridge: 'vmbr0', vlan: 30 } }), found), found);
    expect(more).toEqual([]);
    expect(step?.call.params).toEqual({
      net0: 'virtio=BC:24:11:00:00:01,rate=10,bridge=vmbr0,tag=30,firewall=1',
      digest: 'd1',
    });
  });

  it('removes an option that zebu.yml does not set any more', () => {
    const found = vm({ nameserver: '192.0.2.1', searchdomain: 'example.org' });
    const [step] = changeSteps(changeOf(desired(), found), found);
    expect(step?.call.params).toEqual({ delete: 'nameserver,searchdomain', digest: 'd1' });
  });

  it('opens before it closes, at the positions that result, and switches the firewall on last', () => {
    const old = ['80', '81'].map((dport, i) => ({
      ...RULES[0],
      comment: 'zebu: old',
      dport,
      pos: 2 + i,
      digest: 'f1',
    }));
    const found = vm({}, { firewall: { options: {}, rules: [...RULES.slice(1), ...old] as typeof RULES } });
    const calls = changeSteps(changeOf(desired(), found), found).map(
      ({ call }) => `${call.method} ${call.path.slice(-7)}`,
    );
    expect(calls).toEqual(['POST l/rules', 'DELETE rules/2', 'DELETE rules/2', 'PUT options']);
  });

  it('knows which of it every VM has to be', () => {
    const found = vm({ cores: '8', tags: 'zebu-app-shop', onboot: '0' });
    expect(ensuredOnly(changeOf(desired(), found)).config.map((row) => row.key)).toEqual(['guest.tags']);
  });
});

describe('planApply', () => {
  const plan = (wish: DesiredVm, found: InspectedVm, restart: boolean) =>
    planApply({ change: changeOf(wish, found), vm: found, guest: undefined }, restart, 120);
  const titles = (steps: readonly { title: string }[]): readonly string[] => steps.map((step) => step.title);

  it('sets what waits, and says so', () => {
    const { steps, waits, restart } = plan(desired({ cores: 4 }), vm(), false);
    expect([titles(steps), waits, restart]).toEqual([['Set cores'], ['vm.cores'], false]);
  });

  it('restarts only when something needs it', () => {
    expect(plan(desired({ cores: 4 }), vm(), true).restart).toBe(true);
    expect(plan(desired({ onboot: false }), vm(), true).restart).toBe(false);
  });

  it('has nothing wait for a VM that does not run', () => {
    const stopped = vm({}, { status: { status: 'stopped', uptime: 0 } });
    expect(plan(desired({ cores: 4 }), stopped, true)).toMatchObject({ restart: false, waits: [] });
  });

  it('hands keys to cloud-init only once they have let us in', () => {
    const wish = desired({}, { namesKeys: true });
    const found = vm({ sshkeys: encodeURIComponent('ssh-ed25519 BBBB other'), onboot: '0' });
    const change = changeOf(wish, found);
    const seen = planApply({ change, vm: found, guest: { drift: [], unavailable: [] } }, false, 120);
    expect([titles(seen.steps), titles(seen.afterwards)]).toEqual([['Set onboot'], ['Set sshkeys']]);
    // Of a VM that is off nobody can be locked out by it.
    const off = planApply({ change, vm: found, guest: undefined }, false, 120);
    expect([titles(off.steps), titles(off.afterwards)]).toEqual([['Set onboot, sshkeys'], []]);
  });

  it('does not count keys that wait for the next start: the VM has them already', () => {
    const next = { ...CONFIG, sshkeys: encodeURIComponent('ssh-ed25519 AAAA me') };
    expect(rows(desired({}, { namesKeys: true }), vm({}, { next }))).toEqual([]);
  });

  it('sets an MTU only while the VM is off, in one with the MAC address', () => {
    const wish = desired({ network: { mac: 'BC:24:11:00:00:02', mtu: 1400 } });
    const { steps } = plan(wish, vm(), true);
    expect(steps.map((step) => step.call.params['net0'])).toEqual([
      undefined,
      'virtio=BC:24:11:00:00:02,bridge=vmbr0,firewall=1,mtu=1400',
      undefined,
    ]);
  });

  it('changes the MAC address only while the VM is off', () => {
    const wish = desired({ network: { mac: 'BC:24:11:00:00:02' } });
    expect(titles(plan(wish, vm(), false).steps)).toEqual([]);
    expect(plan(wish, vm(), true).steps.map((step) => step.call.task)).toEqual(['qmshutdown', 'qmconfig', 'qmstart']);
  });
});

describe('configOf', () => {
  it('tells what is from what will be', () => {
    const pending = [
      { key: 'cores', value: '2', pending: '4' },
      { key: 'balloon', value: '0', delete: 1 },
      { key: 'memory', value: '2048' },
      { key: 'digest', value: 'x' },
    ];
    expect(configOf(pending, 'now')).toEqual({ cores: '2', balloon: '0', memory: '2048' });
    expect(configOf(pending, 'next')).toEqual({ cores: '4', memory: '2048' });
  });
});

describe('asStarted', () => {
  it('has of what cloud-init waits with what it was started with', () => {
    const config = { cores: '2', nameserver: '192.0.2.53', ipconfig0: 'ip=dhcp' };
    const waiting = [
      { key: 'nameserver', pending: '192.0.2.53' },
      { key: 'ipconfig0', value: 'ip=192.0.2.9/24', pending: 'ip=dhcp' },
      { key: 'searchdomain', value: 'example.org', delete: 1 },
    ];
    expect(asStarted(config, waiting)).toEqual({
      cores: '2',
      ipconfig0: 'ip=192.0.2.9/24',
      searchdomain: 'example.org',
    });
  });
});
