import { describe, expect, it } from 'vitest';
import { Names } from '../../../src/lib/redaction/names.js';
import { withoutCredentials, withoutNames } from '../../../src/lib/redaction/patterns.js';

const KEYS = new Set(['vm.network.address', 'vm.network', 'deploy.keep']);

function clean(text: string, names = new Names(['deploy', 'app'])): string {
  return withoutNames(withoutCredentials(text, names), names, KEYS);
}

describe('what tells who and where somebody is', () => {
  it.each([
    ['Cannot reach root@192.0.2.7:22', 'Cannot reach root@<ip-1>:22'],
    ['listens on [2001:db8::7]:443, 192.0.2.0/24', 'listens on [<ip-1>]:443, <ip-2>/24'],
    ['net0 BC:24:11:0A:0B:0C and bc-24-11-0a-0b-0c', 'net0 <mac-1> and <mac-1>'],
    ['lookup db.corp.example: no such host', 'lookup <host-1>: no such host'],
    ['pull images.corp.example/web:1.2 and images.corp.example', 'pull <host-1>/web:1.2 and <host-1>'],
    ['https://get.example.sh/install.sh', 'https://<host-1>/install.sh'],
    ['by Jo.Doe+x@mail.example', 'by <email-1>'],
    ['alice@laptop says', '<user-1>@<host-1> says'],
    ['/home/alice/app/compose.yml', '/home/<user-1>/app/compose.yml'],
    [`SHA256:${'aB3/'.repeat(10)}abc`, '<fingerprint-1>'],
    [Array(32).fill('AB').join(':'), '<fingerprint-1>'],
    ['ssh-ed25519 AAAAC3NzaC1lZDI1 alice@laptop', '<key-1>'],
    ['user zebu@pve!cli=0a1b2c3d', 'user <token-1>'],
  ])('%s', (text, shown) => {
    expect(clean(text)).toBe(shown);
  });

  it('is the same placeholder wherever it appears, in whatever case', () => {
    expect(clean('a.example b.example A.Example 192.0.2.1 192.0.2.2 192.0.2.1')).toBe(
      '<host-1> <host-2> <host-1> <ip-1> <ip-2> <ip-1>',
    );
  });

  it('is found as a word once it is known, the longer before the shorter', () => {
    const names = new Names(['deploy']);
    for (const word of ['pve', 'pve.example', 'deploy', '192.0.2.9']) names.learn('host', word);
    names.learn('user', 'Jo Doe');
    const text = 'VM 100 on pve of PVE.example by jo doe, deploy.keep, pverify, pve-manager at 192.0.2.9';
    expect(clean(text, names)).toBe(
      'VM 100 on <host-1> of <host-2> by <user-1>, deploy.keep, pverify, <host-1>-manager at <ip-1>',
    );
  });

  it.each([
    'ok  node  Node 24.21.0, zebu.yml:3, ./compose.production.yml, docker.service',
    'missing: VM.Allocate on /vms, Datastore.AllocateSpace; vm.network.address',
    'web@sha256:0123, at 12:34:56, 2026-11-25T05:30:00.123Z, 0.0.0.0:8080->80/tcp, 127.0.0.1, [::]:80',
    'com.docker.compose.project=shop, local:import/debian-13.qcow2, app:deploy --tag v1.2.3, root@pam',
  ])('is not in %s', (text) => {
    expect(clean(text)).toBe(text);
  });
});

describe('credentials that nobody told us of', () => {
  it.each([
    ['postgres://shop:hunter2@db:5432/shop', 'postgres://[redacted]@db:5432/shop'],
    ['https://x:y/z@db/', 'https://[redacted]@db/'],
    ['https://ghtoken@db/', 'https://[redacted]@db/'],
    ['GET http://db/a?sig=abc&b=c failed', 'GET http://db/a?[redacted] failed'],
    ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer [redacted]'],
    ['DB_PASSWORD=hunter2 next', 'DB_PASSWORD=[redacted] next'],
    ['{"apiKey":"hunter2","a":1}', '{"apiKey":"[redacted]","a":1}'],
    ['api_token: hunter2', 'api_token: [redacted]'],
    [`x ghp_${'a1'.repeat(18)} y`, 'x [redacted] y'],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----', '[redacted]'],
  ])('%s', (text, shown) => {
    expect(clean(text)).toBe(shown);
  });

  it('are not in the name of a command', () => {
    expect(clean('zebu secrets:set or secrets:list')).toBe('zebu secrets:set or secrets:list');
  });
});
