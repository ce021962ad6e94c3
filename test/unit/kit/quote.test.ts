import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commandLine, quote, sh } from '../../../plugins/kit/src/quote.js';

const HOSTILE = [
  '',
  ' ',
  "a'b",
  '$(id)',
  '`id`',
  'a\nb',
  '-n',
  '*',
  '~',
  'a;b',
  '"',
  '\\',
  '!x',
  "'",
  'é',
  '{a,b}',
  '#c',
  'a=b c',
];

describe('quote', () => {
  it('gives a real shell back exactly the word, whatever is in it', () => {
    const line = `printf '%s\\0' ${commandLine(HOSTILE)}`;
    const words = execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' }).split('\0').slice(0, -1);
    expect(words).toEqual(HOSTILE);
  });

  it('leaves plain words readable', () => expect(commandLine(['git', 'show', 'v1.2:a/b'])).toBe('git show v1.2:a/b'));

  it('refuses NUL, which no process can be given', () => expect(() => quote('a\0b')).toThrow(TypeError));
});

describe('sh', () => {
  it('quotes values and spreads arrays, and leaves its own text alone', () => {
    expect(sh`cd ${'/a b'} && rm -- ${['x', "y'z"]} > ${3}`).toBe(`cd '/a b' && rm -- x 'y'\\''z' > 3`);
  });
});
