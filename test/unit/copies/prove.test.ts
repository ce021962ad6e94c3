import { ZebuError } from '@zebu/kit';
import { describe, expect, it } from 'vitest';
import { isOfTheBackup } from '../../../src/lib/copies/prove.js';

const MAKING = { make: null, boot: null };
const BOOTING = { make: 20, boot: null };
const BOOTED = { make: 20, boot: 30 };

const failed = (exitstatus: string) =>
  new ZebuError('TASK_FAILED', `restoring failed: ${exitstatus}`, { details: { exitstatus } });
const silent = new ZebuError('VM_NOT_READY', 'The guest agent of VM 105 does not answer');

describe('what failed is of the backup', () => {
  it.each([
    ['its archive is damaged', failed('vma extract failed'), MAKING],
    ['it does not boot', silent, BOOTING],
  ])('where %s', (_, error, times) => {
    expect(isOfTheBackup(error, times)).toBe(true);
  });

  it.each([
    ['the storage is full', failed('write failed: No space left on device'), MAKING],
    ['the host does not start it', failed('start failed: QEMU exited with code 1'), BOOTING],
    ['somebody has stopped it', new ZebuError('VM_NOT_RUNNING', 'VM 105 is stopped'), BOOTING],
    ['the agent falls silent on a busy host', silent, BOOTED],
    ['the agent takes no file', new ZebuError('VM_NOT_READY', 'VM 105: /bin/sh ended with 1'), BOOTED],
    ['the run has no verdict', new ZebuError('VM_NOT_READY', 'The run in the copy ended with 1'), BOOTED],
    ['Proxmox cannot be reached', new ZebuError('UNREACHABLE', 'no route'), BOOTING],
    ['zebu itself is wrong', new TypeError('x'), BOOTING],
  ])('and not where %s', (_, error, times) => {
    expect(isOfTheBackup(error, times)).toBe(false);
  });
});
