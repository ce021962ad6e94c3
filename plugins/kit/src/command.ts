import { Command, Errors, Flags, type Config } from '@oclif/core';
import { createConsole, isOn, type Console } from './console.js';
import { failure, success, toZebuError } from './envelope.js';
import { ZebuError } from './errors.js';
import type { ResultDeclaration } from './result.js';

/** Exit statuses and the JSON envelope are the same for every command, core's and plugins'. */
export abstract class ZebuCommand<Result> extends Command {
  static override enableJsonFlag = true;
  /** Every command of zebu declares one, which `npm run build` checks. */
  static result?: ResultDeclaration;
  static override baseFlags = {
    debug: Flags.boolean({
      description: 'Say on stderr what is asked of whom and how long it took.',
      env: 'ZEBU_DEBUG',
      helpGroup: 'GLOBAL',
    }),
  };

  readonly io: Console;
  readonly #abort = new AbortController();
  readonly #closers: (() => Promise<void> | void)[] = [];

  constructor(argv: string[], config: Config) {
    super(argv, config);
    this.io = createConsole({
      stdout: process.stdout,
      stderr: process.stderr,
      stdin: process.stdin,
      env: process.env,
      json: this.jsonEnabled(),
      debug: argv.includes('--debug') || isOn(process.env['ZEBU_DEBUG']),
    });
  }

  /** Aborts on the first SIGINT or SIGTERM; a second one ends the process at once. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Runs when the command ends, however it ends, last registered first. */
  onClose(close: () => Promise<void> | void): void {
    this.#closers.push(close);
  }

  /** The command itself: parse, call the library, return the documented result. */
  abstract execute(): Promise<Result>;

  /** Milliseconds after a signal until the process ends even if the command has not come to an end by itself. */
  protected readonly graceMs: number = 5000;

  override async run(): Promise<Result> {
    const stop = (name: NodeJS.Signals): void => {
      if (this.#abort.signal.aborted) process.exit(130);
      this.#abort.abort(new ZebuError('INTERRUPTED', `Interrupted by ${name}.`));
      setTimeout(() => process.exit(130), this.graceMs).unref();
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
    try {
      return await this.execute();
    } finally {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      for (const close of this.#closers.reverse()) await close();
    }
  }

  override toSuccessJson(result: unknown): unknown {
    return success(this.ctor.id, result, this.io.warnings);
  }

  override logJson(json: unknown): void {
    process.stdout.write(`${this.io.redactor.clean(JSON.stringify(json))}\n`);
  }

  override warn(input: Error | string): Error | string {
    this.io.warn(input instanceof Error ? input.message : input);
    return input;
  }

  /** The single funnel: one line of what is wrong, one of what to do; under --json the same as an envelope. */
  override async catch(thrown: unknown): Promise<void> {
    // `this.exit(n)`: another program's status is passed on, there is nothing to explain.
    if (thrown instanceof Errors.ExitError) throw thrown;
    const error = toZebuError(thrown);
    if (this.jsonEnabled()) this.logJson(failure(this.ctor.id, error, this.io.warnings));
    else {
      this.io.note(`Error: ${error.message}`);
      if (error.hint !== undefined) this.io.note(`  -> ${error.hint}`);
    }
    const stack = error.cause instanceof Error ? error.cause.stack : error.stack;
    this.io.debug(() => `[${error.code}] ${stack ?? ''}`);
    process.exitCode = error.oclif.exit;
    // oclif would print it a second time; it is told that this one has been dealt with.
    throw Object.assign(error, { skipOclifErrorHandling: true });
  }
}
