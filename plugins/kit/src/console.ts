import { annotationPlace, inActions, inert, isRegularFile, workflowCommand } from './actions.js';
import type { Io } from './io.js';
import { Pager, pagerCommand } from './pager.js';
import { eventOf, type ProgressEvent } from './progress.js';
import { jsonLine, joined, printable, shown, write, type Printable } from './printable.js';
import { isCommon, Redactor, SHORTEST_MASKED } from './redact.js';
import { standard, type Output } from './standard-output.js';

/** What a command's output may depend on; handed in so that a test can be any terminal. */
export interface ConsoleSettings {
  readonly stdout: Output;
  readonly stderr: Output;
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
   * environment wants none. What is written to stderr meanwhile appears when the pager has ended.
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

/** Cleaned as a whole, for a value may span lines; of what becomes JSON, each text. */
function flowing(lines: readonly Printable[] | readonly object[], redactor: Redactor): Printable {
  const [first] = lines;
  if (typeof first === 'string') return redactor.clean(joined(lines as readonly Printable[], '\n')) as Printable;
  return joined(
    lines.map((each) => jsonLine(redactor.cleanDeep(each))),
    '\n',
  );
}

export function createConsole(settings: ConsoleSettings): Console {
  const { stderr, stdin, env, json, events = false } = settings;
  let pager: Pager | undefined;
  let stdout: Output = settings.stdout;
  const warnings: string[] = [];
  const ci = isOn(env['CI']);
  const actions = inActions(env) && !events;
  const terminal = stderr.isTTY === true && env['TERM'] !== 'dumb';
  // The runner hides what it is told to hide, in the steps after this one too.
  const masks = actions && !isRegularFile(stderr.fd);
  const redactor = settings.redactor ?? new Redactor();
  /** Lines of stderr that came after what the pager has, or would be written across its screen. */
  const held: Printable[] = [];
  const tell = (text: Printable): void => {
    if (pager?.busy === true) held.push(text);
    else write(stderr, text);
  };
  const tellHeld = (): void => {
    if (held.length > 0) write(stderr, joined(held.splice(0)));
  };
  // Cleaned on both sides: a value may hold the very characters that are taken out.
  const treat = (text: string): Printable => printable(redactor.clean(printable(redactor.clean(text))));
  const line = (text: Printable): Printable => shown`${actions ? inert(text) : text}\n`;
  const command = (...parts: Parameters<typeof workflowCommand>): void => {
    const [name, message, properties] = parts;
    write(stderr, workflowCommand(name, treat(message), properties));
  };
  const event = (each: ProgressEvent): void => {
    if (events) write(stderr, joined([jsonLine(redactor.cleanDeep(eventOf(each, new Date()))), shown`\n`]));
  };
  /** A line for people, or the event that stands for it. */
  const say = (text: Printable, each: ProgressEvent): void => {
    if (events) event(each);
    else tell(line(text));
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
          // Said only of a pager that somebody asked for, not of the default one.
          if (env['ZEBU_PAGER'] !== undefined || env['PAGER'] !== undefined)
            tell(line(shown`warning: There is no pager ${program}`));
        },
        onLeft: () => {
          tellHeld();
          onLeft();
        },
      });
      stdout = pager.stream;
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
    width: (settings.stdout.isTTY === true && settings.stdout.columns) || Infinity,
    mask: (value) => {
      redactor.add(value);
      // The runner reads its commands from both streams; stdout is for the result. A line cannot span lines.
      if (!masks) return;
      // A word or a number would be taken out of every name in the log, and out of what steps hand on.
      for (const each of value.split(/\r\n|\r|\n/))
        if (each.length >= SHORTEST_MASKED && !isCommon(each)) write(stderr, workflowCommand('add-mask', each));
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
        command('error', text, {
          title: `zebu: ${code}`,
          ...annotationPlace(env, process.cwd(), error.details),
        });
      } else {
        tell(line(treat(`Error: ${message}`)));
        if (hint !== undefined) tell(line(treat(`  -> ${hint}`)));
      }
    },
    shown: treat,
    out: (text) => {
      if (!json) write(stdout, line(treat(text)));
    },
    exact: (text) => {
      if (json) return;
      if (settings.stdout.isTTY === true || actions) write(stdout, line(printable(text)));
      else write(stdout, `${text}\n` as Printable);
    },
    flow: async (lines) => {
      const text = flowing(lines, redactor);
      const stream = stdout;
      if (lines.length === 0 || write(stream, joined([actions ? inert(text) : text, shown`\n`]))) return;
      // A stream whose reader has gone never drains.
      const ends = ['drain', 'close', 'error'] as const;
      await new Promise<void>((resolve) => {
        const room = (): void => {
          for (const end of ends) stream.off(end, room);
          resolve();
        };
        for (const end of ends) stream.on(end, room);
      });
    },
    stopCommands: () => {
      if (!actions) return () => {};
      // The runner reads both streams; stdout may be on its way into another program, to which this would be rubbish.
      const stream = isRegularFile(stderr.fd) ? settings.stdout : stderr;
      const token = `zebu-${crypto.randomUUID()}`;
      write(stream, workflowCommand('stop-commands', token));
      // On a line of its own, also where the stream stopped in the middle of a line.
      return () => void write(stream, joined([shown`\n`, workflowCommand(token, '')]));
    },
    note: (text) => {
      const treated = treat(text);
      say(treated, { type: 'note', message: treated });
    },
    warn: (text) => {
      const treated = treat(text);
      // A plan and its execution find the same.
      if (warnings.includes(treated)) return;
      warnings.push(treated);
      if (actions) command('warning', treated, { title: 'zebu' });
      else say(shown`warning: ${treated}`, { type: 'warning', message: treated });
    },
    debug: (text) => {
      if (!settings.debug) return;
      const treated = treat(text());
      say(shown`debug: ${treated}`, { type: 'debug', message: treated });
    },
  };
}

/**
 * The console of this process, as the command line asks for it.
 * @param json where oclif has said so already, which knows what is behind `--`
 */
export function processConsole(argv: readonly string[], json = argv.includes('--json')): Console {
  const { env } = process;
  // Made when it is looked at, which takes as long as all of the rest.
  const stdin = {
    get isTTY() {
      return process.stdin.isTTY;
    },
  };
  const asked = (name: string): boolean => argv.includes(`--${name}`) || isOn(env[`ZEBU_${name.toUpperCase()}`]);
  const [stdout, stderr] = [standard('stdout'), standard('stderr')];
  return createConsole({ stdout, stderr, stdin, env, json, debug: asked('debug'), events: asked('events') });
}
