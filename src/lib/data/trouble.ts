import { ZebuError, type ErrorCode } from '@zebu/kit';
import { toCause, type Cause } from '../app-folder/causes.js';

const CODES: Readonly<Partial<Record<Cause, ErrorCode>>> = {
  'data-busy': 'LOCK_HELD',
  'docker-silent': 'DOCKER_MISSING',
  'dump-missing': 'DUMP_MISSING',
  'no-space': 'NO_SPACE',
  'offsite-away': 'OFFSITE_REFUSED',
  'offsite-denied': 'OFFSITE_REFUSED',
  'offsite-failed': 'OFFSITE_REFUSED',
  'offsite-missing': 'OFFSITE_REFUSED',
};

const REMEDIES: Readonly<Partial<Record<Cause, string>>> = {
  'no-space':
    'zebu data:list shows what each dump takes; data.keep says how many stay, vm.disk_gb how large the disk is.',
  'offsite-denied':
    'What the repository was made with counts. Give the VM that value: zebu secrets:rotate NAME --stdin; NAME is what data.offsite.password says.',
  'offsite-away': 'Look whether the VM reaches it: zebu vm:ssh',
  'offsite-missing':
    'Look at the secret that data.offsite.repository names, and whether what it lies on is mounted in the VM. To begin anew in that place: docs/data.md.',
};

/** What a dump, or a copy of one, came to, as the error it is. @param before what it is about: `No dump was made` */
export function dataTrouble(before: string, text: string | undefined, reason: string): ZebuError {
  const cause = toCause(text);
  const code = (cause === undefined ? undefined : CODES[cause]) ?? 'DUMP_REFUSED';
  return new ZebuError(code, `${before}: ${reason}`, {
    hint: (cause === undefined ? undefined : REMEDIES[cause]) ?? 'What is dumped, and how: zebu data:list',
    details: { cause: cause ?? null },
  });
}
