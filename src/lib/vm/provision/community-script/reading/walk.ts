import type { Dialog } from '../dialogs.js';
import type { CaseArm, Command, List, Word } from './tree.js';
import { parseShell } from './parser.js';
import { Unreadable } from './words.js';
import { askedBy, type AskedDialog } from './whiptail.js';

/**
 * Follows a script along the way on which its questions get the answers of the table, without running anything: where it
 * depends on something else, both ways are followed.
 */

/** True for success; undefined when it cannot be told. */
type Status = boolean | undefined;
type Leaves = 'break' | 'exit' | 'return';
/** The one first after which more follows. */
const LEAVES: readonly Leaves[] = ['break', 'return', 'exit'];

interface Outcome {
  readonly status: Status;
  readonly leaves?: Leaves;
}

type Value = string | undefined;

const UNKNOWN: Outcome = { status: undefined };
/** A script that needs more is not one that is read here. */
const STEPS = 200_000;
const DEPTH = 40;

export interface ScriptFiles {
  /** Path in the repository → what it says; or why that cannot be read. */
  readonly files: ReadonlyMap<string, List | Unreadable>;
  readonly start: string;
}

/** @param files path in the repository → text */
export function readFiles(files: ReadonlyMap<string, string>, start: string): ScriptFiles {
  const trees = [...files].map(([path, text]): readonly [string, List | Unreadable] => {
    try {
      return [path, parseShell(text)];
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      error.file = path;
      return [path, error];
    }
  });
  return { files: new Map(trees), start };
}

export interface Walked {
  /** In the order in which they are asked; several where only the host decides which one it is. */
  readonly asked: readonly AskedDialog[];
  /** Why what follows is not known. */
  readonly unreadable: string | undefined;
}

/** Variables; those of one way of several are its own until it is known how the others end. */
class Scope {
  readonly own = new Map<string, Value>();
  readonly #around: Scope | undefined;

  constructor(around: Scope | undefined) {
    this.#around = around;
  }

  has(name: string): boolean {
    return this.own.has(name) || this.#around?.has(name) === true;
  }

  get(name: string): Value {
    return this.own.has(name) ? this.own.get(name) : this.#around?.get(name);
  }

  set(name: string, value: Value): void {
    this.own.set(name, value);
  }
}

class Walker {
  readonly asked: AskedDialog[] = [];
  readonly #source: ScriptFiles;
  readonly #answers: ReadonlyMap<string, Dialog>;
  #variables = new Scope(undefined);
  readonly #functions = new Map<string, { readonly body: List; readonly file: string }>();
  readonly #calls: string[] = [];
  #args: readonly Value[] = [];
  #file: string;
  #steps = 0;
  /** How a way that was followed may have left what is being followed now. */
  #may = new Set<Leaves>();
  /** What was chosen or typed last: the value of a `$(whiptail …)`. */
  #answer: Value;

  constructor(source: ScriptFiles, table: readonly Dialog[]) {
    this.#source = source;
    this.#answers = new Map(table.map((dialog) => [dialog.title, dialog]));
    this.#file = source.start;
  }

  run(path: string): Outcome {
    const tree = this.#source.files.get(path);
    if (tree === undefined) return UNKNOWN;
    if (tree instanceof Unreadable) throw tree;
    const before = this.#file;
    this.#file = path;
    const outcome = this.#list(tree);
    this.#file = before;
    return outcome;
  }

