import { describe, expect, it } from 'vitest';
import { chooseBridge, vlanProblem } from '../../../src/lib/proxmox/bridges.js';
import { makeClient } from '../../../src/lib/proxmox/client.js';
import { toNodeName } from '../../../src/lib/proxmox/ids.js';
import { fakeProxmox } from '../../support/fake-proxmox.js';

/** As a real node lists its only bridge, which has no port (`019-network-any-bridge`). */
const VMBR0 = {
  ...{ active: 1, address: '10.77.0.1', bridge_fd: '0', bridge_ports: '', bridge_stp: 'off', iface: 'vmbr0' },
  ...{ method: 'static', netmask: '24', priority: 4, type: 'bridge' },
};

async function choose(rows: readonly object[], network: Parameters<typeof chooseBridge>[2], permissions: object = {}) {
  const { transport, context } = fakeProxmox({
    'GET /nodes/pve/network': rows,
    'GET /access/permissions': permissions,
  });
  return chooseBridge(await makeClient(transport, context.io), toNodeName('pve'), network);
}

describe('a VLAN', () => {
  it('needs a port on a plain bridge, which is said before anything is made', async () => {
    await expect(choose([VMBR0], { vlan: 7 })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'vm.network.vlan: the bridge vmbr0 has no port for VLAN 7, so that no VM on it would start',
      hint: expect.stringContaining('aware of VLANs') as string,
    });
    expect(await choose([VMBR0], {})).toBe('vmbr0');
  });

  it.each([
    ['with a port', { bridge_ports: 'enp1s0' }],
    ['aware of VLANs', { bridge_vlan_aware: 1 }],
    ['of Open vSwitch', { type: 'OVSBridge', bridge_ports: undefined, ovs_ports: '' }],
    ['of the SDN', { type: 'vnet', bridge_ports: undefined }],
    ['whose ports may not be seen', { bridge_ports: undefined }],
  ])('is fine on a bridge %s', async (_, more) => {
    expect(await choose([{ ...VMBR0, ...more }], { vlan: 7 })).toBe('vmbr0');
  });

  it('is no matter where there is none', () => {
    expect(vlanProblem({ iface: 'vmbr0', type: 'bridge', bridge_ports: '' }, undefined)).toBeUndefined();
  });
});

describe('a bridge that is not in the list', () => {
  const may = { '/': { 'SDN.Use': 1 } };

  it('is not there, for a login that sees them all', async () => {
    await expect(choose([VMBR0], { bridge: 'vmbr9' }, may)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'vm.network.bridge: there is no bridge vmbr9 on pve; there is vmbr0',
    });
    await expect(choose([], {}, may)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('may be there unseen', async () => {
    const forbidden = { code: 'PROXMOX_FORBIDDEN', details: { privilege: 'SDN.Use' } };
    await expect(choose([], { bridge: 'vmbr0' })).rejects.toMatchObject(forbidden);
    await expect(choose([], {})).rejects.toMatchObject(forbidden);
  });

  it('has to be named where there are several', async () => {
    await expect(choose([VMBR0, { ...VMBR0, iface: 'vmbr1' }], {})).rejects.toMatchObject({
      message: expect.stringContaining('several bridges (vmbr0, vmbr1)') as string,
    });
  });
});
