/** Proxmox says some things in words alone. They are looked for in its own words, not in the message that has more in it. */
import { ZebuError } from '@zebu/kit';
import { describe, expect, it } from 'vitest';
import { otherChecksum, says } from '../../../src/lib/proxmox/said.js';

const refused = (reason: string): ZebuError =>
  new ZebuError('PROXMOX_REFUSED', `Proxmox refused GET /nodes/pve/qemu/100: ${reason}`, { details: { reason } });
const failed = (exitstatus: string): ZebuError =>
  new ZebuError('TASK_FAILED', `Proxmox failed it: ${exitstatus}; its log says: more`, { details: { exitstatus } });

describe('what Proxmox says', () => {
  it.each([
    [refused('No QEMU guest agent configured'), 'agent not configured'],
    [refused('QEMU guest agent is not running'), 'agent silent'],
    [refused("VM 100 qmp command 'guest-ping' failed - got timeout"), 'agent not yet'],
    [refused("Agent error: failed to open file '/etc/ssh/x': No such file or directory"), 'file missing'],
    [refused('VM 100 is not running'), 'not running'],
    [refused('VM 100 not running'), 'not running'],
    [refused('detected modified configuration - file changed by other user? Try again.'), 'configuration changed'],
    [refused("Configuration file 'nodes/pve/qemu-server/100.conf' does not exist"), 'configuration missing'],
    [failed('shrinking disks is not supported'), 'would shrink'],
    [refused('shrinking disks is not supported'), 'would shrink'],
    [failed("snapshot 'before' does not exist"), 'snapshot missing'],
    [failed('VM quit/powerdown failed - got timeout'), 'not shut down'],
  ] as const)('%s: %s', (error, fact) => {
    expect(says(error, fact)).toBe(true);
  });

  it('is not looked for around its words, nor in any other error', () => {
    const about = new ZebuError('TASK_FAILED', "snapshot 'x' does not exist", { details: { exitstatus: 'OK' } });
    expect(says(about, 'snapshot missing')).toBe(false);
    expect(says(new Error('VM 100 not running'), 'not running')).toBe(false);
    expect(says('VM 100 not running', 'not running')).toBe(false);
  });

  it('has the checksum of another image in the end of the task', () => {
    expect(otherChecksum(failed("checksum mismatch: got '0abc' != expect '1def'"))).toBe('0abc');
    expect(otherChecksum(refused("checksum mismatch: got '0abc'"))).toBeUndefined();
  });
});
