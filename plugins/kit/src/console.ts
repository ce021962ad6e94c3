import { stripVTControlCharacters } from 'node:util';
import type { Io } from './io.js';
import { Redactor, SHORTEST_MASKED } from './redact.js';

/** What a command's output may depend on; handed in so that a test can be any terminal. */
export interface ConsoleSettings {
  readonly stdout: NodeJS.WritableStream & { isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  readonly stdin: { isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  readonly debug: boolean;
  readonly redactor?: Redactor;
}

export interface Console extends Io {
  readonly warnings: readonly string[];
}

const FALSE_WORDS = new Set(['', '0', 'false', 'no', 'off']);

/** The usual reading of a switch in the environment: set and not a word for "no". */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && !FALSE_WORDS.has(value.toLowerCase());
}

/** Control characters of remote output would move the reader's cursor or hide text; tabs and newlines stay. */
function printable(line: string): string {
  return stripVTControlCharacters(line).replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F]/g, '');
}

export function createConsole(settings: ConsoleSettings): Console {
  const { stdout, stderr, stdin, env, json } = settings;
  const redactor = settings.redactor ?? new Redactor();
  const warnings: string[] = [];
  const ci = isOn(env['CI']);
  const terminal = stderr.isTTY === true && env['TERM'] !== 'dumb';
  const write = (stream: NodeJS.WritableStream, line: string): void => {
    stream.write(`${redactor.clean(line)}\n`);
  };
  return {
    redactor,
    warnings,
    json,
    live: terminal && !ci && !json,
    interactive: terminal && stdin.isTTY === true && !ci && !json,
    color: stdout.isTTY === true && env['TERM'] !== 'dumb' && (env['NO_COLOR'] ?? '') === '' && !json,
    columns: stderr.columns ?? 80,
    mask: (value) => {
      redactor.add(value);
      // The runner reads its commands from both streams; stdout is for the result. A line cannot span lines.
      if (!isOn(env['GITHUB_ACTIONS'])) return;
      for (const line of value.split(/\r\n|\r|\n/)) {
        if (line.length >= SHORTEST_MASKED) stderr.write(`::add-mask::${line.replaceAll('%', '%25')}\n`);
      }
    },
    out: (line) => {
      if (!json) write(stdout, line);
    },
    // Cleaned on both sides: a value may hold the very characters that are taken out.
    note: (line) => write(stderr, printable(redactor.clean(line))),
    flow: async (lines) => {
      if (lines.length === 0 || stdout.write(`${redactor.clean(lines.join('\n'))}\n`)) return;
      await new Promise<void>((resolve) => {
        // A reader that has gone will never have room.
        stdout.once('drain', resolve).once('close', resolve).once('error', resolve);
      });
    },
    warn: (line) => {
      const text = redactor.clean(printable(redactor.clean(line)));
      warnings.push(text);
      write(stderr, `warning: ${text}`);
    },
    debug: (line) => {
      if (settings.debug) write(stderr, `debug: ${printable(redactor.clean(line()))}`);
    },
  };
}
