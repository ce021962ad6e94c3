import { describe, expect, it } from 'vitest';
import { parseProblem } from '../../../plugins/kit/src/parse-problem.js';

const unknownFlag = (...flags: readonly string[]): Error =>
  Object.assign(new Error(`Nonexistent flag: ${flags.join(', ')}\nSee more help with --help`), {
    flags,
    parse: { input: { flags: { 'dry-run': {}, tag: {}, json: {} } } },
    oclif: { exit: 2 },
  });

describe('parseProblem', () => {
  it.each([
    ['--dryrun', 'Did you mean --dry-run?'],
    ['--tga=v1', 'Did you mean --tag?'],
    ['--quite-different', 'See the command with --help.'],
    ['-x', 'See the command with --help.'],
  ])('knows what %s was meant to be', (typed, hint) => {
    expect(parseProblem(unknownFlag(typed))).toMatchObject({ hint });
  });

  it('makes one line of what oclif spreads over several', () => {
    const thrown = Object.assign(new Error('The following error occurred:\n  Missing 1 required arg:\nname  A name'), {
      parse: {},
      oclif: { exit: 2 },
    });
    expect(parseProblem(thrown)?.message).toBe('Missing 1 required arg: name  A name');
  });

  it('leaves other errors alone', () => {
    expect(parseProblem(new TypeError('x'))).toBeUndefined();
  });
});
