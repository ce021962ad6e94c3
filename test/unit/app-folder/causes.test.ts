/** A run that ended says why as a code. What ran before there were codes said it in words, which are kept here as they were. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CAUSES, toCause, type Cause } from '../../../src/lib/app-folder/causes.js';
import { parseHistory } from '../../../src/lib/app-folder/history.js';
import { parseJournalLine } from '../../../src/lib/runs/journal-events.js';
import { endError } from '../../../src/lib/runs/outcome.js';
import { ROOT } from '../../support/cli.js';

interface Recorded {
  /** The last line of a journal. */
  readonly end: { readonly end: string; readonly step?: string; readonly reason: string };
  readonly means: Cause | null;
}

const recorded = readFileSync(join(ROOT, 'test/fixtures/journals/ends-without-a-cause.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded);

const read = (end: Record<string, unknown>): NonNullable<ReturnType<typeof parseJournalLine>> & { kind: 'end' } => {
  const event = parseJournalLine(JSON.stringify(end));
  if (event?.kind !== 'end') throw new Error('not the end of a journal');
  return event;
};

/** How a refusal was judged while that went by words. */
function judgedByWords({ step, reason }: Recorded['end']): string {
  if (/no space left/i.test(reason)) return 'NO_SPACE';
  return step === 'check' && !reason.includes('deploy.min_memory_mb') ? 'COMPOSE_INVALID' : 'DEPLOY_REFUSED';
}

/** Younger than causes are: no runner has told of them in words alone. */
const YOUNGER: readonly Cause[] = [
  ...(['data-busy', 'dump-damaged', 'dump-failed', 'dump-missing', 'dump-unfit', 'restore-failed'] as const),
  ...(['offsite-away', 'offsite-denied', 'offsite-failed', 'offsite-missing'] as const),
  ...(['probation', 'registry-away', 'registry-denied', 'registry-untrusted', 'rehearsed'] as const),
];

describe('the end of a journal without a cause', () => {
  it.each(recorded)('$end.end at $end.step: $end.reason', ({ end, means }) => {
    expect(read({ ...end }).cause ?? null).toBe(means);
  });

  it('is recorded for every cause that there was', () => {
    const seen = new Set(recorded.flatMap(({ means }) => means ?? []));
    expect([...seen, ...YOUNGER].toSorted()).toEqual(Object.keys(CAUSES).toSorted());
  });

  it('is refused with the same error as it was, unless the run was interrupted', () => {
    for (const { end, means } of recorded.filter((each) => each.end.end === 'refused')) {
      const was = means === 'interrupted' ? 'DEPLOY_REFUSED' : judgedByWords(end);
      expect(endError(read({ ...end }), 'r1')?.code, end.reason).toBe(was);
    }
  });
});

describe('the end of a journal with a cause', () => {
  it.each(Object.keys(CAUSES) as Cause[])('%s is what counts, and no word beside it', (cause) => {
    for (const end of ['refused', 'restored', 'unhealthy', 'live']) {
      const ends = ['no space left in the VM', 'the run in the VM was interrupted during check', 'Wörter'].map(
        (reason) => read({ t: 1, end, cause, reason, step: 'check', seconds: 1, gaps: {} }),
      );
      expect(ends.map((each) => each.cause)).toEqual([cause, cause, cause]);
      const errors = ends.map((each) => endError(each, 'r1'));
      expect(new Set(errors.map((error) => error?.code)).size).toBe(1);
      expect(new Set(errors.map((error) => error?.hint)).size).toBe(1);
      for (const error of errors) if (error !== undefined) expect(error.details).toMatchObject({ cause });
    }
  });

  it('may be empty, or one that only a newer zebu knows: it is refused, restored or unhealthy all the same', () => {
    for (const cause of ['', 'flooded']) {
      const end = read({ end: 'refused', cause, reason: 'no space left in the VM', step: 'check' });
      expect(end.cause).toBeUndefined();
      expect(endError(end, 'r1')).toMatchObject({ code: 'DEPLOY_REFUSED' });
    }
    expect(toCause('toString')).toBeUndefined();
  });
});

describe('the history', () => {
  const record = { id: 'r1', ref: 'v1', kind: 'tag', commit: 'c', who: 'ann', from: 'laptop', started: 1, seconds: 2 };

  it('has the cause as it was written, also of a newer zebu', () => {
    const lines = ['interrupted', 'flooded'].map((cause) => ({ ...record, verdict: 'restored', cause, reason: 'x' }));
    const read = parseHistory(lines.map((line) => JSON.stringify(line)).join('\n'));
    expect(read.map(({ cause }) => cause)).toEqual(['interrupted', 'flooded']);
  });

  it('has it of lines that were written without one', () => {
    const lines = recorded.map(({ end }) => ({
      ...record,
      verdict: end.end,
      step: end.step ?? '',
      reason: end.reason,
    }));
    const read = parseHistory(lines.map((line) => JSON.stringify(line)).join('\n'));
    expect(read.map(({ cause }) => cause)).toEqual(recorded.map(({ means }) => means ?? ''));
  });
});

it('says in the documentation what each cause is', () => {
  const text = readFileSync(join(ROOT, 'docs/deploy.md'), 'utf8');
  const section = text.slice(text.indexOf('### Why, as a code'), text.indexOf('### What is meant to end'));
  const rows = [...section.matchAll(/^\| `([a-z0-9-]+)` +\| (.*?) *\|$/gm)].map(([, cause, says]) => [cause, says]);
  expect(Object.fromEntries(rows)).toEqual(CAUSES);
});
