import type { ZebuError } from './errors.js';
import type { ProgressEvent } from './progress.js';
import type { Printable } from './printable.js';
import type { Redactor } from './redact.js';

/**
 * Where a command writes. stdout carries the result and nothing else; everything a person watches goes to stderr.
 * The only place that knows whether a terminal, a pipe, JSON or CI is on the other side.
 */
export interface Io {
  readonly redactor: Redactor;
  /** stderr is a terminal that can redraw, and neither CI nor `--json` asked for plain lines. */
  readonly live: boolean;
  /** Prompts are possible: stdin and stderr are terminals, not CI, not `--json`. */
  readonly interactive: boolean;
  readonly json: boolean;
  /** stdout is a terminal that shows colours, and neither NO_COLOR nor `--json` asked for none. */
  readonly color: boolean;
  /** Characters beyond ASCII are shown as what they are: a UTF-8 locale, and no terminal with a small font of its own. */
  readonly unicode: boolean;
  /** Width of the terminal in columns; 80 when there is none. */
  readonly columns: number;
  /** Columns that a line of the result may have: those of the terminal on stdout; Infinity in a pipe or a file. */
  readonly width: number;
  /** Hides a value in everything written from here on, and in GitHub Actions in the whole log of the job. */
  mask(value: string): void;
  /** `--events`: stderr is a stream of JSON lines, and everything written there is one. */
  readonly events: boolean;
  /** An event of the stream; nothing without `--events`. */
  event(event: ProgressEvent): void;
  /** What follows belongs together, until `endGroup`; folds in GitHub Actions, nothing elsewhere. */
  group(title: string): void;
  endGroup(): void;
  /** The one way an error is shown to a person. */
  error(error: ZebuError): void;
  /** A text as it may be shown by something else that writes to the terminal: without values, and without controls. */
  shown(text: string): Printable;
  /**
   * From here on the runner of GitHub Actions takes no line for a command, until what is returned is called: for streams that
   * are handed on byte by byte. Nothing elsewhere.
   */
  stopCommands(): () => void;
  /** A line of the result, on stdout; dropped under `--json`, whose result is the envelope. */
  out(line: string): void;
  /** The same for a value that was asked for: unmasked, and into a pipe or a file byte by byte. */
  exact(text: string): void;
  /**
   * Lines of a result that has no end of its own, such as a log: on stdout, under `--json` too, where each line is one
   * JSON value, made of an object. Resolves once the reader has room for more, so that a slow reader slows the source and not our memory.
   */
  flow(lines: readonly Printable[] | readonly object[]): Promise<void>;
  /** A line for the person watching, on stderr. */
  note(line: string): void;
  /** Shown on stderr and collected into the envelope's `warnings`. */
  warn(line: string): void;
  /** Only with `--debug` or ZEBU_DEBUG=1, on stderr. */
  debug(line: () => string): void;
}
