import { stripVTControlCharacters } from 'node:util';
import { annotationPlace, inActions, inert, isRegularFile, workflowCommand } from './actions.js';
import type { Io } from './io.js';
import { Pager, pagerCommand } from './pager.js';
import { eventLine, type ProgressEvent } from './progress.js';
import { Redactor, SHORTEST_MASKED } from './redact.js';

/** What a command's output may depend on; handed in so that a test can be any terminal. */
export interface ConsoleSettings {
  readonly stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number; rows?: number };
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
  /**
   * What comes on stdout from here on goes through a pager when it is longer than the screen: on a terminal, unless the
   * environment wants none. What is said on stderr meanwhile is said when the pager has ended.
   * @param onLeft called when the person leaves the pager while there is more to come
   */
  page(onLeft: () => void): void;
  /** A pager has the terminal, or what was printed waits for one. */
  readonly paging: boolean;
  /** Resolves when all has been read. With `now` the pager is ended, whatever there is left to read. */
  endPage(now?: 'now'): Promise<void>;
}

const FALSE_WORDS = new Set(['', '0', 'false', 'no', 'off']);

/** The usual reading of a switch in the environment: set and not a word for "no". */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && !FALSE_WORDS.has(value.toLowerCase());
}

/** The locale as the C library picks it, and a terminal whose font has more than letters. */
function showsUnicode(env: ConsoleSettings['env']): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  // Windows has no locale of this kind; its newer terminal says so.
  return (
    (/utf-?8/i.test(locale) || env['WT_SESSION'] !== undefined) && env['TERM'] !== 'dumb' && env['TERM'] !== 'linux'
  );
}

/** Control characters of remote output would move the reader's cursor or hide text; tabs and newlines stay. */
function printable(line: string): string {
  return stripVTControlCharacters(line).replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F]/g, '');
}

export function createConsole(settings: ConsoleSettings): Console {
  const { stderr, stdin, env, json, events = false } = settings;
  let pager: Pager | undefined;
  let stdout = settings.stdout;
  const warnings: string[] = [];
  const ci = isOn(env['CI']);
  const actions = inActions(env) && !events;
  const terminal = stderr.isTTY === true && env['TERM'] !== 'dumb';
  // The runner hides what it is told to hide, in the steps after this one too.
  const masks = actions && !isRegularFile(stderr.fd);
  const redactor = settings.redactor ?? new Redactor();
  /** Lines of stderr that came after what the pager has, or would be written across its screen. */
  const held: string[] = [];
  const tell = (text: string): void => {
    if (pager?.busy === true) held.push(text);
    else stderr.write(text);
  };
  const tellHeld = (): void => {
    if (held.length > 0) stderr.write(held.splice(0).join(''));
  };
  const shown = (line: string): string => {
    const clean = redactor.clean(line);
    return `${actions ? inert(clean) : clean}\n`;
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
    else tell(shown(line));
  };
  return {
    redactor,
    warnings,
    json,
    events,
    page: (onLeft) => {
      const command = pagerCommand(env);
      const readable = stdout.isTTY === true && env['TERM'] !== 'dumb' && !ci && !json && !events;
      if (pager !== undefined || command === undefined || !readable) return;
      pager = new Pager({
        stdout: settings.stdout,
        env,
        command,
        onMissing: (program) => {
          // Nobody asked for less.
          if (env['ZEBU_PAGER'] !== undefined || env['PAGER'] !== undefined)
            tell(shown(`warning: There is no pager ${printable(program)}`));
        },
        onLeft: () => {
          tellHeld();
          onLeft();
        },
      });
      stdout = pager;
    },
    get paging() {
      return pager?.busy === true;
    },
    endPage: async (now) => {
      await (now === undefined ? pager?.finish() : pager?.leave());
      tellHeld();
    },
    live: terminal && !ci && !json && !events,
    interactive: terminal && stdin.isTTY === true && !ci && !json && !events,
    color: settings.stdout.isTTY === true && env['TERM'] !== 'dumb' && (env['NO_COLOR'] ?? '') === '' && !json,
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
        tell(shown(printable(redactor.clean(`Error: ${message}`))));
        if (hint !== undefined) tell(shown(printable(redactor.clean(`  -> ${hint}`))));
      }
    },
    out: (line) => {
      if (!json) stdout.write(shown(line));
    },
    flow: async (lines) => {
      // Cleaned as a whole: a value may span lines.
      const text = redactor.clean(lines.join('\n'));
      const inertText = actions ? text.split('\n').map(inert).join('\n') : text;
      const stream: NodeJS.WritableStream = stdout;
      if (lines.length === 0 || stream.write(`${inertText}\n`)) return;
      // A reader that has gone will never have room.
      const ends = ['drain', 'close', 'error'] as const;
      await new Promise<void>((resolve) => {
        const room = (): void => {
          for (const end of ends) stream.off(end, room);
          resolve();
        };
        for (const end of ends) stream.on(end, room);
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

/**
 * The console of this process, as the command line asks for it.
 * @param json where oclif has said so already, which knows what is behind `--`
 */
export function processConsole(argv: readonly string[], json = argv.includes('--json')): Console {
  const { stdout, stderr, stdin, env } = process;
  const asked = (name: string): boolean => argv.includes(`--${name}`) || isOn(env[`ZEBU_${name.toUpperCase()}`]);
  return createConsole({ stdout, stderr, stdin, env, json, debug: asked('debug'), events: asked('events') });
}
