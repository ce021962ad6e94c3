/** Each refusal that a real node gave to somebody who has the role less one privilege, told by zebu. */
import { pveError, type ZebuError } from '@zebu/kit';
import { isForbidden } from '@zebu/kit/core';
import { describe, expect, it } from 'vitest';
import { rolePrivileges } from '../../../src/lib/doctor/role.js';
import { taskFailure } from '../../../src/lib/proxmox/task-failure.js';
import { privilegeWalks } from '../../support/replay/recordings.js';
import { clientOf } from '../../support/slow-proxmox.js';

const UPID = 'UPID:pve:0000AB12:0001E240:68D5C3A1:task:600:zebu@pve!cli:' as Parameters<typeof taskFailure>[1]['upid'];

interface Refusal {
  readonly without: string;
  readonly call: string;
  readonly status: number;
  readonly said: string;
}

const refusals: readonly Refusal[] = privilegeWalks().flatMap(({ without, answers }) =>
  answers.flatMap(({ call, status, said }) =>
    without === null || status === undefined || said === undefined || !(status === 403 || isForbidden(said))
      ? []
      : [{ without, call, status, said }],
  ),
);

/** A request is refused itself, or the task that it started is. */
async function told({ call, status, said }: Refusal): Promise<ZebuError> {
  if (status !== 200)
    return pveError({ method: 'POST', path: `/recorded/${call.replaceAll(' ', '-')}`, status, reason: said });
  const log = [
    { n: 1, t: 'starting' },
    { n: 2, t: `TASK ERROR: ${said}` },
  ];
  return taskFailure(
    clientOf(() => log),
    { upid: UPID, exit: said },
    `${call} of VM 600`,
  );
}

const names = (said: string): boolean => said.includes(', ');

describe('a recorded refusal', () => {
  it('is of each kind: of a request, of a task, with and without the name of a privilege', () => {
    expect(refusals.length).toBeGreaterThanOrEqual(38);
    expect(refusals.filter(({ status }) => status === 200).map(({ call }) => call)).toEqual(
      expect.arrayContaining(['resize', 'vzdump', 'import disk']),
    );
    expect(refusals.filter(({ said }) => !names(said)).map(({ without }) => without)).toEqual([
      'Sys.AccessNetwork',
      'VM.Allocate',
    ]);
  });

  it.each(refusals.filter(({ said }) => names(said)))(
    'of $call names $without, and where, as what to give',
    async (refusal) => {
      const { code, hint, details } = await told(refusal);
      const [, path = ''] = /\((\S+), /.exec(refusal.said) ?? [];
      expect(code).toBe('PROXMOX_FORBIDDEN');
      expect(String(details?.['privilege']).split('|')).toContain(refusal.without);
      expect(details?.['aclPath']).toBe(path);
      expect(hint).toContain(`${refusal.without}`);
      expect(hint).toContain(`on ${path}; zebu doctor --role`);
    },
  );

  it.each(refusals.filter(({ said }) => !names(said)))(
    'of $call, which names no privilege, leads to the role that has $without',
    async (refusal) => {
      const { code, hint } = await told(refusal);
      expect(code).toBe('PROXMOX_FORBIDDEN');
      expect(hint).toContain('zebu doctor --role');
    },
  );
});

describe('the role that zebu prints', () => {
  it('has each privilege without which something was refused, and nothing is refused to who has all of it', () => {
    expect(rolePrivileges(9)).toEqual(expect.arrayContaining(refusals.map(({ without }) => without)));
    const whole = privilegeWalks().find(({ without }) => without === null);
    expect(whole?.answers.filter(({ said = '' }) => isForbidden(said))).toEqual([]);
  });
});
