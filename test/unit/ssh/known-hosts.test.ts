import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keysFor } from '../../../plugins/kit/src/ssh/known-hosts.js';

const KEY = randomBytes(32).toString('base64');
const line = (patterns: string, type = 'ssh-ed25519'): string => `${patterns} ${type} ${KEY} comment`;

function hashed(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

const count = (text: string, host: string, port = 22): number => keysFor(text, 'f', host, port).length;

describe('keysFor', () => {
  it.each<[string, string, string, number, number]>([
    ['a plain name', line('pve'), 'pve', 22, 1],
    ['one of several names', line('a,pve,192.0.2.1'), '192.0.2.1', 22, 1],
    ['another case', line('PVE'), 'pve', 22, 1],
    ['another host', line('other'), 'pve', 22, 0],
    ['a name with a port', line('[pve]:2222'), 'pve', 2222, 1],
    ['a name without its port', line('pve'), 'pve', 2222, 0],
    ['a wildcard', line('*.example.org'), 'a.example.org', 22, 1],
    ['a question mark', line('node?'), 'node1', 22, 1],
    ['an exclusion', line('*.example.org,!b.example.org'), 'b.example.org', 22, 0],
    ['a dot that is a dot', line('a.b'), 'axb', 22, 0],
    ['a hashed name', line(hashed('pve')), 'pve', 22, 1],
    ['a hashed name with port', line(hashed('[pve]:2222')), 'pve', 2222, 1],
    ['another hashed name', line(hashed('other')), 'pve', 22, 0],
    ['a certificate authority', `@cert-authority ${line('pve')}`, 'pve', 22, 0],
    ['a comment and garbage', `# ${line('pve')}\n\npve\n`, 'pve', 22, 0],
  ])('matches %s', (_, text, host, port, expected) => expect(count(text, host, port)).toBe(expected));

  it('remembers file, line and revocation', () => {
    const text = `# first\n@revoked ${line('pve')}\n`;
    expect(keysFor(text, 'known', 'pve', 22)).toMatchObject([{ file: 'known', line: 2, revoked: true }]);
  });
});
