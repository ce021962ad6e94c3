/** A failure is published once; what is published of each command leads to it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failure } from '../../../plugins/kit/src/envelope.js';
import { ZebuError } from '../../../plugins/kit/src/errors.js';
import { FAILURE_FILE, failureProblems } from '../../../scripts/result-schemas.js';
import { ROOT } from '../../support/cli.js';
import { publishedProblem } from '../../support/published.js';

interface Published {
  version: number;
  properties: { error: { properties: Record<string, unknown>; required: string[] } };
}

const text = readFileSync(join(ROOT, FAILURE_FILE), 'utf8');
const changed = (change: (published: Published) => void): string => {
  const published = JSON.parse(text) as Published;
  change(published);
  return JSON.stringify(published);
};

describe('what is published of a failure', () => {
  const printed = failure('app:stop', new ZebuError('LOCK_HELD', 'Somebody deploys', { hint: 'Wait.' }), []);

  it('is what a command prints, found from the file of the command', () => {
    expect(publishedProblem(JSON.stringify(printed))).toBeUndefined();
  });

  it.each([
    ['a code that is not in the table', { ...printed.error, code: 'NO_SUCH' }, '/error/code'],
    ['a status that none of them has', { ...printed.error, exit: 77 }, '/error/exit'],
    ['a field that nobody documented', { ...printed.error, stack: 'at …' }, 'stack'],
    ['no message', { code: 'LOCK_HELD', exit: 6 }, 'message'],
  ])('does not allow %s', (_, error, where) => {
    expect(publishedProblem(JSON.stringify({ ...printed, error }))).toContain(where);
  });

  it('keeps its readers, or gets a new version', () => {
    expect(failureProblems(text)).toEqual([]);
    const had = (published: Published): void => {
      published.properties.error.properties['remedy'] = { type: 'string' };
    };
    expect(failureProblems(changed(had))).toEqual([
      'failure.error.remedy was removed: raise ENVELOPE_SCHEMA of the kit.',
    ]);
    const older = changed((published) => {
      had(published);
      published.version = 0;
    });
    expect(failureProblems(older)).toEqual([]);
    expect(failureProblems(undefined)).toEqual([]);
  });
});
