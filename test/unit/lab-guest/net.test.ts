import { describe, expect, it } from 'vitest';

import {
  bridgeDevice,
  DEVICE_NAME_MAX,
  hostDevice,
  tapArgvs,
  vethArgvs,
} from '../../../plugins/lab/src/net/devices.js';
import { dnsmasqArgv, netmask } from '../../../plugins/lab/src/net/network.js';

describe('names of devices', () => {
  it('fit the kernel’s limit up to the last VMID', () => {
    expect(hostDevice('lab', 999_999_999, 7).length).toBeLessThanOrEqual(DEVICE_NAME_MAX);
  });

  it('differ between labs, machines and cards', () => {
    const names = [
      hostDevice('a', 100, 0),
      hostDevice('b', 100, 0),
      hostDevice('a', 101, 0),
      hostDevice('a', 100, 1),
      bridgeDevice('a'),
    ];
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('a cable into a namespace', () => {
  it('carries the MAC inside and hangs on the bridge outside', () => {
    expect(vethArgvs('zbx', 'zbr', 'eth0', 'BC:24:11:00:00:01', 42)).toEqual([
      'ip link add zbx type veth peer name eth0 address bc:24:11:00:00:01 netns 42'.split(' '),
      'ip link set zbx master zbr up'.split(' '),
    ]);
  });

  it('hangs there unplugged', () => {
    expect(vethArgvs('zbx', 'zbr', 'eth0', 'BC:24:11:00:00:01', 42, false)[1]?.at(-1)).toBe('down');
    expect(tapArgvs('zbx', 'zbr', false)[1]?.at(-1)).toBe('down');
  });
});

describe('the DHCP server', () => {
  const network = { bridge: 'zbr', address: '10.77.0.1', prefixLength: 24, runDir: '/run/net' };

  it('serves one bridge, no DNS, and announces no way out', () => {
    const argv = dnsmasqArgv(network, { from: '10.77.0.100', to: '10.77.0.199' });
    expect(argv).toContain('--port=0');
    expect(argv).toContain('--interface=zbr');
    expect(argv).toContain('--dhcp-option=option:router');
    expect(argv).toContain('--dhcp-range=10.77.0.100,10.77.0.199,255.255.255.0,12h');
  });

  it.each([
    [0, '0.0.0.0'],
    [8, '255.0.0.0'],
    [20, '255.255.240.0'],
    [24, '255.255.255.0'],
    [32, '255.255.255.255'],
  ])('writes /%i as %s', (length, mask) => {
    expect(netmask(length)).toBe(mask);
  });
});
