import { createHash } from 'node:crypto';
import type { Call } from '../router.js';
import { badParameters } from '../fault.js';
import { withPending } from '../pending.js';
import type { VmConfig, VmRecord } from '../state.js';

/** The path's vmid as a number. @throws PveFault 400 */
export function vmidOf(call: Call): number {
  const text = call.path['vmid'] ?? '';
  if (!/^\d+$/.test(text)) throw badParameters({ vmid: `type check ('integer') failed - got '${text}'` });
  if (!isVmid(text)) throw badParameters({ vmid: NO_VMID });
  return Number(text);
}

export const isVmid = (text: string): boolean => /^[1-9]\d{2,8}$/.test(text);

export const NO_VMID = 'invalid format - value does not look like a valid VM ID\n';

export const vmPath = (vmid: number): string => `/vms/${vmid}`;

/** Changes with every change, as PVE's digest of the configuration file does. */
export function digest(value: unknown): string {
  return createHash('sha1').update(JSON.stringify(value)).digest('hex');
}

/** What PVE shows for a password. */
const HIDDEN = '**********';

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
