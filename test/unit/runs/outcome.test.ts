import { describe, expect, it } from 'vitest';
import { endError } from '../../../src/lib/runs/outcome.js';
import { parseJournalLine } from '../../../src/lib/runs/journal-events.js';
import type { EndEvent } from '../../../src/lib/runs/journal-stream.js';

const end = (verdict: string, step: string, reason: string): EndEvent =>
  parseJournalLine(JSON.stringify({ t: 1, end: verdict, step, seconds: 3, reason })) as EndEvent;

describe('how a deploy ended', () => {
  it.each([
    ['refused', 'check', 'services.web: unknown key', 'COMPOSE_INVALID', 6],
    ['refused', 'check', 'no space left: 12 MiB are free in /opt/zebu/app, deploy.min_free_mb is 500', 'NO_SPACE', 6],
    ['refused', 'check', '10 MiB of memory are available, deploy.min_memory_mb is 64', 'DEPLOY_REFUSED', 6],
    ['refused', 'build', 'the build failed: exit code 1', 'DEPLOY_REFUSED', 6],
    ['refused', 'build', 'the build failed: write /x: no space left on device', 'NO_SPACE', 6],
    ['restored', 'verify', 'web is unhealthy', 'DEPLOY_RESTORED', 7],
    ['unhealthy', 'verify', 'web exited with code 1', 'DEPLOY_UNHEALTHY', 8],
  ] as const)('%s at %s: %s', (verdict, step, reason, code, exit) => {
    const error = endError(end(verdict, step, reason), 'r1', ['last lines of web:', '  boom']);
    expect(error).toMatchObject({ code, exit, details: { release: 'r1', evidence: ['last lines of web:', '  boom'] } });
    expect(error?.message).toContain(reason);
  });

  it('is no error for a release that went live, and unknown without a verdict', () => {
    expect(endError(end('live', 'prune', ''), 'r1')).toBeUndefined();
    expect(endError(undefined, 'r1')).toMatchObject({ code: 'OUTCOME_UNKNOWN', exit: 9 });
  });
});
