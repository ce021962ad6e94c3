import { describe, expect, it, vi } from 'vitest';
import { ZebuError, type Io } from '@zebu/kit';
import { Redactor } from '@zebu/kit/core';
import { systemClock } from '../../../src/lib/context/context.js';
import { exitOf, fail, ok, runChecks, warn, type Check } from '../../../src/lib/doctor/check.js';
import { diskFinding, skewFinding } from '../../../src/lib/doctor/guest.js';
import { nodeFinding } from '../../../src/lib/doctor/local.js';
import { versionFinding } from '../../../src/lib/doctor/proxmox.js';
import { missingPrivileges, pveumLines, rolePrivileges } from '../../../src/lib/doctor/role.js';
import { effective } from '../../../src/lib/proxmox/permissions.js';
import { waitingLine } from '../../../plugins/kit/src/waiting-line.js';

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
      { clock: systemClock },
    );
    expect(results.map(({ id, status, detail }) => `${id} ${status} ${detail}`)).toEqual([
      ...['a warn so so', 'b fail no', 'c skip needs b', 'd skip needs c', 'e fail full', 'f ok fine'],
    ]);
    expect(results[1]).toMatchObject({ code: 'AUTH_FAILED', remedy: 'a key' });
    expect(exitOf(results)).toBe(4);
  });

  it('is 0 for warnings', async () => {
    const only = [check('a', async () => warn('x', 'y'))];
    expect(exitOf(await runChecks(only, signal, () => {}, { clock: systemClock }))).toBe(0);
  });

  const answers = (seconds: number) => async () => {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    return ok(`after ${seconds} s`);
  };
  const never = () => new Promise<never>(() => {});

  /** In a time that is not real. @returns each result with the second it was told in, and what was waited for */
  async function timed(checks: readonly Check[]) {
    vi.useFakeTimers();
    try {
      const told: string[] = [];
      const waited: string[] = [];
      const now = (): number => Math.round(performance.now() / 1000);
      const began = now();
      const run = runChecks(
        checks,
        signal,
        ({ id, status, detail }) => told.push(`${now() - began} ${id} ${status} ${detail}`),
        { clock: systemClock, onWait: ({ ids, seconds }) => waited.push(`${ids.join(' ')} ${seconds}`) },
      );
      await vi.advanceTimersByTimeAsync(600_000);
      return { results: await run, told, waited };
    } finally {
      vi.useRealTimers();
    }
  }

  it('takes as long as its longest way, and is told in the order of the checks', async () => {
    const { told, waited } = await timed([
      check('a', answers(3)),
      check('b', answers(1), ['a']),
      check('c', answers(5), ['a']),
      { ...check('d', answers(1), ['a']), after: ['c'] },
      check('e', answers(1)),
    ]);
    expect(told).toEqual([
      '3 a ok after 3 s',
      '4 b ok after 1 s',
      '8 c ok after 5 s',
      '9 d ok after 1 s',
      '9 e ok after 1 s',
    ]);
    expect(waited).toContain('a 2');
    expect(waited).toContain('c 3');
    expect(waited.at(-1)).toMatch(/^d /);
  });

  it('has a result for what never answers, in its own time, and goes on', async () => {
    const { results, told } = await timed([
      { ...check('a', never), seconds: 7 },
      check('b', answers(1), ['a']),
      { ...check('c', answers(2)), after: ['a'] },
      check('d', never),
    ]);
    expect(told).toEqual([
      '7 a fail did not answer within 7 s',
      '7 b skip needs a',
      '9 c ok after 2 s',
      '30 d fail did not answer within 30 s',
    ]);
    expect(results[0]).toMatchObject({ code: 'UNREACHABLE', remedy: expect.any(String) as string });
  });

  it('tells a check that its time is over', async () => {
    let told = false;
    const wait = async (each: AbortSignal) => {
      each.addEventListener('abort', () => (told = true));
      return never();
    };
    await timed([{ ...check('a', wait), seconds: 1 }]);
    expect(told).toBe(true);
  });

  it('ends at once when it is interrupted, whatever it waits for', async () => {
    const abort = new AbortController();
    const run = runChecks([check('a', never), check('b', never, ['a'])], abort.signal, () => {}, {
      clock: systemClock,
    });
    abort.abort(new ZebuError('INTERRUPTED', 'Interrupted by SIGINT.'));
    await expect(run).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('the line that says what is waited for', () => {
  const lines = (live: boolean): string => {
    let written = '';
    const redactor = new Redactor();
    redactor.add('a-secret-value');
    const io = { live, columns: 30, redactor } as unknown as Io;
    const line = waitingLine(io, { write: (text: string | Uint8Array) => ((written += String(text)), true) });
    line.clear();
    line.show('waiting for a-secret-value, storage, bridge');
    line.clear();
    line.clear();
    return written;
  };

  it('is redrawn on a terminal, no wider than that, without secrets, and taken away again', () => {
    expect(lines(true)).toBe('\r\u001B[Kwaiting for [redacted], stora\r\r\u001B[K');
  });

  it('is not there without one', () => {
    expect(lines(false)).toBe('');
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
    backup: ['/storage/local'],
    template: ['/vms'],
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
