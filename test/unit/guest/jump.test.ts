import { describe, expect, it } from 'vitest';
import type { JumpHost } from '@zebu/kit';
import { connectGuest, jumpText } from '../../../src/lib/guest/session.js';
import { fakeProxmox } from '../../support/fake-proxmox.js';

const over = (via: string, jumpHost?: JumpHost) => {
  const { context, transport } = fakeProxmox({}, { vm: { via } });
  return { ...context, transport: async () => ({ ...transport, ...(jumpHost === undefined ? {} : { jumpHost }) }) };
};
const jump: JumpHost = { host: 'pve', knownHosts: ['/nowhere'] };

describe('the Proxmox host as the way into the VM', () => {
  it('is what the transport says, where vm.via is host', async () => {
    expect(await jumpText(over('host', jump))).toBe('pve');
    expect(await jumpText(over('host', { ...jump, user: 'root', port: 2222 }))).toBe('root@pve:2222');
    expect(await jumpText(over('direct', jump))).toBeUndefined();
  });

  it('is refused in one line over a transport that has no login there', async () => {
    const refused = {
      code: 'CONFIG_INVALID',
      message: 'default: `vm.via: host` leads through the Proxmox host, on which the transport fake has no login',
      hint: 'Set vm.via to direct, or choose another transport (zebu providers).',
    };
    await expect(jumpText(over('host'))).rejects.toMatchObject(refused);
    const address = {
      ...{
        vmid: 100,
        node: 'pve',
        host: '192.0.2.1',
        port: 22,
        user: 'deploy',
        hostKeys: [],
        knownHostsFile: '/nowhere',
      },
      identityFile: undefined,
    } as unknown as Parameters<typeof connectGuest>[1];
    await expect(connectGuest(over('host'), address)).rejects.toMatchObject(refused);
  });
});
