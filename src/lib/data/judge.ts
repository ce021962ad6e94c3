import { ZebuError } from '@zebu/kit';
import type { Cause } from '../app-folder/causes.js';
import type { JournalEnd } from '../copies/journal.js';
import { saysDiskFull } from '../guest/disk-full.js';

/** What says something of the dump, whatever the copy is like. */
const OF_THE_DUMP: ReadonlySet<Cause> = new Set(['dump-damaged']);
/** What says something of the copy, or of the host below it. */
const OF_THE_COPY: ReadonlySet<Cause> = new Set([
  'data-busy',
  'docker-silent',
  'interrupted',
  'no-space',
  'not-stored',
]);

/**
 * Why a dump is not proven by a restore that ended so; empty where it is.
 * @param before what was wrong with the live release in the copy before; empty for nothing
 * @throws VM_NOT_READY, NO_SPACE for what says nothing of the dump
 */
export function judgeEnd(
  { verdict, cause, reason }: Pick<JournalEnd, 'cause' | 'reason' | 'verdict'>,
  { dump, before }: { readonly dump: string; readonly before: string },
): string {
  if (verdict === 'live') return '';
  const details = { cause: cause ?? null, reason };
  if (cause === 'no-space' || saysDiskFull(reason))
    throw new ZebuError('NO_SPACE', `The dump ${dump} could not be tried: ${reason}`, {
      hint: 'The copy has as much room as the VM: see vm.disk_gb, and zebu data:list.',
      details,
    });
  if (cause !== undefined && OF_THE_COPY.has(cause))
    throw new ZebuError('VM_NOT_READY', `The dump ${dump} could not be tried: ${reason}`, {
      hint: 'Try again.',
      details,
    });
  if (cause !== undefined && OF_THE_DUMP.has(cause)) return reason;
  if (cause === 'dump-missing')
    throw new ZebuError('DUMP_MISSING', `The dump ${dump} could not be tried: ${reason}`, {
      hint: 'What there is: zebu data:list',
      details,
    });
  // With the data of now it does not come up there either.
  if (before !== '')
    throw new ZebuError('VM_NOT_READY', `The live release does not come up in a copy without a network: ${before}`, {
      hint: 'What needs others to start cannot be proven so.',
      details,
    });
  return reason;
}
