import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wholeGroups, withoutHandingOn, type Group } from '../../../scripts/together.js';

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
    const wanted = (names: readonly string[], within = false) => ({ groups: names, within });
    expect(Object.fromEntries(wholeGroups(files, ['main', 'status', 'show'], groups))).toEqual({
      main: wanted(['start']),
      status: wanted(['start']),
      show: wanted(['start', 'config']),
      load: wanted(['start', 'config']),
      results: wanted(['start']),
    });
  });

  it('is not asked for by what it loads itself, where a module would run before what it imports, but beside that', () => {
    const alone = wholeGroups(files, ['yaml', 'errors', 'base', 'load', 'main'], groups);
    expect(Object.fromEntries(alone)).toMatchObject({
      yaml: { groups: ['start', 'config'], within: true },
      errors: { groups: ['start'], within: true },
      base: { groups: ['start'], within: true },
      load: { groups: ['start', 'config'], within: false },
    });
  });

  it('belongs to the first group that has it', () => {
    const later = { name: 'later', roots: ['base', 'load'] };
    expect(wholeGroups(files, ['status'], [...groups.slice(0, 1), later]).get('status')?.groups).toEqual(['start']);
  });
});

describe('a file that only hands names on', () => {
  const TOP = `import { createRequire as r } from 'node:module';const require = r(import.meta.url);\n`;
  /** As esbuild tells it. */
  const graphIn = (texts: Readonly<Record<string, string>>) =>
    graph(
      Object.fromEntries(
        Object.entries(texts).map(([file, text]) => [
          file,
          [
            [...text.matchAll(/import(?:\{[^}]*\}from)?"([.][^"]+)"/g)].map(([, path = '']) =>
              join(dirname(file), path),
            ),
          ],
        ]),
      ),
    );
  const bundle = {
    'chunk-all.js': 'import{b}from"./chunk-base.js";var one=1;export{one};',
    'chunk-base.js': 'var b=1;export{b};',
    'chunk-other.js': 'export{};',
    'one-H.js': `${TOP}import{one}from"./chunk-all.js";import"./chunk-base.js";export{one};\n`,
    'commands/ask.js': 'var f=async()=>(await import("../one-H.js")).one;',
  };
  const without = (more: Readonly<Record<string, string>>, entries: readonly string[] = []) => {
    const texts = { ...bundle, ...more };
    return Object.fromEntries(withoutHandingOn(new Map(Object.entries(texts)), graphIn(texts), new Set(entries)));
  };

  it('is left out, and what it hands on asked for', () => {
    expect(without({})).toEqual({
      'one-H.js': undefined,
      'commands/ask.js': 'var f=async()=>(await import("../chunk-all.js")).one;',
    });
    // From beside it, too.
    expect(without({ 'commands/ask.js': '', 'two.js': 'import("./one-H.js")' })).toMatchObject({
      'two.js': 'import("./chunk-all.js")',
    });
  });

  it('stays where it does more, or is an entry point', () => {
    const body = (names: string, given = names): string =>
      `import{${names}}from"./chunk-all.js";import"./chunk-base.js";export{${given}};`;
    for (const text of [body('one as two', 'two'), body('one', 'one as two'), `${body('one')}start();`])
      expect(without({ 'one-H.js': text })).toEqual({});
    expect(without({}, ['one-H.js'])).toEqual({});
  });

  it('stays for who would miss what it loads besides', () => {
    const more = { 'one-H.js': 'import{one}from"./chunk-all.js";import"./chunk-other.js";export{one};' };
    expect(without(more)).toEqual({});
    const ready = 'import"../chunk-other.js";import("../one-H.js")';
    expect(without({ ...more, 'commands/ready.js': ready })).toEqual({
      'commands/ready.js': 'import"../chunk-other.js";import("../chunk-all.js")',
    });
  });
});
