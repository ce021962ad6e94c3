import type { Arm, Assignment, CaseArm, Command, Link, List, Word } from './tree.js';
import { Unreadable, WordReader } from './words.js';

/** Words that end a list of commands. */
const CLOSERS = new Set(['then', 'elif', 'else', 'fi', 'do', 'done', 'esac', '}']);
const RESERVED =
  /^(?:then|elif|else|fi|do|done|esac|if|while|until|for|select|case|function|time|!|\{|\}|\[\[)(?=[\s;&|()]|$)/;
const ASSIGNMENT = /^([A-Za-z_]\w*)(?:\[[^\]\n]*\])?(\+?)=/;
const FUNCTION = /^(?:function\s+([\w:.-]+)\s*(?:\(\s*\))?|([\w:.-]+)\s*\(\s*\))/;

/** Bash as far as the community's scripts use it. */
class Parser extends WordReader {
  all(): List {
    const list = this.#list();
    this.skip(true);
    if (this.rest)
      throw new Unreadable(
        `"${this.text.slice(this.at, this.at + 20).split('\n')[0] ?? ''}" is not understood`,
        this.line,
      );
    return list;
  }

  protected override commandsUntil(close: string): List {
    const list = this.#list();
    this.skip(true);
    if (!this.take(close)) throw new Unreadable(`there is no ${close} where one belongs`, this.line);
    return list;
  }

  #keyword(): string | undefined {
    return RESERVED.exec(this.text.slice(this.at, this.at + 12))?.[0];
  }

  #expect(word: string): void {
    this.skip(true);
    if (!this.take(word)) throw new Unreadable(`there is no ${word} where one belongs`, this.line);
  }

  #list(): List {
    const commands: Command[] = [];
    for (;;) {
      this.skip(true);
      if (!this.rest || this.is(')') || this.is(';;') || CLOSERS.has(this.#keyword() ?? '')) return commands;
      const before = this.at;
      commands.push(this.#chain());
      this.skip(false);
      if (this.is(';;')) return commands;
      if (!this.take(';') && !this.is('&&') && !this.is('||')) this.take('&');
      if (this.at === before) throw new Unreadable(`"${this.text[this.at] ?? ''}" is not understood`, this.line);
    }
  }

  #chain(): Command {
    const first = this.#pipe();
    const rest: Link[] = [];
    for (;;) {
      this.skip(false);
      const after = this.take('&&') ? 'success' : this.take('||') ? 'failure' : undefined;
      if (after === undefined) break;
      this.skip(true);
      rest.push({ after, command: this.#pipe() });
    }
    return rest.length === 0 ? first : { kind: 'chain', first, rest };
  }

  #pipe(): Command {
    if (this.#keyword() === '!') {
      this.at++;
      this.skip(false);
      return { kind: 'not', command: this.#pipe() };
    }
    const commands = [this.#command()];
    for (;;) {
      this.skip(false);
      if (this.is('||') || !this.take('|')) break;
      this.take('&');
      this.skip(true);
      commands.push(this.#command());
    }
    const [only] = commands;
    return commands.length === 1 && only !== undefined ? only : { kind: 'pipe', commands };
  }

  #command(): Command {
    const command = this.#compound();
    if (command === undefined) return this.#simple();
    for (this.skip(false); this.redirection(); this.skip(false));
    return command;
  }

  #compound(): Command | undefined {
    const named = FUNCTION.exec(this.text.slice(this.at, this.at + 120));
    if (named !== null) {
      this.at += named[0].length;
      this.skip(true);
      const body = this.#command();
      return { kind: 'function', name: named[1] ?? named[2] ?? '', body: [body] };
    }
    if (this.take('((')) {
      const start = this.at;
      this.balanced('(', ')', 2);
      return { kind: 'test', text: this.text.slice(start, this.at - 2) };
    }
    if (this.take('(')) return { kind: 'group', body: this.commandsUntil(')'), apart: true };
    const keyword = this.#keyword();
    if (keyword === undefined) return undefined;
    if (CLOSERS.has(keyword)) throw new Unreadable(`${keyword} stands where no such word belongs`, this.line);
    this.at += keyword.length;
    switch (keyword) {
      case '{':
        return { kind: 'group', body: this.commandsUntil('}'), apart: false };
      case '[[':
        return { kind: 'test', text: this.#condition() };
      case 'if':
        return this.#if();
      case 'while':
      case 'until': {
        const condition = this.#list();
        return { kind: 'loop', condition, body: this.#body() };
      }
      case 'for':
      case 'select':
        return this.#for();
      case 'case':
        return this.#case();
      case 'time':
        this.skip(false);
        return this.#command();
      default:
        throw new Unreadable(`${keyword} stands where no such word belongs`, this.line);
    }
  }

  #condition(): string {
    const start = this.at;
    for (let quote = ''; ; this.at++) {
      const char = this.text[this.at];
      if (char === undefined) throw new Unreadable('there is no end to a [[', this.line);
      if (char === '\\') this.at++;
      else if (quote !== '') quote = char === quote ? '' : quote;
      else if (char === '"' || char === "'") quote = char;
      else if (/^\s\]\](?=[\s;&|)]|$)/.test(this.text.slice(this.at, this.at + 4))) break;
    }
    const text = this.text.slice(start, this.at);
    this.at += 3;
    return text.trim();
  }

  #body(): List {
    this.#expect('do');
    const body = this.#list();
    this.#expect('done');
    return body;
  }

  #if(): Command {
    const arms: Arm[] = [];
    for (;;) {
      const condition = this.#list();
      this.#expect('then');
      arms.push({ condition, body: this.#list() });
      this.skip(true);
      if (!this.take('elif')) break;
    }
    const otherwise = this.take('else') ? this.#list() : undefined;
    this.#expect('fi');
    return { kind: 'if', arms, otherwise };
  }

  #for(): Command {
    this.skip(false);
    const words: Word[] = [];
    if (this.take('((')) this.balanced('(', ')', 2);
    else {
      for (this.skip(false); ; this.skip(false)) {
        const word = this.word();
        if (word === undefined) break;
        words.push(word);
      }
    }
    this.skip(false);
    this.take(';');
    const line: Command = {
      kind: 'simple',
      assignments: [],
      words: [[{ kind: 'text', text: ':' }], ...words],
      line: this.line,
    };
    return { kind: 'loop', condition: [line], body: this.#body() };
  }

  #case(): Command {
    this.skip(false);
    const word = this.word() ?? [];
    this.#expect('in');
    const arms: CaseArm[] = [];
    for (;;) {
      this.skip(true);
      if (this.take('esac')) return { kind: 'case', word, arms };
      this.take('(');
      const patterns: string[] = [];
      for (;;) {
        this.skip(true);
        const pattern = this.word();
        patterns.push((pattern ?? []).map((part) => (part.kind === 'text' ? part.text : '*')).join(''));
        this.skip(true);
        if (this.take(')')) break;
        if (!this.take('|')) throw new Unreadable('a case without an end to its pattern', this.line);
      }
      const body = this.#list();
      arms.push({ patterns, body });
      this.skip(true);
      if (!this.take(';;&')) this.take(';;');
    }
  }

  #simple(): Command {
    const { line } = this;
    const assignments: Assignment[] = [];
    const words: Word[] = [];
    for (;;) {
      this.skip(false);
      if (this.redirection()) continue;
      const [matched, name, adds] = ASSIGNMENT.exec(this.text.slice(this.at, this.at + 160)) ?? [];
      // After `local` and its like, too: there they are worked out the same.
      if (matched !== undefined && name !== undefined && (words.length === 0 || isDeclaration(words))) {
        this.at += matched.length;
        if (this.take('(')) assignments.push({ name, value: undefined, within: this.#array() });
        else {
          const value = this.word() ?? [];
          assignments.push(
            adds === '' && !matched.includes('[')
              ? { name, value, within: [] }
              : { name, value: undefined, within: [value] },
          );
        }
        continue;
      }
      const word = this.word();
      if (word === undefined) break;
      words.push(word);
    }
    return { kind: 'simple', assignments, words, line };
  }

  #array(): readonly Word[] {
    const words: Word[] = [];
    for (;;) {
      this.skip(true);
      if (this.take(')')) return words;
      const word = this.word();
      if (word === undefined) throw new Unreadable('there is no end to a list', this.line);
      words.push(word);
    }
  }
}

function isDeclaration(words: readonly Word[]): boolean {
  const [first] = words[0] ?? [];
  return first?.kind === 'text' && /^(?:local|declare|typeset|readonly|export)$/.test(first.text);
}

/** @throws Unreadable with the line */
export function parseShell(text: string): List {
  try {
    return new Parser(text).all();
  } catch (error) {
    if (error instanceof RangeError) throw new Unreadable('it is nested too deeply', 0);
    throw error;
  }
}
