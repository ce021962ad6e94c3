import { describe, expect, it } from 'vitest';
import { DotenvSyntaxError, interpolateDotenv, parseDotenv } from '../../../plugins/kit/src/dotenv/parse.js';
import { dotenvLine, editDotenv } from '../../../plugins/kit/src/dotenv/write.js';
import { generator, pieces } from '../../support/dotenv-files.js';

const parse = (text: string): Record<string, string> => Object.fromEntries(parseDotenv(text));

describe('parseDotenv', () => {
  it.each<[string, string, Record<string, string>]>([
    ['plain values', 'A=1\nB = two \n', { A: '1', B: 'two' }],
    ['export and comments', '# x\nexport A=1 # note\nB=a#b\nC=\n', { A: '1', B: 'a#b', C: '' }],
    ['single quotes as they are', `A='a\\n$b "c" # d'`, { A: 'a\\n$b "c" # d' }],
    [
      'an escaped quote in single quotes, and no other escape',
      String.raw`A='it\'s' # x
B='a\\b\y'`,
      { A: "it's", B: String.raw`a\\b\y` },
    ],
    ['escapes in double quotes', String.raw`A="a\nb\t\"c\" \$d \\ \x"`, { A: 'a\nb\t"c" $d \\ \\x' }],
    ['values over several lines', 'A="one\ntwo"\nB=\'x\n\ny\'\nC=3', { A: 'one\ntwo', B: 'x\n\ny', C: '3' }],
    ['CRLF inside quotes as part of the value', 'A="one\r\ntwo"\r\nB=\'x\r\ny\'\r\n', { A: 'one\r\ntwo', B: 'x\r\ny' }],
    ['no-break spaces as blanks', '\u00a0A\u00a0=\u00a0"1"\u00a0# x\nB= 2\u00a0\n\u00a0\n', { A: '1', B: '2' }],
    ['a carriage return within a line', 'A=x #\ry\r\nB=\r1\r\n\r \n', { A: 'x', B: '1' }],
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

describe('interpolateDotenv', () => {
  it('replaces names outside single quotes, from earlier lines and the environment', () => {
    const text = ['A=one', 'B="$A ${HOME} \\$A $$A ${NONE:-x}"', "C='$A'", 'D=${NONE}-$A'].join('\n');
    const values = interpolateDotenv(text, (name) => (name === 'HOME' ? '/root' : undefined));
    expect(Object.fromEntries(values)).toEqual({ A: 'one', B: 'one /root $A $A x', C: '$A', D: '-one' });
  });
});

describe('editDotenv', () => {
  it('keeps comments, order, export and line ends', () => {
    const before = '# top\r\nexport A=1 # the a\r\n\r\nB="two\r\nlines"\r\nC=3\r\n';
    const after = editDotenv(
      before,
      new Map([
        ['A', "it's"],
        ['C', undefined],
        ['D', 'new $value'],
      ]),
    );
    expect(after).toBe('# top\r\nexport A="it\'s" # the a\r\n\r\nB="two\r\nlines"\r\nD=\'new $value\'\r\n');
  });

  it('leaves a file alone that has the values already, however they are written', () => {
    const text = 'A = "1"\nB=\'x y\'';
    expect(
      editDotenv(
        text,
        new Map([
          ['A', '1'],
          ['B', 'x y'],
        ]),
      ),
    ).toBe(text);
  });
});

describe('5000 generated files', { timeout: 60_000 }, () => {
  it('read back what was written, one by one and edited into a file', () => {
    const random = generator(7);
    for (let file = 0; file < 5000; file++) {
      const { text, values } = pieces(random);
      expect(Object.fromEntries(parseDotenv(text)), text).toEqual(values);
      const lines = Object.entries(values).map(([name, value]) => dotenvLine(name, value));
      expect(lines.every((line) => !line.includes('\n'))).toBe(true);
      expect(Object.fromEntries(parseDotenv(lines.join('\n')))).toEqual(values);
      const other = pieces(random).values;
      const edited = editDotenv(text, new Map(Object.entries(other)));
      expect(Object.fromEntries(parseDotenv(edited)), edited).toEqual({ ...values, ...other });
    }
  });

  it('hold values of 60 KiB', () => {
    const value = `${'\'"$#\\ \n'.repeat(8777)}ab`;
    expect(parseDotenv(dotenvLine('A', value)).get('A')).toBe(value);
    expect(parseDotenv(editDotenv('# x\n', new Map([['A', value]]))).get('A')).toBe(value);
  });
});
