/**
 * Text that may be shown: nothing in it moves a terminal's cursor, hides or reorders what is there, or is a command. Whatever
 * comes from outside (commits, containers, Proxmox, files, the environment) becomes one here, as words become one of a shell
 * in `quote.ts`, and what writes takes nothing else.
 */

import { styleText } from 'node:util';
import type { Output } from './standard-output.js';

declare const treated: unique symbol;
export type Printable = string & { readonly [treated]: true };

/** Anything that has to be looked at: control characters of ASCII and Latin-1, line ends of Unicode, marks of direction. */
const SUSPECT = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u180e\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff]/;
const SUSPECTS = new RegExp(SUSPECT, 'g');

const ESC = 0x1b;
const BEL = 0x07;

const between = (code: number, low: number, high: number): boolean => code >= low && code <= high;

/**
 * The end of the control sequence that begins at `at`, `at` itself where none does. What is not ended before the line is, is
 * no sequence: its words stay.
 */
function sequenceEnd(text: string, at: number): number {
  const first = text.charCodeAt(at);
  const escape = first === ESC;
  // An eight-bit control is ESC and a letter in one.
  const kind = escape ? text.charCodeAt(at + 1) : first - 0x40;
  let end = escape ? at + 2 : at + 1;
  if (kind === 0x5b) {
    while (between(text.charCodeAt(end), 0x20, 0x3f)) end++;
    return between(text.charCodeAt(end), 0x40, 0x7e) ? end + 1 : end;
  }
  // Strings: OSC, DCS, SOS, PM, APC.
  if (kind === 0x5d || kind === 0x50 || kind === 0x58 || kind === 0x5e || kind === 0x5f) {
    for (let to = end; to < text.length; to++) {
      const code = text.charCodeAt(to);
      if (code === 0x0a) return end;
      if (code === BEL || code === 0x9c) return to + 1;
      if (code === ESC && text[to + 1] === '\\') return to + 2;
    }
    return end;
  }
  if (!escape) return end;
  end = at + 1;
  while (between(text.charCodeAt(end), 0x20, 0x2f)) end++;
  return between(text.charCodeAt(end), 0x30, 0x7e) ? end + 1 : end;
}

/** Without control sequences, control characters and marks of direction; tabs and line feeds stay, other line ends become those. */
export function printable(text: string): Printable {
  if (!SUSPECT.test(text)) return text as Printable;
  const parts: string[] = [];
  let done = 0;
  /** Up to here it is known that no string of a terminal ends in this line. */
  let open = -1;
  SUSPECTS.lastIndex = 0;
  for (let match = SUSPECTS.exec(text); match !== null; match = SUSPECTS.exec(text)) {
    const at = match.index;
    const code = text.charCodeAt(at);
    parts.push(text.slice(done, at));
    let end = at + 1;
    if (code === ESC || between(code, 0x80, 0x9f)) {
      if (at < open) end = code === ESC ? at + 2 : at + 1;
      else {
        end = sequenceEnd(text, at);
        // A string that has no end would be looked for again from each of the next ones.
        if (end - at <= 2 && isString(text, at)) open = lineEnd(text, at);
      }
    }
    // A line that another program ends here ends here.
    if (code === 0x85 || code === 0x2028 || code === 0x2029) parts.push('\n');
    done = SUSPECTS.lastIndex = Math.max(end, at + 1);
  }
  parts.push(text.slice(done));
  return parts.join('') as Printable;
}

function isString(text: string, at: number): boolean {
  const kind = text.charCodeAt(at) === ESC ? text.charCodeAt(at + 1) : text.charCodeAt(at) - 0x40;
  return kind === 0x5d || kind === 0x50 || kind === 0x58 || kind === 0x5e || kind === 0x5f;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

/** Tagged template: the literal parts are taken as they are, each value is made printable. */
export function shown(source: TemplateStringsArray, ...values: readonly (number | string)[]): Printable {
  return source.reduce(
    (text, part, at) => text + (at === 0 ? '' : printable(String(values[at - 1] ?? ''))) + part,
    '',
  ) as Printable;
}

/** In a colour. The caller decides whether there are colours: this process's own stdout is not asked again. */
export function styled(kind: Parameters<typeof styleText>[0], text: Printable): Printable {
  return styleText(kind, text, { validateStream: false }) as Printable;
}

export function joined(parts: readonly Printable[], between = ''): Printable {
  return parts.join(between) as Printable;
}

/** JSON on one line. What must not reach a terminal or a runner is spelled otherwise there, so that every value stays itself. */
export function jsonLine(value: unknown): Printable {
  const spelled = (each: string): string => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(SUSPECTS, spelled).replaceAll('##[', '\\u0023#[') as Printable;
}

/** What text is written to; nothing that is not treated. */
export function write(stream: Pick<Output, 'write'>, text: Printable): boolean {
  return stream.write(text);
}