  #list(list: List): Outcome {
    let last: Outcome = { status: true };
    for (const command of list) {
      last = this.#command(command);
      if (last.leaves !== undefined) return last;
    }
    return last;
  }

  #command(command: Command): Outcome {
    if (++this.#steps > STEPS) throw new Unreadable('it is too long to be followed', 0);
    switch (command.kind) {
      case 'simple':
        return this.#simple(command);
      case 'if':
        return this.#if(command.arms, command.otherwise);
      case 'case':
        return this.#case(this.#value(command.word), command.arms);
      case 'loop': {
        const condition = this.#list(command.condition);
        if (condition.leaves !== undefined) return condition;
        return this.#bounded('break', command.body);
      }
      case 'group': {
        const { status, leaves } = this.#list(command.body);
        return command.apart || leaves === undefined ? { status } : { status, leaves };
      }
      case 'function':
        this.#functions.set(command.name, { body: command.body, file: this.#file });
        return { status: true };
      case 'test':
        return { status: this.#test(command.text) };
      case 'not': {
        const { status, leaves } = this.#command(command.command);
        return { status: status === undefined ? undefined : !status, ...(leaves === undefined ? {} : { leaves }) };
      }
      case 'pipe':
        // Each in a shell of its own; what they say goes through another program.
        for (const each of command.commands) this.#command(each);
        return UNKNOWN;
      case 'chain': {
        let sofar = this.#command(command.first);
        for (const { after, command: next } of command.rest) {
          if (sofar.leaves !== undefined) return sofar;
          if (sofar.status === undefined) sofar = this.#either([() => this.#command(next), () => UNKNOWN]);
          else if (sofar.status === (after === 'success')) sofar = this.#command(next);
        }
        return sofar;
      }
    }
  }

  /** Follows each way from here; what they do not agree on is not known afterwards. */
  #either(ways: readonly (() => Outcome)[]): Outcome {
    const before = this.#variables;
    const ends = ways.map((way) => {
      this.#variables = new Scope(before);
      const outcome = way();
      return { outcome, variables: this.#variables };
    });
    this.#variables = before;
    // A way that leaves says nothing about what follows.
    const staying = ends.filter(({ outcome }) => outcome.leaves === undefined);
    const scopes = (staying.length > 0 ? staying : ends).map(({ variables }) => variables);
    for (const name of new Set(scopes.flatMap((scope) => [...scope.own.keys()]))) {
      const [value, ...others] = scopes.map((scope) => scope.get(name));
      before.set(name, others.every((other) => other === value) ? value : undefined);
    }
    const left = LEAVES.filter((leaves) => ends.some(({ outcome }) => outcome.leaves === leaves));
    // What goes on is followed; that it may have left here counts where it is left for good.
    const [shortest] = left;
    for (const leaves of left) this.#may.add(leaves);
    return staying.length > 0 || shortest === undefined ? UNKNOWN : { status: undefined, leaves: shortest };
  }

  /** What is left by `leaves` alone: a loop, a function. */
  #bounded(leaves: 'break' | 'return', body: List): Outcome {
    const before = this.#may;
    this.#may = new Set();
    const outcome = this.#list(body);
    const mayLeave = this.#may.delete(leaves);
    for (const each of before) this.#may.add(each);
    // Whoever left early ended in a way of its own.
    if (mayLeave) return UNKNOWN;
    if (outcome.leaves !== undefined && outcome.leaves !== leaves) return outcome;
    return leaves === 'return' ? { status: outcome.status } : UNKNOWN;
  }

  #if(arms: readonly { readonly condition: List; readonly body: List }[], otherwise: List | undefined): Outcome {
    const [arm, ...rest] = arms;
    if (arm === undefined) return otherwise === undefined ? { status: true } : this.#list(otherwise);
    const { status, leaves } = this.#list(arm.condition);
    if (leaves !== undefined) return { status, leaves };
    if (status === true) return this.#list(arm.body);
    if (status === false) return this.#if(rest, otherwise);
    return this.#either([() => this.#list(arm.body), () => this.#if(rest, otherwise)]);
  }

  #case(value: Value, arms: readonly CaseArm[]): Outcome {
    if (value === undefined)
      return this.#either([
        ...arms.map(
          ({ body }) =>
            () =>
              this.#list(body),
        ),
        () => UNKNOWN,
      ]);
    const taken = arms.find(({ patterns }) => patterns.some((pattern) => fits(value, pattern)));
    return taken === undefined ? { status: true } : this.#list(taken.body);
  }

  #words(words: readonly Word[]): readonly Value[] {
    return words.flatMap((word): readonly Value[] => {
      const [only] = word.filter((part) => part.kind !== 'text' || part.text !== '');
      const spread = only?.kind === 'variable' && (only.name === '@' || only.name === '*') && word.length <= 2;
      return spread ? this.#args : [this.#value(word)];
    });
  }

  #value(word: Word): Value {
    let text: Value = '';
    for (const part of word) {
      const value = part.kind === 'text' ? part.text : part.kind === 'variable' ? this.#variable(part) : undefined;
      const found = part.kind === 'output' ? this.#output(part.body) : value;
      text = text === undefined || found === undefined ? undefined : text + found;
    }
    return text;
  }

  #variable({ name, otherwise }: { readonly name: string; readonly otherwise?: string }): Value {
    const number = /^[1-9]\d*$/.test(name) ? Number(name) - 1 : undefined;
    const isKnown = number === undefined ? this.#variables.has(name) : number < this.#args.length;
    const value = number === undefined ? this.#variables.get(name) : this.#args[number];
    if (otherwise !== undefined && ((isKnown && value === '') || (number !== undefined && !isKnown))) return otherwise;
    return value;
  }

  /** What a command prints is only known of one that asks. */
  #output(body: List): Value {
    const asked = this.asked.length;
    this.#answer = undefined;
    this.#list(body);
    return this.asked.length > asked ? this.#answer : undefined;
  }

  #simple(command: Command & { readonly kind: 'simple' }): Outcome {
    const { assignments, words, line } = command;
    let assigned: Status = true;
    for (const { name, value, within } of assignments) {
      for (const word of within) this.#value(word);
      const asked = this.asked.length;
      this.#variables.set(name, value === undefined ? undefined : this.#value(value));
      // `x=$(…)` ends as what it ran.
      if (value?.some((part) => part.kind === 'output')) assigned = this.asked.length > asked ? true : undefined;
    }
    const [program, ...args] = this.#words(words);
    if (program === undefined) return { status: words.length === 0 ? assigned : undefined };
    switch (program) {
      case 'whiptail':
      case 'dialog':
        return this.#ask(askedBy(args, this.#file, line));
      case 'source':
      case '.':
        return this.#sourced(words[1] ?? []);
      case ':':
      case 'true':
      case 'local':
      case 'declare':
      case 'export':
        return { status: true };
      case 'false':
        return { status: false };
      case 'exit':
        return { status: undefined, leaves: 'exit' };
      case 'return':
        return { status: args[0] === undefined || args[0] === '0' ? true : undefined, leaves: 'return' };
      case 'break':
      case 'continue':
        return { status: true, leaves: 'break' };
      case 'shift':
        this.#args = this.#args.slice(Number(args[0] ?? 1));
        return { status: true };
      case '[':
      case 'test':
        return { status: compared(program === '[' ? args.slice(0, -1) : args) };
      case 'read':
        return this.#read(args, line);
      default:
        return this.#call(program, args);
    }
  }

  #ask(dialog: AskedDialog | undefined): Outcome {
    if (dialog === undefined) return UNKNOWN;
    this.asked.push(dialog);
    const answer = dialog.title === undefined ? undefined : this.#answers.get(dialog.title);
    this.#answer = answer?.answer;
    if (answer === undefined) return { status: dialog.kind === 'message' ? true : undefined };
    return { status: answer.kind === 'yesno' ? answer.answer === 'yes' : true };
  }

  /** A question at the prompt, which nobody is there to answer. */
  #read(args: readonly Value[], line: number): Outcome {
    const at = args.findIndex((arg) => arg !== undefined && /^-[a-z]*p$/.test(arg));
    if (at === -1) return UNKNOWN;
    return this.#ask({ title: args[at + 1], kind: 'other', choices: undefined, file: this.#file, line });
  }

  #sourced(word: Word): Outcome {
    for (const part of word) {
      const [command] = part.kind === 'output' ? part.body : [];
      if (command?.kind !== 'simple') continue;
      const address = this.#words(command.words).find((each) => each?.includes('/') === true);
      const path = [...this.#source.files.keys()].find((each) => address?.endsWith(`/${each}`) === true);
      if (path !== undefined) return this.run(path);
    }
    return UNKNOWN;
  }

  #call(name: string, args: readonly Value[]): Outcome {
    const found = this.#functions.get(name);
    // Once more from the beginning, as after "Do-Over", asks nothing new.
    if (found === undefined || this.#calls.includes(name) || this.#calls.length > DEPTH) return UNKNOWN;
    const [before, file] = [this.#args, this.#file];
    this.#args = args;
    this.#file = found.file;
    this.#calls.push(name);
    const outcome = this.#bounded('return', found.body);
    this.#calls.pop();
    this.#args = before;
    this.#file = file;
    return outcome;
  }

  /** `[[ … ]]` with one comparison of what is known. */
  #test(text: string): Status {
    const [, name, operator, wanted] = /^"?\$\{?(\w+)\}?"?\s*(==?|!=)\s*"?([\w.-]*)"?$/.exec(text) ?? [];
    if (name !== undefined) return compared([this.#variable({ name }), operator, wanted]);
    const [, sign, tested] = /^(-[nz])\s+"?\$\{?(\w+)\}?"?$/.exec(text) ?? [];
    return tested === undefined ? undefined : compared([sign, this.#variable({ name: tested })]);
  }
}

function compared([a, b, c, ...more]: readonly Value[]): Status {
  if (more.length > 0) return undefined;
  if (a === '-n' || a === '-z') return b === undefined ? undefined : (b === '') === (a === '-z');
  if (a === undefined || c === undefined) return undefined;
  if (b === '=' || b === '==') return a === c;
  return b === '!=' ? a !== c : undefined;
}

/** As `case` does: `*` for anything, `?` for one character. In time that grows with both lengths, whatever the pattern. */
function fits(value: string, pattern: string): boolean {
  // Which beginnings of the value the pattern so far fits.
  let ends = new Set([0]);
  for (const char of pattern) {
    const next = new Set<number>();
    for (const end of ends) {
      if (char === '*') for (let i = end; i <= value.length; i++) next.add(i);
      else if (char === '?' ? end < value.length : value[end] === char) next.add(end + 1);
    }
    ends = next;
  }
  return ends.has(value.length);
}

/** @param table the answers the questions get */
export function walkScript(source: ScriptFiles, table: readonly Dialog[]): Walked {
  const walker = new Walker(source, table);
  try {
    walker.run(source.start);
    return { asked: walker.asked, unreadable: undefined };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const where = error.line === 0 ? '' : ` line ${error.line}`;
    return { asked: walker.asked, unreadable: `${error.file ?? source.start}${where}: ${error.message}` };
  }
}
