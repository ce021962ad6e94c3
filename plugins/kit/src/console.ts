import { stripVTControlCharacters } from 'node:util';
import { annotationPlace, inActions, inert, isRegularFile, workflowCommand } from './actions.js';
import type { Io } from './io.js';
import { eventLine, type ProgressEvent } from './progress.js';
import { Redactor, SHORTEST_MASKED } from './redact.js';

/** What a command's output may depend on; handed in so that a test can be any terminal. */
export interface ConsoleSettings {
  readonly stdout: NodeJS.WritableStream & { isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number; fd?: number };
  readonly stdin: { isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  readonly debug: boolean;
  /** `--events`. */
  readonly events?: boolean;
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

/** The locale as the C library picks it, and a terminal whose font has more than letters. */
function showsUnicode(env: ConsoleSettings['env']): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return /utf-?8/i.test(locale) && env['TERM'] !== 'dumb' && env['TERM'] !== 'linux';
}

/** Control characters of remote output would move the reader's cursor or hide text; tabs and newlines stay. */
function printable(line: string): string {
  return stripVTControlCharacters(line).replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F]/g, '');
}

export function createConsole(settings: ConsoleSettings): Console {
  const { stdout, stderr, stdin, env, json, events = false } = settings;
  const warnings: string[] = [];
  const ci = isOn(env['CI']);
  const actions = inActions(env) && !events;
  const terminal = stderr.isTTY === true && env['TERM'] !== 'dumb';
  // The runner hides what it is told to hide, in the steps after this one too.
  const masks = actions && !isRegularFile(stderr.fd);
  const redactor = settings.redactor ?? new Redactor();
  const write = (stream: NodeJS.WritableStream, line: string): void => {
    const clean = redactor.clean(line);
    stream.write(`${actions ? inert(clean) : clean}\n`);
  };
  const command = (...parts: Parameters<typeof workflowCommand>): void => {
    const [name, message, properties] = parts;
    stderr.write(`${workflowCommand(name, redactor.clean(message), properties)}\n`);
  };
  const event = (each: ProgressEvent): void => {
    if (events) stderr.write(`${redactor.clean(eventLine(each, new Date()))}\n`);
  };
  /** A line for people, or the event that stands for it. */
  const say = (line: string, each: ProgressEvent): void => {
    if (events) event(each);
    else write(stderr, line);
  };
  return {
    redactor,
    warnings,
    json,
    events,
    live: terminal && !ci && !json && !events,
    interactive: terminal && stdin.isTTY === true && !ci && !json && !events,
    color: stdout.isTTY === true && env['TERM'] !== 'dumb' && (env['NO_COLOR'] ?? '') === '' && !json,
    unicode: showsUnicode(env),
    columns: stderr.columns ?? 80,
    mask: (value) => {
      redactor.add(value);
      // The runner reads its commands from both streams; stdout is for the result. A line cannot span lines.
      if (!masks) return;
      for (const line of value.split(/\r\n|\r|\n/))
        if (line.length >= SHORTEST_MASKED) stderr.write(`${workflowCommand('add-mask', line)}\n`);
    },
    event,
    group: (title) => {
      if (actions) command('group', title);
    },
    endGroup: () => {
      if (actions) command('endgroup', '');
    },
    error: (error) => {
      const { code, message, hint } = error;
      if (events)
        event({ type: 'error', code, exit: error.oclif.exit, message, ...(hint === undefined ? {} : { hint }) });
      else if (actions) {
        const text = hint === undefined ? message : `${message}\n-> ${hint}`;
        command('error', printable(text), {
          title: `zebu: ${code}`,
          ...annotationPlace(env, process.cwd(), error.details),
        });
      } else {
        write(stderr, printable(redactor.clean(`Error: ${message}`)));
        if (hint !== undefined) write(stderr, printable(redactor.clean(`  -> ${hint}`)));
      }
    },
    out: (line) => {
      if (!json) write(stdout, line);
    },
    flow: async (lines) => {
      // Cleaned as a whole: a value may span lines.
      const text = redactor.clean(lines.join('\n'));
      const shown = actions ? text.split('\n').map(inert).join('\n') : text;
      if (lines.length === 0 || stdout.write(`${shown}\n`)) return;
      await new Promise<void>((resolve) => {
        // A reader that has gone will never have room.
        stdout.once('drain', resolve).once('close', resolve).once('error', resolve);
      });
    },
    // Cleaned on both sides: a value may hold the very characters that are taken out.
    note: (line) => {
      const text = printable(redactor.clean(line));
      say(text, { type: 'note', message: text });
    },
    warn: (line) => {
      const text = redactor.clean(printable(redactor.clean(line)));
      warnings.push(text);
      if (actions) command('warning', text, { title: 'zebu' });
      else say(`warning: ${text}`, { type: 'warning', message: text });
    },
    debug: (line) => {
      if (!settings.debug) return;
      const text = printable(redactor.clean(line()));
      say(`debug: ${text}`, { type: 'debug', message: text });
    },
  };
}
