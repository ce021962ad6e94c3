import { usageLine, type KnownOptions } from './options.js';
import { knownPath, type KnownPath, type LocalParams } from './local-api.js';
import {
  ask,
  checkOutput,
  complain,
  Died,
  printResult,
  readLine,
  runWorker,
  splitOutput,
  type Host,
} from './program.js';

/** What a command does with its parameters; of a method of the API its result comes before. @returns the exit status */
export type Work = (host: Host, params: LocalParams, result: unknown) => Promise<number>;

/** A method of the API as a command. */
export interface ApiCommand {
  readonly method: string;
  /** With `{name}` for what comes from the parameters, and for the node. */
  readonly path: string;
  /** Parameters that are plain words, in their order. */
  readonly args: readonly string[];
  /** Prints the result as a table or what `--output-format` says. */
  readonly prints?: boolean;
  readonly then?: Work;
}

/** Something the program does itself. */
export interface OwnCommand {
  readonly args: readonly string[];
  readonly options: KnownOptions;
  readonly work: Work;
}

interface Alias {
  readonly alias: string;
}

type Entry = Alias | ApiCommand | Commands | OwnCommand;

/** Commands, and names that stand for several words. */
export interface Commands {
  readonly [name: string]: Entry;
}

const isCommand = (entry: Entry): entry is ApiCommand | OwnCommand => Array.isArray((entry as OwnCommand).args);
const aliasOf = (entry: Entry): string | undefined => {
  const { alias } = entry as { readonly alias?: unknown };
  return typeof alias === 'string' ? alias : undefined;
};

/** Names may be shortened as long as they are unique. */
function expand(commands: Commands, word: string): string {
  if (Object.hasOwn(commands, word)) return word;
  const fits = Object.entries(commands).filter(
    ([name, entry]) => name.startsWith(word) && aliasOf(entry) === undefined,
  );
  return fits.length === 1 ? (fits[0]?.[0] ?? word) : word;
}

interface Found {
  /** As it is written out: `qm disk import`. */
  readonly name: string;
  /** Left out: there is no such command. */
  readonly entry?: Entry;
  readonly words: readonly string[];
}

function find(program: string, commands: Commands, words: readonly string[]): Found {
  let level: Commands = commands;
  let name = program;
  for (const [i, word] of words.entries()) {
    const expanded = expand(level, word);
    name += ` ${expanded}`;
    const entry = Object.hasOwn(level, expanded) ? level[expanded] : undefined;
    if (entry === undefined) return { name, words: [] };
    const alias = aliasOf(entry);
    if (alias !== undefined) return find(program, commands, [...alias.split(' '), ...words.slice(i + 1)]);
    if (isCommand(entry)) return { name, entry, words: words.slice(i + 1) };
    level = entry as Commands;
  }
  return { name, entry: level, words: [] };
}

const HELP: OwnCommand = {
  args: ['extra-args'],
  options: { 'extra-args': { type: 'array', required: false }, verbose: { type: 'boolean' } },
  work: async () => 0,
};

const namesIn = (path: string): readonly string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name).filter((name) => name !== 'node');

/** Placeholders for path parameters: to look a method up any value will do. */
const pathOf = (path: string, value: (name: string) => string): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => value(name));

async function knownOptions(host: Host, command: ApiCommand | OwnCommand): Promise<KnownOptions | undefined> {
  if (!('method' in command)) return command.options;
  const path = pathOf(command.path, (name) => (name === 'node' ? host.node : '100'));
  const { method }: KnownPath = await knownPath(host.socket, command.method, path);
  if (method === undefined) return undefined;
  const inPath = namesIn(command.path).map((name) => [name, { type: 'string', required: true }] as const);
  return { ...method.parameters, ...Object.fromEntries(inPath) };
}

async function usageOf(host: Host, name: string, command: ApiCommand | OwnCommand): Promise<string | undefined> {
  const known = await knownOptions(host, command);
  return known && usageLine(name, command.args, known, 'method' in command && command.prints === true);
}

/** Every command with its usage, sub-commands before the others of its kind. */
async function overview(host: Host, name: string, commands: Commands): Promise<string> {
  const lines: string[] = [];
  for (const [word, entry] of Object.entries(commands).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (aliasOf(entry) !== undefined) continue;
    if (!isCommand(entry)) lines.push(await overview(host, `${name} ${word}`, entry as Commands));
    else {
      const usage = await usageOf(host, `${name} ${word}`, entry);
      if (usage !== undefined) lines.push(`       ${usage}\n`);
    }
  }
  return lines.join('');
}

async function printUsage(host: Host, program: string, commands: Commands, problem: string): Promise<number> {
  const { io } = host;
  io.err(`ERROR: ${problem}\nUSAGE: ${program} <COMMAND> [ARGS] [OPTIONS]\n\n`);
  io.err(
    `${await overview(host, program, commands)}\n       ${usageLine(`${program} help`, HELP.args, HELP.options, false)}\n`,
  );
  return 255;
}

async function runApi(host: Host, command: ApiCommand, params: LocalParams): Promise<number> {
  const { output, rest } = splitOutput(params);
  checkOutput(output);
  const values = new Map(rest);
  const inPath = namesIn(command.path);
  const path = pathOf(command.path, (name) => (name === 'node' ? host.node : (values.get(name) ?? '')));
  const given = rest.filter(([name]) => !inPath.includes(name));
  const result = await ask(host, command.method, path, given);
  if (command.then !== undefined) return command.then(host, params, result);
  await runWorker(host, result);
  if (command.prints === true) {
    const { method } = await knownPath(host.socket, command.method, path);
    printResult(host, result, method?.returns, output);
  }
  return 0;
}

/** Runs one command of a program as PVE::CLIHandler does. @returns the exit status */
export async function runCommand(
  host: Host,
  program: string,
  commands: Commands,
  words: readonly string[],
): Promise<number> {
  if (words.length === 0) return printUsage(host, program, commands, 'no command specified');
  const { name, entry, words: rest } = find(program, { ...commands, help: HELP }, words);
  if (entry === HELP) {
    host.io.out(`USAGE: ${program} <COMMAND> [ARGS] [OPTIONS]\n\n${await overview(host, program, commands)}`);
    return 0;
  }
  if (entry === undefined) return printUsage(host, program, commands, `unknown command '${name}'`);
  if (!isCommand(entry)) return printUsage(host, program, entry as Commands, `incomplete command '${name}'`);
  const known = await knownOptions(host, entry);
  if (known === undefined) throw new Died(`the lab has no '${name}'`);
  const prints = 'method' in entry && entry.prints === true;
  const usage = usageLine(name, entry.args, known, prints);
  try {
    const params = readLine(host, known, prints, entry.args, rest);
    return await ('method' in entry ? runApi(host, entry, params) : entry.work(host, params, undefined));
  } catch (error) {
    return complain(host, error, usage);
  }
}
