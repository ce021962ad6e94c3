import { dotenvReferences, interpolateDotenv } from '@zebu/kit';
import { describe, expect, it } from 'vitest';

const read = (text: string, outside: Record<string, string> = {}): Record<string, string> =>
  Object.fromEntries(interpolateDotenv(text, (name) => outside[name]));

describe('variables in .env', () => {
  it.each([
    ['A=$B', { B: 'b' }, 'b'],
    ['A=${B}c', { B: 'b' }, 'bc'],
    ['A="$B"', { B: 'b' }, 'b'],
    ["A='$B'", { B: 'b' }, '$B'],
    ['A=$$B', { B: 'b' }, '$B'],
    ['A="\\$B"', { B: 'b' }, '$B'],
    ['A=$B', {}, ''],
    ['A=${B:-c}', { B: '' }, 'c'],
    ['A=${B-c}', { B: '' }, ''],
    ['A=${B-c}', {}, 'c'],
    ['A=${B:+c}', { B: '' }, ''],
    ['A=${B:+c}', { B: 'b' }, 'c'],
    ['A=${B+c}', { B: '' }, 'c'],
    ['A=${B:-${C:-d}e}', {}, 'de'],
    ['A=${B:-${C}}', { C: 'c' }, 'c'],
    ['A=${B:?no b}', { B: 'b' }, 'b'],
    ['A=cost: 5$', {}, 'cost: 5$'],
    ['A=${', {}, '${'],
  ])('%s with %j is %s', (text, outside, value) => {
    expect(read(text, outside)).toEqual({ A: value });
  });

  it('come from the lines before, and then from outside', () => {
    expect(read('HOST=a\nURL=http://$HOST:$PORT/', { HOST: 'x', PORT: '1' })).toEqual({
      HOST: 'a',
      URL: 'http://a:1/',
    });
  });

  it('that must have a value are said with their line', () => {
    expect(() => read('X=1\nA=${B:?set B first}')).toThrow('A: B: set B first');
    expect(() => read('A=${B?}')).toThrow('A: B has no value');
  });

  it('are known by what refers to them', () => {
    const text = 'A=${B:-$C}\nD="x$E"\nF=\'$G\'\nH=${I?x}';
    expect(Object.fromEntries(dotenvReferences(text))).toEqual({ A: ['B', 'C'], D: ['E'], F: [], H: ['I'] });
  });

  it('cost no more than the text is long', () => {
    const started = performance.now();
    read(`A=${'${B:-'.repeat(10_000)}`);
    read(`A=${'${B:-'.repeat(3000)}${'}'.repeat(3000)}`);
    read(`A=${'$'.repeat(60_000)}`);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
