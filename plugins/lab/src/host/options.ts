import type { SchemaParameter } from '../pve/schema.js';
import type { LocalParams, ProgramIo } from './local-api.js';

/** What a command line may hold, by name. */
export type KnownOptions = Readonly<Record<string, Pick<SchemaParameter, 'list' | 'required' | 'type'>>>;

/** A command line that cannot be read: the message, without the usage line that follows it. */
export class BadCommandLine extends Error {}

const NUMBERED = /^(.*?)\d+$/;

function specOf(known: KnownOptions, name: string): KnownOptions[string] | undefined {
  if (Object.hasOwn(known, name)) return known[name];
  const [, base] = NUMBERED.exec(name) ?? [];
  return base === undefined ? undefined : known[`${base}[n]`];
}

/** The option that is meant: names may be shortened as long as they are unique. */
function resolve(known: KnownOptions, given: string, io: ProgramIo): string | undefined {
  const name = given.toLowerCase();
  const exact = Object.keys(known).find((each) => each.toLowerCase() === name);
  if (exact !== undefined) return exact;
  if (specOf(known, name) !== undefined) return name;
  const fits = Object.keys(known).filter((each) => each.toLowerCase().startsWith(name));
  if (fits.length === 1 && fits[0]?.endsWith('[n]') === false) return fits[0];
  io.err(
    fits.length > 1 ? `Option ${given} is ambiguous (${fits.toSorted().join(', ')})\n` : `Unknown option: ${given}\n`,
  );
  return undefined;
}

function booleanOf(text: string): string {
  if (text === '' || /^(1|true|yes|on)$/i.test(text)) return '1';
  if (/^(0|false|no|off)$/i.test(text)) return '0';
  throw new BadCommandLine('400 unable to parse boolean option');
}

interface Words {
  readonly params: Map<string, string[]>;
  readonly positional: readonly string[];
}

/** As Getopt::Long does with the prefixes `--` and `-`: options anywhere, up to `--`. */
function split(known: KnownOptions, words: readonly string[], io: ProgramIo): Words {
  const params = new Map<string, string[]>();
  const positional: string[] = [];
  let bad = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (word === '--') {
      positional.push(...words.slice(i + 1));
      break;
    }
    const [, given, inline] = /^--?([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (given === undefined) {
      positional.push(word);
      continue;
    }
    const name = resolve(known, given, io);
    if (name === undefined) {
      bad = true;
      continue;
    }
    const next = words[i + 1];
    let value: string | undefined;
    if (specOf(known, name)?.type === 'boolean') {
      // Its value may be left out, so what looks like another option is one.
      value = inline ?? (next === undefined || /^-./.test(next) ? '' : next);
      if (inline === undefined && value !== '') i++;
    } else {
      value = inline === '' ? undefined : (inline ?? next);
      if (inline === undefined) i++;
    }
    if (value === undefined) {
      io.err(`Option ${given} requires an argument\n`);
      bad = true;
    } else params.set(name, [...(params.get(name) ?? []), value]);
  }
  if (bad) throw new BadCommandLine('400 unable to parse option');
  return { params, positional };
}

/**
 * The parameters that a command line holds.
 * @param args names that plain words are for, in their order; `extra-args` takes all that is left
 * @throws BadCommandLine
 */
export function readOptions(
  known: KnownOptions,
  args: readonly string[],
  words: readonly string[],
  io: ProgramIo,
): LocalParams {
  const { params, positional } = split(known, words, io);
  const left = [...positional];
  const read: [string, string][] = [];
  for (const name of args) {
    if (name === 'extra-args') {
      for (const word of left.splice(0)) read.push([name, word]);
      continue;
    }
    const word = left.shift();
    if (word !== undefined) read.push([name, word]);
    else if (known[name]?.required !== false) throw new BadCommandLine('400 not enough arguments');
  }
  if (left.length > 0) throw new BadCommandLine('400 too many arguments');
  for (const [name, values] of params) {
    const spec = specOf(known, name);
    if (spec?.type === 'array') for (const value of values) read.push([name, value]);
    else if (spec?.list === true) read.push([name, values.join(',')]);
    else if (spec?.type === 'boolean') read.push([name, booleanOf(values.at(-1) ?? '')]);
    else read.push([name, values.at(-1) ?? '']);
  }
  return read;
}

/**
 * One line that says how a command is called; with two spaces where it takes no words, as the original prints it.
 * @param formats whether it takes the options of its output, too
 */
export function usageLine(command: string, args: readonly string[], known: KnownOptions, formats: boolean): string {
  const words = args.map((name) => (known[name]?.required === false ? `[<${name}>]` : `<${name}>`));
  const options = Object.entries(known)
    .filter(([name]) => !args.includes(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, { type, required }] of options) if (required === true) words.push(`--${name} <${type}>`);
  // Something is said of `extra-args` only where it is an argument that may be left out.
  return [
    `${command} ${words.join(' ')}`,
    ...(options.length > 0 ? [' [OPTIONS]'] : []),
    ...(formats ? [' [FORMAT_OPTIONS]'] : []),
  ].join('');
}
