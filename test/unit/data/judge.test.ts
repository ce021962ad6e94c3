import { describe, expect, it } from 'vitest';
import { judgeEnd } from '../../../src/lib/data/judge.js';

type End = Parameters<typeof judgeEnd>[0];
const end = (cause: End['cause'], reason: string, verdict: End['verdict'] = 'restored'): End => ({
  cause,
  reason,
  verdict,
});
const asked = { dump: 'd1', before: '' };
const sick = { dump: 'd1', before: 'web is unhealthy' };

describe('a dump that was restored in a copy', () => {
  it('is proven where it went live', () => {
    expect(judgeEnd(end(undefined, '', 'live'), asked)).toBe('');
    expect(judgeEnd(end(undefined, '', 'live'), sick)).toBe('');
  });

  it('is not proven where it is damaged, whatever was before', () => {
    for (const each of [asked, sick]) expect(judgeEnd(end('dump-damaged', 'because', 'refused'), each)).toBe('because');
  });

  it.each([
    ['dump-unfit', 'refused'],
    ['restore-failed', 'restored'],
  ] as const)('is not proven where it ends with %s, unless nothing comes up there anyhow', (cause, verdict) => {
    expect(judgeEnd(end(cause, 'because', verdict), asked)).toBe('because');
    expect(() => judgeEnd(end(cause, 'because', verdict), sick)).toThrow(
      expect.objectContaining({ code: 'VM_NOT_READY' }) as Error,
    );
  });

  it('says nothing of one that is gone by then', () => {
    expect(() => judgeEnd(end('dump-missing', 'there is no dump d1 in the VM', 'refused'), asked)).toThrow(
      expect.objectContaining({ code: 'DUMP_MISSING' }) as Error,
    );
  });

  it('is not proven where the app does not come up with it, and did with its own data', () => {
    expect(judgeEnd(end('unhealthy', 'web is unhealthy'), asked)).toBe('web is unhealthy');
    expect(() => judgeEnd(end('unhealthy', 'web is unhealthy'), sick)).toThrow(
      expect.objectContaining({
        code: 'VM_NOT_READY',
        message: 'The live release does not come up in a copy without a network: web is unhealthy',
      }) as Error,
    );
  });

  it.each([
    ['no-space', 'no space left in the VM', 'NO_SPACE'],
    ['restore-failed', 'db: ERROR: could not extend file: No space left on device', 'NO_SPACE'],
    ['docker-silent', 'Docker does not answer', 'VM_NOT_READY'],
    ['data-busy', 'a dump is under way', 'VM_NOT_READY'],
    ['interrupted', 'the runner was killed', 'VM_NOT_READY'],
  ] as const)('says nothing of it where %s: %s', (cause, reason, code) => {
    expect(() => judgeEnd(end(cause, reason, 'refused'), asked)).toThrow(
      expect.objectContaining({ code, message: `The dump d1 could not be tried: ${reason}` }) as Error,
    );
  });
});
