import { describe, expect, it } from 'vitest';
import { nearest } from '../../../plugins/kit/src/nearest.js';
import { oneLine } from '../../../plugins/kit/src/one-line.js';
import { jsonLine, printable } from '../../../plugins/kit/src/printable.js';
import { Redactor } from '../../../plugins/kit/src/redact.js';
import { Names } from '../../../src/lib/redaction/names.js';
import { withoutCredentials, withoutNames } from '../../../src/lib/redaction/patterns.js';

/**
 * What meets text from outside, and texts that are long runs of what it looks for. Measured against itself: eight times the
 * text may take some times eight times as long, and a square would take sixty-four. No clock is asked how fast this machine is.
 */
const redactor = new Redactor();
for (const value of ['Tr0ub4dor&3-horse', 'aaaaaaaaaaaaaaaaaaab', '8080', 'false', 'x y z x y z x y z'])
  redactor.add(value);

const names = (): Names => new Names(['deploy']);
const TAKERS: Readonly<Record<string, (text: string) => unknown>> = {
  redactor: (text) => redactor.clean(text),
  printable: (text) => printable(text),
  jsonLine: (text) => jsonLine(text),
  oneLine: (text) => oneLine(text),
  nearest: (text) => nearest(text, ['config:show', 'app:deploy']),
  credentials: (text) => withoutCredentials(text, names()),
  names: (text) => withoutNames(text, names(), new Set()),
};

const UNITS = [
  ...[
    'a',
    '-',
    '.',
    '@',
    ':',
    '/',
    '://',
    '://a:',
    'http://a',
    'a@',
    'a.',
    'a@b.',
    'a@b!',
    '=',
    ' ',
    '\n',
    '\r',
    '\t',
    '"',
  ],
  ...[
    'password',
    'password=',
    'token ',
    'secret.',
    'eyJ',
    'eyJa.',
    '-eyJaaaaaa',
    '-----BEGIN a',
    'Bearer ',
    'ecdsa-sha2-',
  ],
  ...[
    '00:',
    '::',
    '1.',
    '1.1.1.',
    '\u001b',
    '\u001b]',
    '\u001b[',
    '\u009d',
    '\u001bP',
    '\u202e',
    '%41',
    '\\',
    '\\u0041',
  ],
  ...['&amp;', "'", '$$', 'Tr0ub4', 'aaaaaaab', '8080', 'x y z ', 'QUJD', 'deadbeef', '=\n', '/home/', 'a@b,'],
];

describe.each(Object.entries(TAKERS))('the time %s takes', (_, take) => {
  it('is one for each byte, whatever the text is made of', { timeout: 300_000 }, () => {
    const time = (text: string): number => {
      let best = Infinity;
      for (let round = 0; round < 3; round++) {
        const started = process.cpuUsage();
        take(text);
        const { user, system } = process.cpuUsage(started);
        best = Math.min(best, user + system);
      }
      return best;
    };
    const run = (unit: string, size: number): string => unit.repeat(Math.ceil(size / unit.length));
    const slow = UNITS.filter((unit) => {
      take(run(unit, 500));
      // What is too quick to be measured cannot be a square of it.
      const [short, long] = [Math.max(2000, time(run(unit, 2500))), time(run(unit, 20_000))];
      return long / short > 32;
    });
    expect(slow).toEqual([]);
  });
});
