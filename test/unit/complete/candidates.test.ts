import { describe, expect, it } from 'vitest';
import { complete, type Completion, type KnownCommand } from '../../../src/lib/complete/candidates.js';

const flag = (name: string, type: 'boolean' | 'option', more: object = {}): KnownCommand['flags'][string] => ({
  name,
  type,
  ...more,
});
const commands: readonly KnownCommand[] = [
  {
    id: 'app:deploy',
    summary: 'Deploy',
    flags: {
      tag: flag('tag', 'option'),
      dirty: flag('dirty', 'boolean'),
      secret: flag('secret', 'boolean', { hidden: true }),
      set: flag('set', 'option', { multiple: true }),
    },
    args: {},
  },
  { id: 'app:logs', summary: 'Logs', flags: { tail: flag('tail', 'option', { char: 'n' }) }, args: {} },
  { id: 'app:rollback', flags: {}, args: { release: {} } },
  { id: 'completion', flags: {}, args: { shell: { options: ['bash', 'zsh'] } } },
  { id: 'lab:up', flags: { guests: flag('guests', 'option', { options: ['qemu', 'namespace'] }) }, args: {} },
  { id: 'hidden', hidden: true, flags: {}, args: {} },
];
const completion = (...typed: string[]): Completion => complete(typed, commands, (listed) => listed);
const words = (...typed: string[]): readonly string[] => completion(...typed).candidates.map(({ word }) => word);

describe('what can come next', () => {
  it('is a command, with or without its topic apart', () => {
    expect(words('')).toEqual(['app:deploy', 'app:logs', 'app:rollback', 'completion', 'lab:up']);
    expect(words('app:d')).toEqual(['app:deploy']);
    expect(words('app', '')).toEqual(['deploy', 'logs', 'rollback']);
  });

  it('is a flag that was not given yet', () => {
    expect(words('app:deploy', '--')).toEqual(['--dirty', '--set', '--tag']);
    expect(words('app', 'deploy', '--dirty', '--set', 'a=b', '--')).toEqual(['--set', '--tag']);
  });

  it('is a value: of the flag’s own, or one the project knows', () => {
    expect(words('lab:up', '--guests', 'n')).toEqual(['namespace']);
    expect(words('lab:up', '--guests=q')).toEqual(['qemu']);
    expect(words('completion', '')).toEqual(['bash', 'zsh']);
    expect(completion('app:deploy', '--tag', 'v').wanted).toBe('tags');
    expect(completion('app:logs', '').wanted).toBe('services');
    expect(completion('app:logs', '-n', '').wanted).toBeUndefined();
    expect(completion('app:rollback', '').wanted).toBe('releases');
  });

  it('is nothing of ours after -- or for a command nobody knows', () => {
    expect(words('app:deploy', '--', '')).toEqual([]);
    expect(words('nope', 'x', '')).toEqual([]);
  });
});
