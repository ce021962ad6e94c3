import { describe, expect, it } from 'vitest';
import { joinTopic, localPlugins } from '../../src/lib/argv.js';

const ids = ['vm:create', 'vm:destroy', 'vm:snapshot:list', 'app:deploy', 'help'];
const commands = {
  commandIDs: ids,
  findCommand: (id: string) => (ids.includes(id) ? {} : undefined),
  findTopic: (id: string) => (ids.some((known) => known.startsWith(`${id}:`)) ? {} : undefined),
};

describe('joinTopic', () => {
  it.each([
    [
      ['vm', 'create', '--json'],
      ['vm:create', '--json'],
    ],
    [
      ['vm', 'snapshot', 'list', 'x'],
      ['vm:snapshot:list', 'x'],
    ],
    [
      ['vm:create', 'x'],
      ['vm:create', 'x'],
    ],
    [['vm'], ['vm']],
    [
      ['vm', '--help'],
      ['vm', '--help'],
    ],
    [
      ['help', 'vm'],
      ['help', 'vm'],
    ],
    [
      ['unknown', 'word'],
      ['unknown', 'word'],
    ],
    [[], []],
  ])('%j becomes %j', (args, expected) => expect(joinTopic(args, commands)).toEqual(expected));

  it('refuses an unknown word after a topic, with the nearest command', () => {
    expect(() => joinTopic(['vm', 'craete'], commands)).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: 'Did you mean vm:create?' }),
    );
  });
});

describe('localPlugins', () => {
  const there = (path: string): boolean => path.includes('here');
  const convert = (...args: string[]): string[] => localPlugins(args, there, (path) => `/abs/${path}`);

  it('names a tarball or a folder of this machine as npm wants it', () => {
    expect(convert('plugins:install', './here.tgz', '--json')).toEqual([
      'plugins:install',
      'file:/abs/./here.tgz',
      '--json',
    ]);
    expect(convert('plugins:install', 'here.tgz')).toEqual(['plugins:install', 'file:/abs/here.tgz']);
    expect(convert('plugins:install', '../here')).toEqual(['plugins:install', 'file:/abs/../here']);
  });

  it('leaves packages, repositories and other commands alone', () => {
    for (const args of [
      ['plugins:install', 'here'],
      ['plugins:install', 'owner/here'],
      ['plugins:install', './gone.tgz'],
      ['app:logs', './here'],
    ])
      expect(convert(...args)).toEqual(args);
  });
});
