import { describe, expect, it } from 'vitest';
import { nodeOfTask, parseFailure, parseOutput, pveshArgv } from '../../../plugins/transport-ssh/src/pvesh.js';

const UPID = 'UPID:pve:00001234:0006E78F:6B04DAF0:qmcreate:100:root@pam:';

describe('pveshArgv', () => {
  it('maps the method, decodes the path, and keeps each parameter one word', () => {
    const params = { vmid: 100, agent: true, command: ['ls', '-la'], description: 'a b', skip: undefined };
    expect(pveshArgv('POST', '/api2/json/nodes/pve/tasks/UPID%3Apve%3A', params)).toEqual([
      ...['pvesh', 'create', '/nodes/pve/tasks/UPID:pve:', '--output-format', 'json'],
      ...['--vmid', '100', '--agent', '1', '--command', 'ls', '--command=-la', '--description', 'a b'],
    ]);
  });
});

describe('parseOutput', () => {
  it.each<[string, string, unknown]>([
    ['an object', '{"a":1}\n', { a: 1 }],
    ['a result over several lines', '{\n "a": 1\n}\n', { a: 1 }],
    ['a UPID after the output of its task', `Formatting 'x'\nscsi0: done\n"${UPID}"\n`, UPID],
    ['a bare UPID', `progress\n${UPID}\n`, UPID],
    ['a UPID after what its task said on another node', `${JSON.stringify(`scsi0: done"${UPID}"`)}\n`, UPID],
    ['a text that only names a task', '"as UPID:pve:1 said"\n', 'as UPID:pve:1 said'],
    ['nothing', '', null],
  ])('reads %s', (_, text, data) => expect(parseOutput(text)).toEqual({ data }));

  it('does not take anything else for a result', () => expect(parseOutput('hello\nworld')).toBeUndefined());
});

describe('nodeOfTask', () => {
  it('is in its UPID, and undefined for anything else', () => {
    expect(nodeOfTask(UPID)).toBe('pve');
    for (const other of [null, 'UPID:', `x${UPID}`, { upid: UPID }]) expect(nodeOfTask(other)).toBeUndefined();
  });
});

describe('parseFailure', () => {
  it('gives parameter errors the shape the API has', () => {
    const stderr = '400 Parameter verification failed.\nmemory: type check failed\npvesh create /nodes [OPTIONS]\n';
    expect(parseFailure('POST', '/api2/json/nodes/pve/qemu', stderr)).toMatchObject({
      code: 'PROXMOX_REFUSED',
      message: 'Proxmox refused POST /nodes/pve/qemu: Parameter verification failed. memory: type check failed',
      details: { status: 400, errors: { memory: 'type check failed' } },
    });
  });

  it("takes a plain message as a 500's reason, and names a missing privilege", () => {
    expect(parseFailure('GET', '/x', "Configuration file 'a' does not exist\n")).toMatchObject({
      code: 'PROXMOX_REFUSED',
      details: { status: 500, reason: "Configuration file 'a' does not exist" },
    });
    expect(parseFailure('GET', '/x', '403 Permission check failed (/vms/100, VM.Audit)\n')).toMatchObject({
      code: 'PROXMOX_FORBIDDEN',
      hint: 'It needs VM.Audit on /vms/100; zebu doctor --role prints the role with all that zebu uses.',
    });
  });
});
