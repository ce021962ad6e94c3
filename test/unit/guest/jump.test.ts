import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { JumpHost } from '@zebu/kit';
import { opensshArgs } from '../../../plugins/kit/src/ssh/openssh-args.js';
import { connectGuest, hostAsJump } from '../../../src/lib/guest/session.js';
import { fakeProxmox } from '../../support/fake-proxmox.js';

const over = (via: string, jumpHost?: JumpHost) => {
  const { context, transport } = fakeProxmox({}, { vm: { via } });
  return { ...context, transport: async () => ({ ...transport, ...(jumpHost === undefined ? {} : { jumpHost }) }) };
};
const jump: JumpHost = { host: 'pve', knownHosts: ['/nowhere'] };

describe('the Proxmox host as the way into the VM', () => {
  it('is what the transport says, where vm.via is host', async () => {
    expect(await hostAsJump(over('host', jump))).toEqual(jump);
    expect(await hostAsJump(over('direct', jump))).toBeUndefined();
  });

  it('is a way for the ssh program that has its own key, known hosts and port', () => {
    const target = { host: 'fe80::1', port: 22, user: 'deploy', knownHostsFile: '/state/shop.known_hosts' };
    const option = (way: JumpHost): string =>
      opensshArgs({ ...target, jump: way }).find((each) => each.startsWith('ProxyCommand=')) ?? '';
    const words = (way: JumpHost): readonly string[] => {
      // As ssh does it: % first, then the shell.
      const line = option(way)
        .slice('ProxyCommand='.length)
        .replaceAll(/%([%hp])/g, (_, each: string) => ({ h: 'fe80::1', p: '22' })[each] ?? '%');
      const { stdout } = spawnSync('sh', ['-c', `ssh() { printf '%s\\n' "$@"; }; ${line}`], { encoding: 'utf8' });
      return stdout.trimEnd().split('\n');
    };
    expect(words(jump).slice(-4)).toEqual(['-W', '[fe80::1]:22', '--', 'pve']);
    const hostile = {
      host: 'pve; reboot',
      port: 2222,
      user: "o'root",
      identityFile: '/keys of 100%/a b',
      knownHosts: ['/a b', '~/.ssh/k'],
    };
    expect(words(hostile)).toEqual([
      ...['-o', 'UserKnownHostsFile="/a b" "~/.ssh/k"', '-o', 'GlobalKnownHostsFile=/dev/null'],
      ...['-o', 'StrictHostKeyChecking=yes', '-o', 'PasswordAuthentication=no'],
      ...['-i', '/keys of 100%/a b', '-o', 'IdentitiesOnly=yes', '-p', '2222', '-l', "o'root"],
      ...['-W', '[fe80::1]:22', '--', 'pve; reboot'],
    ]);
  });

  it('is refused in one line over a transport that has no login there', async () => {
    const refused = {
      code: 'CONFIG_INVALID',
      message: 'default: `vm.via: host` leads through the Proxmox host, on which the transport fake has no login',
      hint: 'Set vm.via to direct, or choose another transport (zebu providers).',
    };
    await expect(hostAsJump(over('host'))).rejects.toMatchObject(refused);
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
