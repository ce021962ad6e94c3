import { describe, expect, it } from 'vitest';
import { ZebuError } from '@zebu/kit';
import { exitOf, fail, ok, runChecks, warn, type Check } from '../../src/lib/doctor/check.js';
import { diskFinding, skewFinding } from '../../src/lib/doctor/guest.js';
import { nodeFinding } from '../../src/lib/doctor/local.js';
import { versionFinding } from '../../src/lib/doctor/proxmox.js';
import { missingPrivileges, pveumLines, rolePrivileges } from '../../src/lib/doctor/role.js';
import { effective } from '../../src/lib/proxmox/permissions.js';

const signal = new AbortController().signal;
const check = (id: string, run: Check['run'], needs: readonly string[] = []): Check => ({ id, needs, run });

describe('a run of checks', () => {
  it('goes on after a failure, skips what stands on it with the reason, and keeps the first failure’s class', async () => {
    const results = await runChecks(
      [
        check('a', async () => warn('so so', 'look')),
        check('b', () => Promise.reject(new ZebuError('AUTH_FAILED', 'no', { hint: 'a key' })), ['a']),
        check('c', async () => ok('never asked'), ['b']),
        check('d', async () => ok('never asked'), ['c']),
        check('e', async () => fail('NO_SPACE', 'full', 'grow')),
        check('f', async () => ok('fine'), ['a']),
      ],
      signal,
      () => {},
    );
    expect(results.map(({ id, status, detail }) => `${id} ${status} ${detail}`)).toEqual([
      ...['a warn so so', 'b fail no', 'c skip needs b', 'd skip needs c', 'e fail full', 'f ok fine'],
    ]);
    expect(results[1]).toMatchObject({ code: 'AUTH_FAILED', remedy: 'a key' });
    expect(exitOf(results)).toBe(4);
  });

  it('is 0 for warnings', async () => {
    expect(exitOf(await runChecks([check('a', async () => warn('x', 'y'))], signal, () => {}))).toBe(0);
  });
});

describe('the role', () => {
  it('knows that Proxmox VE 9 has taken VM.Monitor apart', () => {
    expect(rolePrivileges(8)).toContain('VM.Monitor');
    expect(rolePrivileges(8).filter((name) => name.startsWith('VM.GuestAgent'))).toEqual([]);
    expect(rolePrivileges(9)).not.toContain('VM.Monitor');
    expect(rolePrivileges(9)).toContain('VM.GuestAgent.Unrestricted');
    expect(pveumLines(9)[0]).toMatch(/^pveum role add Zebu --privs "Datastore\.AllocateSpace [\w. ]+"$/);
  });

  it('asks for no more than is used: nothing that changes hosts, users or storages', () => {
    for (const major of [8, 9] as const)
      for (const name of ['Sys.Modify', 'Sys.Console', 'Permissions.Modify', 'Datastore.Allocate', 'User.Modify'])
        expect(rolePrivileges(major)).not.toContain(name);
  });
});

describe('privileges in force', () => {
  it('are those of the nearest path, where they reach that far', () => {
    const permissions = { '/': { A: 1, B: 0 }, '/vms': { C: 1 }, '/vms/100': { D: 0 } };
    expect([...effective(permissions, '/vms/100')]).toEqual(['D']);
    expect([...effective(permissions, '/vms/101')]).toEqual(['C']);
    expect([...effective(permissions, '/storage/local')]).toEqual(['A']);
    expect([...effective({}, '/vms')]).toEqual([]);
  });

  const paths = {
    vm: ['/vms/100'],
    storage: ['/storage/local'],
    image: ['/storage/local'],
    node: ['/nodes/pve'],
    bridge: ['/sdn/zones/localnetwork/vmbr0'],
    datacenter: ['/'],
  };
  const grant = (names: readonly string[]) => ({ '/': Object.fromEntries(names.map((name) => [name, 1])) });

  it.each([8, 9] as const)('the role of Proxmox VE %i lacks nothing', (major) => {
    expect(missingPrivileges(grant(rolePrivileges(major)), paths, major)).toEqual([]);
  });

  it('asks for the HA manager only where vm.ha is set', () => {
    const held = grant(rolePrivileges(8));
    expect(rolePrivileges(8)).not.toContain('Sys.Console');
    expect(rolePrivileges(8, { ha: true })).toContain('Sys.Console');
    expect(missingPrivileges(held, paths, 8, { ha: true })).toEqual([
      { privilege: 'Sys.Console', path: '/', use: 'vm.ha', core: true },
    ]);
  });

  it('names privilege, path and what is missing without it', () => {
    const held = rolePrivileges(8).filter((name) => name !== 'VM.Snapshot' && name !== 'Datastore.AllocateSpace');
    expect(missingPrivileges(grant(held), paths, 8)).toEqual([
      { privilege: 'Datastore.AllocateSpace', path: '/storage/local', use: 'vm:create', core: true },
      { privilege: 'VM.Snapshot', path: '/vms/100', use: 'vm:snapshot', core: false },
    ]);
  });

  it('take Unrestricted for the finer privileges of the agent', () => {
    const held = rolePrivileges(9).filter((name) => !/GuestAgent\.(Audit|FileRead)/.test(name));
    expect(missingPrivileges(grant(held), paths, 9)).toEqual([]);
  });
});

describe('findings', () => {
  it('of versions', () => {
    const said = ['7.4', '8.1.4', '8.2.0', '8.4.21', '9.0', '9.2.3', '10.0'].map((text) => versionFinding(text).status);
    expect(said).toEqual(['warn', 'warn', 'ok', 'ok', 'ok', 'ok', 'warn']);
    expect(['20.1.0', '22.12.0', '22.13.0', '24.0.0'].map((text) => nodeFinding(text).status)).toEqual([
      ...['fail', 'fail', 'ok', 'ok'],
    ]);
  });

  it('of disks that fill up', () => {
    const disk = (free: number): string => diskFinding([`1000 ${free} /`]).status;
    expect([500, 150, 140, 60, 50, 0].map(disk)).toEqual(['ok', 'warn', 'warn', 'warn', 'fail', 'fail']);
  });

  it('of clocks that are apart', () => {
    expect(
      skewFinding(1000, [
        ['node', 1003],
        ['VM', 998],
      ]),
    ).toMatchObject({ status: 'ok', detail: 'node +3 s, VM -2 s' });
    expect(
      skewFinding(1000, [
        ['node', 1000],
        ['VM', 1090],
      ]),
    ).toMatchObject({ status: 'warn', detail: 'node +0 s, VM +90 s' });
  });
});
