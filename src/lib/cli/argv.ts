import { ZebuError } from '@zebu/kit';
import { nearest } from '@zebu/kit/core';

/** What is needed of oclif's Config. */
export interface Commands {
  readonly commandIDs: readonly string[];
  findCommand(id: string): unknown;
  findTopic(id: string): unknown;
}

/** Whether `joinTopic` may change these words; it needs to know all commands, which takes a while to find out. */
export function mayNeedJoining([topic, word]: readonly string[]): boolean {
  return topic !== undefined && word !== undefined && !word.startsWith('-');
}

/**
 * `vm create` for `vm:create`. Left to itself oclif prints the topic's help for it and exits 0: in a pipeline a
 * command that silently did nothing.
 * @throws USAGE for a known topic followed by an unknown word, naming the nearest command
 */
export function joinTopic(args: readonly string[], commands: Commands): string[] {
  const [topic, word, ...rest] = args;
  if (topic === 'help') return [topic, ...joinTopic(args.slice(1), commands)];
  if (topic === undefined || word === undefined || word.startsWith('-')) return [...args];
  const id = `${topic}:${word}`;
  if (commands.findCommand(id) !== undefined) return [id, ...rest];
  if (commands.findCommand(topic) !== undefined || commands.findTopic(topic) === undefined) return [...args];
  if (commands.findTopic(id) !== undefined) return joinTopic([id, ...rest], commands);
  throw unknownCommand(id, commands);
}

/**
 * `up --help` for `help up`: one way to the help of something, with one answer under `--json` and one for what there is not.
 * @param args topics joined to commands
 */
export function helpAsFlag(args: readonly string[]): string[] {
  const [first, ...rest] = args;
  if (first !== 'help') return [...args];
  const words = rest.filter((word) => word !== '--json');
  // What else `help` takes is its own.
  if (words.some((word) => word.startsWith('-'))) return [...args];
  return [...words, '--help', ...(words.length === rest.length ? [] : ['--json'])];
}

/** `app:restart or vm:restart` for `restart`. */
function sameAction(id: string, commandIds: readonly string[]): string | undefined {
  const same = commandIds.filter((each) => each.endsWith(`:${id}`)).toSorted();
  return same.length === 0 ? undefined : same.join(' or ');
}

/** The error for a command that does not exist. */
export function unknownCommand(id: string, commands: Pick<Commands, 'commandIDs'>): ZebuError {
  const meant = sameAction(id, commands.commandIDs) ?? nearest(id, commands.commandIDs);
  return new ZebuError('USAGE', `There is no command ${id}`, {
    hint: meant === undefined ? 'See `zebu --help` for all commands.' : `Did you mean ${meant}?`,
    details: { command: id, ...(meant === undefined ? {} : { suggestion: meant }) },
  });
}
