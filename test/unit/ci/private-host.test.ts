import { expect, it } from 'vitest';
import { isPrivateHost } from '../../../src/lib/ci/private-host.js';

it.each([
  'pve',
  '192.168.1.2',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.9.9',
  '100.64.0.1',
  'fd00::1',
  '[fe80::1]',
  'pve.lan',
  'pve.home.arpa',
  'x.LOCAL',
])('%s is of its own network', (host) => expect(isPrivateHost(host)).toBe(true));

it.each(['pve.example.org', '203.0.113.9', '172.32.0.1', '100.128.0.1', '2001:db8::1', 'localdomain.example.org'])(
  '%s may be reached from anywhere',
  (host) => expect(isPrivateHost(host)).toBe(false),
);
