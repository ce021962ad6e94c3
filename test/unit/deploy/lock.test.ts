import { describe, expect, it } from 'vitest';
import { lockHeld, parseHolder } from '../../../src/lib/deploy/lock.js';
import { parseOpen } from '../../../src/lib/deploy/status.js';

describe('whoever holds the lock', () => {
  const note = { who: 'ann', from: 'laptop', since: '2026-11-24T05:00:00.000Z', ref: 'v2', id: 'r2', run: 'r2' };

  it('is named: who, from where, since when', () => {
    expect(lockHeld(JSON.stringify(note))).toMatchObject({
      code: 'LOCK_HELD',
      exit: 6,
      message: 'Another deploy is running: ann from laptop, since 2026-11-24T05:00:00.000Z (v2)',
      details: note,
    });
  });

  it('is somebody when the note is cut off', () => {
    expect(parseHolder('{"who":"an')).toBeUndefined();
    expect(lockHeld(undefined).message).toBe('Another deploy is running: somebody');
  });
});

describe('a run that was left open', () => {
  it('says how far it was and what it goes back to', () => {
    expect(parseOpen('tx_phase=switch tx_mode=deploy tx_id=r2 tx_run=r2 tx_previous=r1 tx_started=5')).toEqual({
      release: 'r2',
      run: 'r2',
      phase: 'switch',
      previous: 'r1',
    });
    expect(parseOpen('tx_phase=prepare tx_mode=deploy tx_id=r1 tx_run=r1 tx_previous= tx_started=5')).toMatchObject({
      previous: null,
    });
    expect(parseOpen(undefined)).toBeNull();
  });
});
