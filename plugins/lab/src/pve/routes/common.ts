import { createHash, randomInt } from 'node:crypto';
import type { Call } from '../router.js';
import { badParameters } from '../fault.js';
import { withPending } from '../pending.js';
import type { VmConfig, VmRecord } from '../state.js';

/** The path's vmid as a number. @throws PveFault 400 */
export function vmidOf(call: Call): number {
  const text = call.path['vmid'] ?? '';
  if (!/^\d+$/.test(text)) throw badParameters({ vmid: `type check ('integer') failed - got '${text}'` });
  const vmid = Number(text);
  if (vmid < 100) throw badParameters({ vmid: 'value must have a minimum value of 100' });
  return vmid;
}

export const vmPath = (vmid: number): string => `/vms/${vmid}`;

/** Changes with every change, as PVE's digest of the configuration file does. */
export function digest(value: unknown): string {
  return createHash('sha1').update(JSON.stringify(value)).digest('hex');
}

/** What PVE shows for a password. */
export const HIDDEN = '**********';

/** @param current what the running VM has, without what waits for its next start */
export function configWithDigest(record: VmRecord, current = false): VmConfig {
  const shown = current ? record.config : withPending(record);
  return {
    ...shown,
    ...(shown['cipassword'] === undefined ? {} : { cipassword: HIDDEN }),
    ...(record.lock === undefined ? {} : { lock: record.lock }),
    digest: digest([record.config, record.pending]),
  };
}

/** In Proxmox's own range. */
export function randomMac(): string {
  const bytes = [0xbc, 0x24, 0x11, randomInt(256), randomInt(256), randomInt(256)];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':');
}
