import { describe, expect, it } from 'vitest';
import { wholeGroups, type Group } from '../../../scripts/together.js';

/** Files with what they load at once, and later. */
const graph = (files: Readonly<Record<string, readonly [once: readonly string[], later?: readonly string[]]>>) =>
  new Map(Object.entries(files).map(([at, [once, later = []]]) => [at, { at, once, later }]));

const files = graph({
  main: [['base']],
  base: [['errors'], ['load']],
  errors: [[]],
  load: [['yaml', 'errors']],
  yaml: [[]],
  status: [['base'], ['results']],
  show: [['base', 'yaml']],
  results: [[]],
});
const groups: readonly Group[] = [
  { name: 'start', always: true, roots: ['main'] },
  { name: 'config', roots: ['load'] },
];

describe('what is loaded together', () => {
  it('is loaded whole by every entry point that loads any of it', () => {
    expect(Object.fromEntries(wholeGroups(files, ['main', 'status', 'show'], groups))).toEqual({
      main: ['start'],
      status: ['start'],
      show: ['start', 'config'],
      load: ['start', 'config'],
      results: ['start'],
    });
  });

  it('is not asked for by what it loads itself: in a circle a module runs before what it imports', () => {
    const alone = wholeGroups(files, ['yaml', 'errors', 'base', 'load', 'main'], groups);
    expect(Object.fromEntries(alone)).toMatchObject({
      yaml: ['start'],
      errors: [],
      base: [],
      load: ['start', 'config'],
    });
  });

  it('belongs to the first group that has it', () => {
    const later = { name: 'later', roots: ['base', 'load'] };
    expect(wholeGroups(files, ['status'], [...groups.slice(0, 1), later]).get('status')).toEqual(['start']);
  });
});
