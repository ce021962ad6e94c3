/** How a change of secrets ended is told by the cause of the run, whatever its words are. */
import { isZebuError, type ZebuError } from '@zebu/kit';
import { describe, expect, it } from 'vitest';
import { parseJournalLine } from '../../../src/lib/runs/journal-events.js';
import { endError } from '../../../src/lib/runs/outcome.js';
import { inWordsOfSecrets } from '../../../src/lib/secrets/apply.js';

function told(end: Record<string, unknown>): ZebuError {
  const event = parseJournalLine(JSON.stringify({ t: 1, end: 'restored', step: 'start-up', seconds: 3, ...end }));
  const error = inWordsOfSecrets(endError(event?.kind === 'end' ? event : undefined, 'r1'), ['API_TOKEN']);
  if (!isZebuError(error)) throw new Error('no error');
  return error;
}

describe('a change of secrets that was taken back', () => {
  it.each(['the run in the VM was interrupted during start-up', 'anything'])(
    'because it was interrupted is to be tried again: %s',
    (reason) => {
      const { code, message, hint } = told({ cause: 'interrupted', reason });
      expect([code, message]).toEqual(['DEPLOY_RESTORED', `The new API_TOKEN did not come into force: ${reason}`]);
      expect(hint).toContain('Run the command again');
    },
  );

  it.each(['web is unhealthy. The previous release was bad', 'the run in the VM was interrupted during verify'])(
    'because the app does not work with it says so: %s',
    (reason) => {
      const { message, hint } = told({ cause: 'unhealthy', reason });
      expect(message).toBe(`The app does not work with the new API_TOKEN: ${reason}`);
      expect(hint).not.toContain('Run the command again');
    },
  );

  it('is understood of a runner that wrote no cause', () => {
    expect(told({ reason: 'the run in the VM was interrupted during rotate (killed)' }).hint).toContain('again');
    expect(told({ reason: 'api is unhealthy' }).message).toBe(
      'The app does not work with the new API_TOKEN: api is unhealthy',
    );
  });
});
