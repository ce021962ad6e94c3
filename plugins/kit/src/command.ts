import { Command, Errors, Flags, type Config, type Interfaces } from '@oclif/core';
import { inActions, writeReport, type CiReport } from './actions.js';
import { processConsole, type Console } from './console.js';
import { failure, success, toZebuError, type CommandOutcome } from './envelope.js';
import { isZebuError, ZebuError } from './errors.js';
import type { Exits } from './exits.js';
import { oneLine } from './one-line.js';
import { parseProblem } from './parse-problem.js';
import { joined, jsonLine, shown, write } from './printable.js';
import type { ResultDeclaration } from './result.js';
import { standard } from './standard-output.js';

/** For commands whose output may be longer than a screen, which then call `page()`. */
export const pagerFlag = {
  'no-pager': Flags.boolean({ description: 'On a terminal: print it all, without a pager (ZEBU_PAGER, PAGER, less).' }),
};

/** Exit statuses and the JSON envelope are the same for every command, core's and plugins'. */
export abstract class ZebuCommand<Result> extends Command {
  static override enableJsonFlag = true;
  /** Every command of zebu declares one, which `npm run build` checks. */
  static result?: ResultDeclaration;
  /** How it can end; declared and checked like the result. */
  static exits?: Exits;
  static override baseFlags = {
    debug: Flags.boolean({
      description: 'Say on stderr what is asked of whom and how long it took.',
      env: 'ZEBU_DEBUG',
      helpGroup: 'GLOBAL',
    }),
    events: Flags.boolean({
      description: 'Stream progress on stderr as JSON lines.',
      env: 'ZEBU_EVENTS',
      helpGroup: 'GLOBAL',
    }),
  };

  readonly io: Console;
  #controller: AbortController | undefined;
  readonly #closers: (() => Promise<void> | void)[] = [];

  constructor(argv: string[], config: Config) {
    super(argv, config);
    this.io = processConsole(argv, this.jsonEnabled());
  }

  /** Aborts on the first SIGINT or SIGTERM; a second one ends the process at once. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Made when it is asked for: the first one of a process brings modules of Node along. */
  get #abort(): AbortController {
    return (this.#controller ??= new AbortController());
  }

  /** Runs when the command ends, however it ends, last registered first. */
  onClose(close: () => Promise<void> | void): void {
    this.#closers.push(close);
  }

  /** The command itself: parse, call the library, return the documented result. */
  abstract execute(): Promise<Result>;

  /** What the command leaves for the rest of a CI job; set by commands that have something to say. */
  protected ciReport: ((outcome: CommandOutcome<Result>) => CiReport) | undefined;

  /** The error to end with from here on, if the process has to exit before the command has ended: `the deploy goes on`. */
  protected setForcedExitError(error: ZebuError): void {
    this.#forcedExitError = error;
  }
  #forcedExitError: ZebuError | undefined;

  /** When time is up, or the user insists: prints the error of a forced exit, and exits. */
  #giveUp(): void {
    const end = (): never => {
      const error =
        this.#forcedExitError ?? new ZebuError('INTERRUPTED', 'Interrupted; it did not come to an end in time');
      this.#tell(error);
      process.exit(error.oclif.exit);
    };
    if (!this.io.paging) end();
    void this.io.endPage('now').then(end);
  }

  #tell(error: ZebuError): void {
    // stdout and stderr may be pipes, which are written to before exit only when done synchronously.
    if (this.jsonEnabled()) this.logJson(failure(this.ctor.id, error, this.io.warnings));
    if (!this.jsonEnabled() || this.io.events || inActions(process.env)) this.io.error(error);
    this.#report({ ok: false, error });
  }

  #report(outcome: CommandOutcome<Result>): void {
    if (this.ciReport === undefined || !inActions(process.env)) return;
    try {
      writeReport(process.env, this.ciReport(outcome), (text) => this.io.redactor.clean(text));
    } catch (error) {
      this.io.warn(`The report for the job could not be written: ${(error as Error).message}`);
    }
  }

  /** oclif leaves a switch that was not given undefined, although it types it as boolean. */
  protected override async parse<
    F extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    B extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    A extends Interfaces.OutputArgs<Interfaces.ArgInput>,
  >(options?: Interfaces.Input<F, B, A>, argv?: string[]): Promise<Interfaces.ParserOutput<F, B, A>> {
    const parsed = await super.parse(options, argv).catch((error: unknown) => {
      // A flag or an argument refuses its own value with a plain error.
      if (isZebuError(error) || !(error instanceof Error) || parseProblem(error) !== undefined) throw error;
      throw new ZebuError('USAGE', oneLine(error.message), { hint: 'See the command with --help.', cause: error });
    });
    const values = parsed.flags as Record<string, unknown>;
    for (const [name, value] of Object.entries({ ...values, ...parsed.args }))
      if (typeof value === 'number' && !Number.isSafeInteger(value))
        throw new ZebuError('USAGE', `${name}: ${value} is no number that anything here has`);
    for (const [name, flag] of Object.entries({ ...options?.baseFlags, ...options?.flags } as Interfaces.FlagInput))
      if (flag.type === 'boolean' && flag.allowNo !== true) values[name] ??= false;
    return parsed;
  }

  /** From here on, what the command prints is read in a pager when it is longer than the screen of a terminal. */
  protected page(flags: Readonly<{ 'no-pager': boolean }>): void {
    // Leaving the pager before the end ends the command, as `| head` does.
    if (!flags['no-pager']) this.io.page(() => process.exit(0));
  }

  /** Milliseconds after a signal until the process ends even if the command has not come to an end by itself. */
  protected readonly graceMs: number = 5000;

  override async run(): Promise<Result> {
    let late: NodeJS.Timeout | undefined;
    const stop = (name: NodeJS.Signals): void => {
      if (this.#abort.signal.aborted) return this.#giveUp();
      this.#abort.abort(new ZebuError('INTERRUPTED', `Interrupted by ${name}.`));
      late = setTimeout(() => this.#giveUp(), this.graceMs).unref();
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
    try {
      const result = await this.execute();
      this.#report({ ok: true, result });
      return result;
    } finally {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      for (const close of this.#closers.reverse()) await close();
      // The result is there: nothing is lost, however long somebody reads.
      clearTimeout(late);
      await this.io.endPage();
    }
  }

  override toSuccessJson(result: unknown): unknown {
    return success(this.ctor.id, result, this.io.warnings);
  }

  override logJson(json: unknown): void {
    write(standard('stdout'), joined([jsonLine(this.io.redactor.cleanDeep(json)), shown`\n`]));
  }

  override warn(input: Error | string): Error | string {
    this.io.warn(input instanceof Error ? input.message : input);
    return input;
  }

  /** The single funnel: one line of what is wrong, one of what to do; under --json the same as an envelope. */
  override async catch(thrown: unknown): Promise<void> {
    // `this.exit(n)` passes on the status of another program: there is no message to print.
    if (thrown instanceof Errors.ExitError) throw thrown;
    const error = toZebuError(thrown);
    this.#tell(error);
    const stack = error.cause instanceof Error ? error.cause.stack : error.stack;
    this.io.debug(() => `[${error.code}] ${stack ?? ''}`);
    process.exitCode = error.oclif.exit;
    // oclif would print it a second time; it is told that this one has been dealt with.
    throw Object.assign(error, { skipOclifErrorHandling: true });
  }
}
