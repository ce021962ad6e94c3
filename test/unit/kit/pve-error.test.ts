import { describe, expect, it } from 'vitest';
import { pveError } from '@zebu/kit';
import { missingRight } from '@zebu/kit/core';

const of = (status: number, reason: string) => pveError({ method: 'POST', path: '/nodes/pve/qemu', status, reason });

describe('a refusal for want of a right', () => {
  it('names path and privilege, and where the role is to be had', () => {
    expect(of(403, 'Permission check failed (/nodes/pve, Sys.Audit)')).toMatchObject({
      code: 'PROXMOX_FORBIDDEN',
      hint: 'It needs Sys.Audit on /nodes/pve; zebu doctor --role prints the role with all that zebu uses.',
      details: { privilege: 'Sys.Audit', aclPath: '/nodes/pve' },
    });
  });

  it('names each of several that would do', () => {
    const { hint } = of(403, 'Permission check failed (/vms/600, VM.Snapshot|VM.Snapshot.Rollback)');
    expect(hint).toContain('It needs VM.Snapshot or VM.Snapshot.Rollback on /vms/600');
  });

  it('tells of restricted tags', () => {
    const error = of(403, "Permission check failed (/, Sys.Modify for modifying tag 'zebu-app-rec')");
    expect(error.hint).toMatch(/restricts tags: allow zebu-app-rec there .*Sys\.Modify on \/\.$/);
    expect(error.details).toMatchObject({ privilege: 'Sys.Modify', aclPath: '/', tag: 'zebu-app-rec' });
  });

  it('is found inside another error, too', () => {
    expect(of(500, 'unable to restore VM 100 - 403 Permission check failed (/vms/100, VM.Allocate)').code).toBe(
      'PROXMOX_FORBIDDEN',
    );
  });

  it('may name nothing', () => {
    expect(missingRight('Permission check failed')).toBeUndefined();
    expect(of(403, 'Permission check failed').hint).toContain('zebu doctor --role');
  });
});

it('no other failure is one', () => {
  const { code, hint } = of(500, "command 'timedatectl show '--property=Timezone' --value' failed: exit code 1");
  expect([code, hint]).toEqual(['PROXMOX_REFUSED', undefined]);
});

describe('a credential that is not accepted', () => {
  it('is a token, unless the transport has another', () => {
    expect(of(401, 'no such token').hint).toMatch(/^Check the token/);
    const refusal = {
      method: 'GET',
      path: '/version',
      status: 401,
      reason: 'invalid ticket',
      credentialHint: 'The clock?',
    };
    expect(pveError(refusal)).toMatchObject({ code: 'AUTH_FAILED', hint: 'The clock?' });
  });
});
