import { describe, expect, it } from 'vitest';
import { readOptions, usageLine, type KnownOptions } from '../../../plugins/lab/src/host/options.js';
import type { LocalParams } from '../../../plugins/lab/src/host/local-api.js';

const KNOWN: KnownOptions = {
  api_path: { type: 'string', required: true },
  command: { type: 'array' },
  delete: { type: 'string', list: true },
  description: { type: 'string' },
  disk: { type: 'string', required: true },
  force: { type: 'boolean' },
  'net[n]': { type: 'string' },
};

let warned = '';

function read(...words: readonly string[]): LocalParams {
  warned = '';
  return readOptions(KNOWN, ['api_path'], words, { out: () => {}, err: (text) => (warned += text) });
}

describe('a command line of the node’s own programs', () => {
  it('takes one or two dashes, the value after them or after =', () => {
    expect(read('/x', '-disk', 'a', '--description=b c')).toEqual([
      ['api_path', '/x'],
      ['disk', 'a'],
      ['description', 'b c'],
    ]);
  });

  it('takes anything as a value where one is needed, and options before words', () => {
    expect(read('--description', '--force', '/x')).toEqual([
      ['api_path', '/x'],
      ['description', '--force'],
    ]);
  });

  it('takes a switch with and without a value', () => {
    expect(read('/x', '--force').at(-1)).toEqual(['force', '1']);
    expect(read('/x', '--force', 'off').at(-1)).toEqual(['force', '0']);
    expect(() => read('/x', '--force', 'perhaps')).toThrow('400 unable to parse boolean option');
  });

  it('takes names that are shortened, and those with a number', () => {
    expect(read('/x', '--desc', 'a', '--net3', 'b').slice(1)).toEqual([
      ['description', 'a'],
      ['net3', 'b'],
    ]);
    expect(() => read('/x', '--de', 'a')).toThrow('400 unable to parse option');
    expect(warned).toBe('Option de is ambiguous (delete, description)\n');
  });

  it('joins what is given more than once where it is a list', () => {
    expect(read('/x', '--delete', 'a', '--delete', 'b', '--command', 'c', '--command', 'd').slice(1)).toEqual([
      ['delete', 'a,b'],
      ['command', 'c'],
      ['command', 'd'],
    ]);
  });

  it.each([
    [['/x', '--frob', '1'], '400 unable to parse option', 'Unknown option: frob\n'],
    [['/x', '--disk'], '400 unable to parse option', 'Option disk requires an argument\n'],
    [['/x', '/y'], '400 too many arguments', ''],
    [[], '400 not enough arguments', ''],
  ])('refuses %j', (words, message, warning) => {
    expect(() => read(...words)).toThrow(message);
    expect(warned).toBe(warning);
  });
});

it('says how a command is called, with what it cannot do without', () => {
  expect(usageLine('pvesh set', ['api_path'], KNOWN, true)).toBe(
    'pvesh set <api_path> --disk <string> [OPTIONS] [FORMAT_OPTIONS]',
  );
  expect(usageLine('pvesm path', ['volume'], { volume: { type: 'string', required: true } }, false)).toBe(
    'pvesm path <volume>',
  );
});
