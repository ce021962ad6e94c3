import { describe, expect, it } from 'vitest';
import { leaks } from '../../support/canary.js';

const VALUE = 'canary/x+y$ z';
const bytes = Buffer.from(VALUE);

describe('the search for leaks', () => {
  it.each<[string, string]>([
    ['raw', VALUE],
    ['hex', bytes.toString('hex')],
    ['upper-case hex', bytes.toString('hex').toUpperCase()],
    ['URL-encoded', encodeURIComponent(VALUE)],
    ['URL-encoded in lower case', 'canary%2fx%2by%24%20z'],
    ['base64', bytes.toString('base64')],
    ['base64 behind a user name', Buffer.from(`user:${VALUE}`).toString('base64')],
    ['base64 behind a byte more', Buffer.from(`user1:${VALUE} and more`).toString('base64')],
    ['base64 for URLs', Buffer.from(`u:${VALUE}`).toString('base64url')],
    ['JSON', JSON.stringify({ a: [VALUE] })],
  ])('finds %s', (_, text) => {
    expect(leaks(`before ${text} after`, { A: VALUE, OTHER: 'nowhere to be seen' })).toEqual(['A']);
  });

  it('finds a single line of a value with several, and of nothing nothing', () => {
    expect(leaks('x second-line y', { A: 'first-line\nsecond-line\n' })).toEqual(['A']);
    expect(leaks(`canary/x+y and [redacted]`, { A: VALUE })).toEqual([]);
  });
});
