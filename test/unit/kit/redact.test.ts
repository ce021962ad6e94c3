import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { MASK, Redactor, Sensitive } from '../../../plugins/kit/src/redact.js';

const SECRET = 's3cr?t/+"value"';

describe('Redactor', () => {
  const redactor = new Redactor();
  redactor.add(SECRET);

  it.each([
    ['raw', SECRET],
    ['JSON', JSON.stringify(SECRET)],
    ['URL-encoded', encodeURIComponent(SECRET)],
    ['base64', Buffer.from(SECRET).toString('base64')],
    ['base64url', Buffer.from(SECRET).toString('base64url')],
    ['hex', Buffer.from(SECRET).toString('hex')],
  ])('masks the %s form', (_, form) => {
    const cleaned = redactor.clean(`before ${form} after`);
    expect(cleaned).toContain(MASK);
    expect(cleaned).not.toContain(form.replaceAll('"', ''));
  });

  it('masks each line of a multi-line value', () => {
    const many = new Redactor();
    many.add('first line\nsecond line');
    expect(many.clean('x second line y')).toBe(`x ${MASK} y`);
  });

  it('leaves text without secrets alone, and does not mask very short values', () => {
    const short = new Redactor();
    short.add('ab');
    expect(short.clean('abacus')).toBe('abacus');
  });
});

describe('Sensitive', () => {
  it('shows a mask however it is printed', () => {
    const value = new Sensitive(SECRET);
    expect([String(value), JSON.stringify({ value }), inspect(value), `${String(value)}`]).toEqual([
      MASK,
      `{"value":"${MASK}"}`,
      MASK,
      MASK,
    ]);
    expect(value.reveal()).toBe(SECRET);
  });
});

describe('what a value may be wrapped in', () => {
  const value = 'Tr0ub4dor&3-horse';
  const redactor = new Redactor();
  redactor.add(value);

  it.each(['', 'u', 'us', 'use', 'user:'])('masks it in base64 behind %j', (before) => {
    const header = Buffer.from(`${before}${value}!`).toString('base64');
    const cleaned = redactor.clean(header);
    expect(cleaned).toContain(MASK);
    // What the neighbours share a character with is all that is left.
    expect(cleaned.replace(MASK, '').length).toBeLessThan(header.length - 20);
  });

  it.each([
    encodeURIComponent(value).toLowerCase().replace('tr0ub4dor', 'Tr0ub4dor'),
    Buffer.from(value).toString('hex'),
  ])('masks %s', (form) => expect(redactor.clean(form)).toBe(MASK));

  it('takes values of 60 KiB', () => {
    const large = 'A long line, over and over. '.repeat(2200).trim();
    redactor.add(large);
    expect(redactor.clean(`<${large}|${Buffer.from(large).toString('hex')}>`)).toBe(`<${MASK}|${MASK}>`);
  });
});
