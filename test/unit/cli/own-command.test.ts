import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commandOf, OWN_EVENTS } from '../../../src/lib/cli/own-command.js';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly oclif: { readonly plugins?: readonly string[]; readonly hooks?: Readonly<Record<string, unknown>> };
}
const manifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(new URL(`../../../${folder}package.json`, import.meta.url), 'utf8')) as Manifest;

const zebu = manifest('');

describe('a command of zebu named on the command line', () => {
  const index = { 'app:status': ['status'], 'vm:backup:list': [], plugins: [], 'plugins:install': [], up: [] };

  it.each([
    [['app:status', '--json'], 'app:status', ['app:status', '--json']],
    [['app', 'status', '-x'], 'app:status', ['app:status', '-x']],
    [['status'], 'app:status', ['app:status']],
    [['vm', 'backup', 'list', 'x'], 'vm:backup:list', ['vm:backup:list', 'x']],
    [['vm:backup', 'list'], 'vm:backup:list', ['vm:backup:list']],
    [['plugins', 'install', 'x'], 'plugins:install', ['plugins:install', 'x']],
    [['up', 'list'], 'up', ['up', 'list']],
  ])('%j is %s', (args, id, rest) => {
    expect(commandOf(index, args)).toEqual({ id, args: rest });
  });

  it.each([[[]], [['app']], [['app', '--', 'status']], [['--json', 'app:status']], [['vm', 'backup']], [['toString']]])(
    '%j is none',
    (args) => {
      expect(commandOf(index, args)).toBeUndefined();
    },
  );
});

describe('what oclif announces by itself', () => {
  it.each(zebu.oclif.plugins ?? [])('is of no interest to %s', (name) => {
    const { hooks = {} } = manifest(`node_modules/${name}/`).oclif;
    expect(Object.keys(hooks).filter((event) => OWN_EVENTS.has(event))).toEqual([]);
  });

  it('is of interest to zebu only where a person looks on', () => {
    // own-command.ts leaves them out where there is none.
    expect(Object.keys(zebu.oclif.hooks ?? {}).toSorted()).toEqual(['command_not_found', 'finally']);
  });
});
