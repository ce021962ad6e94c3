import { describe, expect, it } from 'vitest';
import { helpAsFlag, joinTopic, mayNeedJoining } from '../../../src/lib/cli/argv.js';

const ids = ['plugins', 'plugins:install', 'vm:create', 'vm:destroy', 'vm:snapshot:list', 'app:deploy', 'help'];
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
      ['help', 'plugins', 'install'],
      ['help', 'plugins:install'],
    ],
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

  it('is not asked about words that it would leave alone', () => {
    expect(
      [['vm', 'create'], ['vm:snapshot', 'list'], ['vm:create'], ['vm', '--help'], []].map(mayNeedJoining),
    ).toEqual([true, true, false, false, false]);
  });
});

describe('help', () => {
  it.each([
    [
      ['help', 'vm:create'],
      ['vm:create', '--help'],
    ],
    [
      ['help', '--json', 'vm:create'],
      ['vm:create', '--help', '--json'],
    ],
    [['help'], ['--help']],
    [
      ['help', '--json'],
      ['--help', '--json'],
    ],
    [
      ['help', 'vm', '--nested-commands'],
      ['help', 'vm', '--nested-commands'],
    ],
    [
      ['vm:create', 'help'],
      ['vm:create', 'help'],
    ],
  ])('%j becomes %j', (args, expected) => expect(helpAsFlag(args)).toEqual(expected));
});
