import { describe, expect, it } from 'vitest';
import { parseState, type JobResult } from '../../../../src/lib/vm/provision/community-script/job.js';
import { explainRun, type Seen } from '../../../../src/lib/vm/provision/community-script/verdict.js';

const ended: JobResult = {
  good: false,
  code: 255,
  stopped: undefined,
  title: '',
  text: '',
  missing: [],
  withoutDocker: false,
  failures: [],
  left: false,
};
const nothing: Seen = { phase: '', failed: [], other: [], limit: 1800 };
const explain = (result: Partial<JobResult>, seen: Partial<Seen> = {}) =>
  explainRun({ ...ended, ...result }, { ...nothing, ...seen });

describe('why a run of the community script was no good', () => {
  it('is a question nobody knows, with its words', () => {
    const error = explain({ stopped: 'unknown', title: 'LICENSE', text: 'Do you accept?', code: 137 });
    expect(error.code).toBe('SCRIPT_CHANGED');
    expect(error.message).toContain('"LICENSE": Do you accept?');
  });

  it('is a question that never came', () => {
    const error = explain({ code: 0, missing: ['VLAN'] });
    expect(error.code).toBe('SCRIPT_CHANGED');
    expect(error.message).toContain('did not ask "VLAN"');
  });

  it('is the enterprise repository, wherever apt said so', () => {
    const other = [
      'E: Failed to fetch https://enterprise.proxmox.com/debian/pve/x  401  Unauthorized [IP: 1.2.3.4 443]',
    ];
    expect(explain({ code: 100 }, { other, phase: 'Installing libguestfs-tools' }).message).toContain(
      '401 Unauthorized',
    );
  });

  it.each([
    [{ code: 0, withoutDocker: true }, {}, 'Docker must be installed manually', 'SCRIPT_FAILED'],
    [{}, { other: ['E: Unable to locate package libguestfs-tools'] }, 'no virt-customize', 'SCRIPT_FAILED'],
    [{ code: 0 }, { failed: ['Unable to detect a valid storage location.'] }, 'no storage', 'CONFIG_INVALID'],
    [{ code: 0 }, { failed: ['User exited script'] }, 'stopped by itself', 'SCRIPT_FAILED'],
    [
      { code: 124 },
      { phase: 'Installing Docker' },
      'did not end within 1800 s at "Installing Docker"',
      'SCRIPT_FAILED',
    ],
    [
      { failures: ['set: no firmware'] },
      { phase: 'Attaching EFI and root disk' },
      'at "Attaching EFI and root disk" with status 255: qm set: no firmware',
      'SCRIPT_FAILED',
    ],
    [{ code: 0, left: true }, {}, 'could not be removed', 'SCRIPT_FAILED'],
  ] as const)('is told from %o and %o', (result, seen, words, code) => {
    const error = explain(result, seen);
    expect(error.message).toContain(words);
    expect(error.code).toBe(code);
  });

  it('is read from what the supervisor on the host writes', () => {
    expect(parseState('')).toEqual({ state: 'none' });
    expect(parseState('state=running\nvmid=100\nmac=BC:24:11:00:00:01\nname=x\n')).toEqual({
      state: 'running',
      vmid: 100,
      mac: 'bc:24:11:00:00:01',
    });
    const text =
      'state=ended\nvmid=100\nmac=m\nname=x\ncode=0\nmissing=VLAN\nmissing=MTU SIZE\nqm=set: failed\ngood=no\n';
    expect(parseState(text)).toMatchObject({
      state: 'ended',
      result: { good: false, code: 0, missing: ['VLAN', 'MTU SIZE'], failures: ['set: failed'] },
    });
  });
});
