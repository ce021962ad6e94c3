import type { List, Part, Word } from './tree.js';

/** A script that cannot be read as far as is needed. */
export class Unreadable extends Error {
  readonly line: number;
  /** Set by who knows which file it is. */
  file: string | undefined;

  constructor(what: string, line: number) {
    super(what);
    this.line = line;
  }
}

const NAME = /[A-Za-z_]\w*|[0-9@*#?$!-]/y;
const ENDS_WORD = new Set([' ', '\t', '\n', ';', '&', '|', '(', ')', '<', '>']);

/** Characters into words; commands in them are read by the parser that extends it. */
export abstract class WordReader {
  protected readonly text: string;
  protected at = 0;
  #counted = { at: 0, line: 1 };
  /** Ends of here-documents that begin at the next line. */
  readonly #documents: { readonly end: string; readonly indented: boolean }[] = [];

  constructor(text: string) {
    this.text = text;
  }

  /** Up to and including `)`, or the end. */
  protected abstract commandsUntil(close: string): List;

  protected get line(): number {
    // Asked for in order, but for a few steps back.
    if (this.at < this.#counted.at) this.#counted = { at: 0, line: 1 };
    for (let { at } = this.#counted; ;) {
      at = this.text.indexOf('\n', at);
      if (at === -1 || at >= this.at) return this.#counted.line;
      at++;
      this.#counted = { at, line: this.#counted.line + 1 };
    }
  }

  protected get rest(): boolean {
    return this.at < this.text.length;
  }

  protected is(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }

  protected take(text: string): boolean {
    if (!this.is(text)) return false;
    this.at += text.length;
    return true;
  }

  /** Blanks, continued lines and comments; with `lines` also ends of lines, and here-documents behind them. */
  protected skip(lines: boolean): void {
    for (;;) {
      if (this.take('\\\n')) continue;
      const char = this.text[this.at];
      if (char === ' ' || char === '\t' || char === '\r') this.at++;
      else if (char === '#') this.#skipTo('\n');
      else if (char === '\n' && lines) this.newline();
      else return;
    }
  }

  #skipTo(text: string): void {
    const found = this.text.indexOf(text, this.at);
    this.at = found === -1 ? this.text.length : found;
  }

  protected newline(): void {
    this.at++;
    for (const { end, indented } of this.#documents.splice(0)) {
      for (;;) {
        if (!this.rest) return;
        const start = this.at;
        this.#skipTo('\n');
        const line = this.text.slice(start, this.at);
        this.at++;
        if ((indented ? line.replace(/^\t+/, '') : line) === end) break;
      }
    }
  }

  /** `3>&1`, `>file`, `<<EOF`, `<<<word`: what a command reads and writes, of which only here-documents matter. */
  protected redirection(): boolean {
    const match = /^(?:\d*|&)(<<-?(?!<)|<<<|[<>]{1,2}[&|]?)/.exec(this.text.slice(this.at, this.at + 12));
    const operator = match?.[1];
    if (match === null || operator === undefined || this.is('<(') || this.is('>(')) return false;
    this.at += match[0].length;
    while (this.text[this.at] === ' ' || this.text[this.at] === '\t') this.at++;
    if (operator === '<<' || operator === '<<-') {
      const start = this.at;
      while (this.rest && !ENDS_WORD.has(this.text[this.at] ?? '')) this.at++;
      this.#documents.push({
        end: this.text.slice(start, this.at).replaceAll(/['"\\]/g, ''),
        indented: operator === '<<-',
      });
    } else this.word();
    return true;
  }

  /** @returns undefined where no word begins */
  protected word(): Word | undefined {
    const parts: Part[] = [];
    const start = this.at;
    for (;;) {
      if (this.take('\\\n')) continue;
      const char = this.text[this.at];
      if (char === undefined) break;
      if (this.is('<(') || this.is('>(')) {
        this.at += 2;
        parts.push({ kind: 'output', body: this.commandsUntil(')') });
      } else if (ENDS_WORD.has(char)) break;
      else if (char === "'") parts.push(this.#single());
      else if (char === '"') this.#double(parts);
      else if (char === '`') parts.push(this.#backticks());
      else if (char === '$') parts.push(this.#dollar());
      else if (char === '\\') {
        parts.push({ kind: 'text', text: this.text[this.at + 1] ?? '' });
        this.at += 2;
      } else {
        parts.push({ kind: 'text', text: char });
        this.at++;
      }
    }
    return this.at === start ? undefined : joined(parts);
  }

  #single(): Part {
    this.at++;
    const start = this.at;
    this.#skipTo("'");
    const text = this.text.slice(start, this.at);
    this.at++;
    return { kind: 'text', text };
  }

  #double(parts: Part[]): void {
    this.at++;
    // An empty one is a word, too.
    parts.push({ kind: 'text', text: '' });
    while (this.rest && !this.take('"')) {
      const char = this.text[this.at] ?? '';
      if (char === '$') parts.push(this.#dollar());
      else if (char === '`') parts.push(this.#backticks());
      else if (char === '\\') {
        const next = this.text[this.at + 1] ?? '';
        if (next !== '\n') parts.push({ kind: 'text', text: '"$`\\'.includes(next) ? next : `\\${next}` });
        this.at += 2;
      } else {
        parts.push({ kind: 'text', text: char });
        this.at++;
      }
    }
  }

  #backticks(): Part {
    this.at++;
    this.#skipTo('`');
    this.at++;
    return { kind: 'unknown' };
  }

  #dollar(): Part {
    this.at++;
    if (this.take('((')) {
      this.balanced('(', ')', 2);
      return { kind: 'unknown' };
    }
    if (this.take('(')) return { kind: 'output', body: this.commandsUntil(')') };
    if (this.is("'")) return this.#single();
    if (this.take('{')) {
      const start = this.at;
      this.balanced('{', '}', 1);
      return braced(this.text.slice(start, this.at - 1));
    }
    NAME.lastIndex = this.at;
    const name = NAME.exec(this.text)?.[0];
    if (name === undefined) return { kind: 'text', text: '$' };
    this.at += name.length;
    return { kind: 'variable', name };
  }

  /** Behind what opened it, up to behind what closes it; quotes hide both. */
  protected balanced(open: string, close: string, depth: number): void {
    let left = depth;
    while (left > 0) {
      const char = this.text[this.at];
      if (char === undefined) throw new Unreadable(`there is no end to a ${open}`, this.line);
      this.at++;
      if (char === '\\') this.at++;
      else if (char === "'" || char === '"') {
        // In "${x:-it's}" the inner one is plain text; a double one has an end in any case.
        const end = this.text.indexOf(char, this.at);
        const lineEnd = this.text.indexOf('\n', this.at);
        if (end !== -1 && (char === '"' || lineEnd === -1 || end < lineEnd)) this.at = end + 1;
      } else if (char === open) left++;
      else if (char === close) left--;
    }
  }
}

function braced(text: string): Part {
  const [, name, otherwise] = /^([A-Za-z_]\w*|[0-9@*]+)(?::?-([^$`]*))?$/.exec(text) ?? [];
  if (name === undefined) return { kind: 'unknown' };
  return {
    kind: 'variable',
    name,
    ...(otherwise === undefined ? {} : { otherwise: otherwise.replaceAll(/['"]/g, '') }),
  };
}

function joined(parts: readonly Part[]): Word {
  const word: Part[] = [];
  for (const part of parts) {
    const last = word.at(-1);
    if (part.kind === 'text' && last?.kind === 'text')
      word[word.length - 1] = { kind: 'text', text: last.text + part.text };
    else word.push(part);
  }
  return word;
}
