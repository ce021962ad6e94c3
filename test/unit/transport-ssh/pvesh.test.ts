import { describe, expect, it } from 'vitest';
import { parseFailure, parseOutput, pveshArgv, taskEnded } from '../../../plugins/transport-ssh/src/pvesh.js';

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
  it.each<[string, string, unknown, string]>([
    ['an object', '{"a":1}\n', { a: 1 }, ''],
    ['a result over several lines', '{\n "a": 1\n}\n', { a: 1 }, ''],
    [
      'a UPID after the output of its task',
      `Formatting 'x'\nscsi0: done\n"${UPID}"\n`,
      UPID,
      "Formatting 'x'\nscsi0: done",
    ],
    ['a bare UPID', `progress\n${UPID}\n`, UPID, 'progress'],
    ['a UPID after what its task said on another node', `${JSON.stringify(`scsi0: done"${UPID}"`)}\n`, UPID, ''],
    ['a text that only names a task', '"as UPID:pve:1 said"\n', 'as UPID:pve:1 said', ''],
    ['nothing', '', undefined, ''],
    [
      'what a handler says of its change',
      'update VM 101: -cores 1 -description x y\n',
      undefined,
      'update VM 101: -cores 1 -description x y',
    ],
    [
      'a change of several lines',
      'update VM 900: -description one\n\ntwo "three"\n',
      undefined,
      'update VM 900: -description one\n\ntwo "three"',
    ],
    ['what is said before a result', 'generating cloud-init ISO\n{"a":1}\n', { a: 1 }, 'generating cloud-init ISO'],
  ])('reads %s', (_, printed, data, text) => {
    const output = parseOutput(printed);
    expect([output.data, output.text]).toEqual([data, text]);
  });
});

describe('taskEnded', () => {
  it('names the node in its UPID, and is undefined for anything else', () => {
    expect(taskEnded(UPID)).toEqual({ upid: UPID, node: 'pve' });
    for (const other of [null, 'UPID:', `x${UPID}`, { upid: UPID }]) expect(taskEnded(other)).toBeUndefined();
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

  it.each<[string, string, number, string]>([
    [
      'after what Perl says of its bytes',
      'Wide character in die at /usr/share/perl5/PVE/RESTHandler.pm line 1131.\nAgent error: Failed to execute child process “-x” (No such file or directory)\n',
      500,
      'Agent error: Failed to execute child process “-x” (No such file or directory)',
    ],
    [
      'after what Perl says of a locale',
      'perl: warning: Setting locale failed.\nperl: warning: Please check that your locale settings:\n\tLC_ALL = "de_DE.UTF-8"\n    are supported and installed on your system.\nVM is locked (backup)\n',
      500,
      'VM is locked (backup)',
    ],
    [
      'after an option that is not known',
      'Unknown option: frob\n400 unable to parse option\npvesh set <api_path> [OPTIONS] [FORMAT_OPTIONS]\n',
      400,
      'unable to parse option: Unknown option: frob',
    ],
    [
      'when Perl says nothing else',
      'Wide character in subroutine entry at /usr/share/perl5/PVE/API2/Qemu/Agent.pm line 624.\n',
      500,
      'Wide character in subroutine entry at /usr/share/perl5/PVE/API2/Qemu/Agent.pm line 624.',
    ],
    [
      'when the program of some releases does not even start',
      'unknown schema type (not an object?)\nCompilation failed in require at /usr/bin/pvesh line 6.\n',
      500,
      'unknown schema type (not an object?)',
    ],
    [
      'after what the programs it started had to say, and modules that go on',
      "setlogsock(): type='unix': path not available at /usr/share/perl5/PVE/SafeSyslog.pm line 41.\nFailed to connect to bus: Host is down\ncommand 'timedatectl show '--property=Timezone' --value' failed: exit code 1\n",
      500,
      "command 'timedatectl show '--property=Timezone' --value' failed: exit code 1: Failed to connect to bus: Host is down",
    ],
    ['said twice', 'VM 900 not running\n\nVM 900 not running\n', 500, 'VM 900 not running'],
    [
      'before what Perl was loading then',
      'unknown schema type (not an object?)\nCompilation failed in require at /usr/bin/pvesh line 6.\nBEGIN failed--compilation aborted at /usr/bin/pvesh line 6.\n',
      500,
      'unknown schema type (not an object?)',
    ],
    [
      'before how it is used',
      "ERROR: unknown command 'pvesh frob'\nUSAGE: pvesh <COMMAND> [ARGS] [OPTIONS]\n\n       pvesh create <api_path>\n",
      500,
      "ERROR: unknown command 'pvesh frob'",
    ],
  ])('finds the reason %s', (_, stderr, status, reason) => {
    expect(parseFailure('GET', '/x', stderr)).toMatchObject({ code: 'PROXMOX_REFUSED', details: { status, reason } });
  });

  it('keeps parameters within parameters', () => {
    const stderr =
      '400 Parameter verification failed.\nnet0: invalid format - format error\nnet0.tag: value must have a maximum value of 4094\n\npvesh set <api_path> [OPTIONS] [FORMAT_OPTIONS]\n';
    expect(parseFailure('PUT', '/x', stderr)).toMatchObject({
      details: { status: 400, errors: { 'net0.tag': 'value must have a maximum value of 4094' } },
    });
  });
});
