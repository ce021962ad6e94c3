import { describe, expect, it } from 'vitest';
import { DotenvSyntaxError, parseDotenv } from '../../../plugins/secrets-dotenv/src/parse.js';

const parse = (text: string): Record<string, string> => Object.fromEntries(parseDotenv(text));

describe('parseDotenv', () => {
  it.each<[string, string, Record<string, string>]>([
    ['plain values', 'A=1\nB = two \n', { A: '1', B: 'two' }],
    ['export and comments', '# x\nexport A=1 # note\nB=a#b\nC=# none\n', { A: '1', B: 'a#b', C: '' }],
    ['single quotes as they are', `A='a\\n$b "c" # d'`, { A: 'a\\n$b "c" # d' }],
    ['escapes in double quotes', String.raw`A="a\nb\t\"c\" \$d \\ \x"`, { A: 'a\nb\t"c" $d \\ \\x' }],
    ['values over several lines', 'A="one\ntwo"\nB=\'x\n\ny\'\nC=3', { A: 'one\ntwo', B: 'x\n\ny', C: '3' }],
    ['CRLF and a byte order mark', '\uFEFFA=1\r\nB="2"\r\n', { A: '1', B: '2' }],
    ['no interpolation', 'A=$HOME${X}', { A: '$HOME${X}' }],
    ['the last of a name given twice', 'A=1\nA=2', { A: '2' }],
    ['an equals sign in the value', 'A=a=b==', { A: 'a=b==' }],
    ['empty text', '', {}],
  ])('reads %s', (_, text, expected) => expect(parse(text)).toEqual(expected));

  it.each([
    ['A=1\nnot an assignment\n', 2, 'expected NAME=value'],
    ['A="1\n\nB=2', 1, 'the value of A has no closing "'],
    ['A="x\ny" z\n', 1, 'unexpected text after the value of A'],
    ['A="x\ny"\n1B=2', 3, 'expected NAME=value'],
    ['A=a\0b', 1, 'the value of A contains NUL'],
  ])('refuses %j, naming line %i and no value', (text, line, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ line, message }));
    expect(() => parse(text)).toThrow(DotenvSyntaxError);
  });
});
