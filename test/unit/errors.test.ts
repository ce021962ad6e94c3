import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, isZebuError, ZebuError } from '../../plugins/kit/src/errors.js';
import { failure, toZebuError } from '../../plugins/kit/src/envelope.js';

const page = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8');

describe('the table of errors', () => {
  it('has a section in docs/troubleshooting.md for every code, and none for others', () => {
    const documented = [...page.matchAll(/^### ([A-Z_]+)$/gm)].map((match) => match[1]);
    expect(documented.toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted());
  });

  it('documents every exit status it uses', () => {
    const documented = new Set([...page.matchAll(/^\| (\d+) +\|/gm)].map((match) => Number(match[1])));
    expect([...new Set(Object.values(ERROR_CODES))].filter((status) => !documented.has(status))).toEqual([]);
  });
});

describe('toZebuError', () => {
  it('keeps errors of another copy of the package', () => {
    const foreign = Object.assign(new Error('x'), { name: 'ZebuError', code: 'VM_MISSING', oclif: { exit: 6 } });
    expect(toZebuError(foreign)).toBe(foreign);
    expect(isZebuError(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe(false);
  });

  it('makes one line of an oclif parse error, with exit status 2', () => {
    const thrown = Object.assign(new Error('Nonexistent flag: --x\nSee more help with --help'), {
      parse: {},
      oclif: { exit: 2 },
    });
    const error = toZebuError(thrown);
    expect([error.code, error.exit, error.message]).toEqual(['USAGE', 2, 'Nonexistent flag: --x']);
  });

  it('calls what was not foreseen a defect, without its stack', () => {
    const error = toZebuError(new TypeError('x is not a function\n    at somewhere'));
    expect([error.code, error.exit, error.message]).toEqual(['BUG', 1, 'Unexpected failure: x is not a function']);
    expect(JSON.stringify(failure('vm:create', error, []))).not.toContain('somewhere');
  });
});

describe('the failure envelope', () => {
  it('has the documented shape', () => {
    const error = new ZebuError('REF_UNKNOWN', 'no tag v9', { hint: 'git fetch --tags', details: { tag: 'v9' } });
    expect(failure('app:deploy', error, ['w'])).toEqual({
      ok: false,
      command: 'app:deploy',
      schema: 1,
      error: { code: 'REF_UNKNOWN', exit: 6, message: 'no tag v9', hint: 'git fetch --tags', details: { tag: 'v9' } },
      warnings: ['w'],
    });
  });
});
