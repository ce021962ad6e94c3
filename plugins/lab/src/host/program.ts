import { BadCommandLine, readOptions, type KnownOptions } from './options.js';
import { followTask, isUpid, localApi, Refused, type LocalParams, type ProgramIo } from './local-api.js';
import { canonical, pretty } from './perl-json.js';
import type { ProgramSettings } from './settings.js';
import { resultText, table, type TableOptions } from './table.js';
import type { Returned } from '../pve/catalog.js';

/** Where a program of the node runs. */
export interface Host {
  readonly socket: string;
  /** Name of the node whose shell it is. */
  readonly node: string;
  readonly io: ProgramIo;
  readonly settings: ProgramSettings;
}

/** What a program says when it dies of this; its return code is whatever was left in `errno`. */
export class Died extends Error {}

/** As the methods of the API take them, for programs that print what they return. */
const OUTPUT_OPTIONS: KnownOptions = {
  'human-readable': { type: 'boolean' },
  noborder: { type: 'boolean' },
  noheader: { type: 'boolean' },
  'output-format': { type: 'string' },
  quiet: { type: 'boolean' },
};

export const ask = (host: Host, method: string, path: string, params: LocalParams = []): Promise<unknown> =>
  localApi(host.socket, method, path, params, host.io);

const nodeOf = (upid: string): string => upid.split(':')[1] ?? '';

/** On a real node the worker is a child of the program: it ends with it, and when nobody reads what it says any more. */
function endWithUs({ socket }: Host, upid: string): void {
  const end = (): void => {
    void localApi(socket, 'DELETE', `/nodes/${nodeOf(upid)}/tasks/${upid}`).finally(() => process.exit(255));
  };
  process.stdout.once('error', end);
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.once(signal, end);
}

/**
 * A task in the foreground, when the result is one: what it logs comes as it goes. That it failed is said on stderr, and in no
 * status unless the program looks at it.
 * @returns whether it ended well
 */
export async function runWorker(host: Host, result: unknown): Promise<boolean> {
  if (!isUpid(result)) return true;
  endWithUs(host, result);
  const exit = await followTask(host.socket, result, (line) => host.io.out(`${line}\n`));
  const [, warnings] = /^WARNINGS: (\d+)$/.exec(exit ?? '') ?? [];
  if (warnings !== undefined) host.io.err(`Task finished with ${warnings} warning(s)!\n`);
  else if (exit !== 'OK') host.io.err(`${exit}\n`);
  return exit === 'OK' || warnings !== undefined;
}

/** @param prints whether the options of the output may stand there, too @throws BadCommandLine */
export function readLine(
  { io }: Host,
  known: KnownOptions,
  prints: boolean,
  args: readonly string[],
  words: readonly string[],
): LocalParams {
  return readOptions(prints ? { ...known, ...OUTPUT_OPTIONS } : known, args, words, io);
}

/** Takes the options of the output away from the others. */
export function splitOutput(params: LocalParams): {
  readonly output: ReadonlyMap<string, string>;
  readonly rest: LocalParams;
} {
  const isOutput = ([name]: readonly [string, string]): boolean => Object.hasOwn(OUTPUT_OPTIONS, name);
  return { output: new Map(params.filter(isOutput)), rest: params.filter((param) => !isOutput(param)) };
}

const FORMATS = ['text', 'json', 'json-pretty', 'yaml'];

/** @throws Refused as the check of the parameters does */
export function checkOutput(output: ReadonlyMap<string, string>): void {
  const format = output.get('output-format') ?? 'text';
  if (FORMATS.includes(format)) return;
  throw new Refused(400, 'Parameter verification failed.', {
    'output-format': `value '${format}' does not have a value in the enumeration '${FORMATS.join(', ')}'`,
  });
}

/** @param returns left out: the method returns nothing, whatever the answer holds */
export function printResult(
  { io }: Host,
  data: unknown,
  returns: Returned | undefined,
  output: ReadonlyMap<string, string>,
  columns?: readonly string[],
): void {
  if (returns === undefined || output.get('quiet') === '1') return;
  const format = output.get('output-format') ?? 'text';
  if (format === 'json') io.out(`${canonical(data)}\n`);
  else if (format === 'json-pretty') io.out(pretty(data));
  else if (format === 'yaml') throw new Died('the lab prints no YAML');
  else {
    const charset = process.env['LC_ALL'] ?? process.env['LC_CTYPE'] ?? process.env['LANG'] ?? '';
    const options: TableOptions = {
      border: output.get('noborder') !== '1',
      header: output.get('noheader') !== '1',
      raw: output.get('human-readable') === '0',
      utf8: /utf-?8/i.test(charset),
    };
    const ofNames = columns !== undefined && Array.isArray(data);
    io.out(
      ofNames
        ? table(data as Record<string, unknown>[], {}, columns, { ...options, sortKey: 'name' })
        : resultText(data, returns, options),
    );
  }
}

/** A refusal as the programs print it: parameters with the usage line after them. */
function refusalText({ status, message, errors }: Refused, usage: string): string {
  const problems = Object.entries(errors).map(([name, text]) => `${name}: ${text}\n`);
  if (status === 400) return `400 ${message}\n${problems.join('')}${usage}\n`;
  return status === 500 ? `${message}\n` : `${status} ${message}\n`;
}

/**
 * What a program prints of a command line that cannot be read, or a refusal.
 * @returns the exit status: whether a refusal left something in `errno` is chance; nobody can tell more than that it is not zero
 * @throws anything else
 */
export function complain({ io }: Host, error: unknown, usage: string): number {
  if (error instanceof BadCommandLine) {
    io.err(`${error.message}\n${usage}\n`);
    return 255;
  }
  if (!(error instanceof Refused)) throw error;
  io.err(refusalText(error, usage));
  return error.status === 500 ? 2 : 255;
}
