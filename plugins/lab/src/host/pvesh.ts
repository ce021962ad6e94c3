import { hostname } from 'node:os';
import { followTask, isUpid, localApi, Refused, type LocalParams } from './local-api.js';

const METHODS: Readonly<Record<string, string>> = {
  get: 'GET',
  create: 'POST',
  set: 'PUT',
  delete: 'DELETE',
  ls: 'GET',
};

export interface ProgramIo {
  out(text: string): void;
  err(text: string): void;
}

interface Options {
  readonly positional: readonly string[];
  readonly params: LocalParams;
}

/** `--name value`, `-name value`, `--name=value`; what is left is positional. */
export function parseOptions(words: readonly string[]): Options {
  const positional: string[] = [];
  const params: [string, string][] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const [, name, value] = /^--?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (name === undefined) positional.push(word);
    else if (value !== undefined) params.push([name, value]);
    else {
      const next = words[i + 1];
      // A switch without a value means yes.
      if (next === undefined || next.startsWith('--')) params.push([name, '1']);
      else params.push([name, words[++i] ?? '']);
    }
  }
  return { positional, params };
}

/** JSON with sorted keys, as the Perl of the original prints it. */
function canonical(value: unknown): string {
  const sorted = (_: string, part: unknown): unknown =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part;
  return JSON.stringify(value, sorted);
}

function plain(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, part]) => `${key}: ${typeof part === 'object' ? canonical(part) : String(part)}`)
    .join('\n');
}

/** A refusal as a program on the host prints it. */
export function printRefusal(io: ProgramIo, error: Refused, usage: string): number {
  if (Object.keys(error.errors).length > 0) {
    io.err(`${error.status} ${error.message}\n`);
    for (const [name, text] of Object.entries(error.errors)) io.err(`${name}: ${text.trimEnd()}\n`);
    io.err(`${usage}\n`);
    return 255;
  }
  io.err(`${error.message}\n`);
  return error.status === 403 ? 255 : 2;
}

/** On a real node the worker is a child of pvesh: it ends with it, and when nobody reads what it says any more. */
function endWithUs(socket: string, upid: string): void {
  const end = (): void => {
    const path = `/nodes/${nodeOf(upid)}/tasks/${upid}`;
    void localApi(socket, 'DELETE', path).finally(() => process.exit(255));
  };
  process.stdout.once('error', end);
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.once(signal, end);
}

const nodeOf = (upid: string): string => upid.split(':')[1] ?? '';

/** In the foreground. That it failed is not in the exit status of pvesh, but on stderr. */
async function runHere(socket: string, upid: string, io: ProgramIo): Promise<void> {
  const exit = await followTask(socket, upid, (line) => io.out(`${line}\n`));
  const [, warnings] = /^WARNINGS: (\d+)$/.exec(exit ?? '') ?? [];
  if (warnings !== undefined) io.err(`Task finished with ${warnings} warning(s)!\n`);
  else if (exit !== undefined && exit !== 'OK') io.err(`${exit}\n`);
}

/**
 * Through the pvesh of the other node, whose output becomes one text without line ends; and the last line of its stderr,
 * which is where a failed task is told of, is kept for an error of pvesh itself.
 */
async function runElsewhere(socket: string, upid: string): Promise<string> {
  const lines: string[] = [];
  await followTask(socket, upid, (line) => lines.push(line));
  return `${lines.join('')}${canonical(upid)}`;
}

/** `pvesh get|create|set|delete|ls PATH [--name value …]`. @returns the exit status */
export async function pvesh(socket: string, words: readonly string[], io: ProgramIo): Promise<number> {
  const { positional, params } = parseOptions(words);
  const [command = '', path = ''] = positional;
  const method = METHODS[command];
  if (method === undefined || path === '') {
    io.err(`ERROR: unknown command '${command}'\nUSAGE: pvesh <COMMAND> [ARGS] [OPTIONS]\n`);
    return 255;
  }
  const format = params.find(([name]) => name === 'output-format')?.[1] ?? 'text';
  const passed = params.filter(([name]) => !['output-format', 'noproxy', 'quiet', 'nooutput'].includes(name));
  let data: unknown;
  try {
    data = await localApi(socket, method, path, passed);
    if (isUpid(data)) {
      endWithUs(socket, data);
      if (nodeOf(data) === hostname().split('.')[0]) await runHere(socket, data, io);
      else data = await runElsewhere(socket, data);
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 501) {
      io.err(`No '${command}' handler defined for '${path}'\n`);
      return 1;
    }
    return printRefusal(io, error, `pvesh ${command} ${path} [OPTIONS] [FORMAT_OPTIONS]`);
  }
  if (data === null || data === undefined) return 0;
  if (command === 'ls' && Array.isArray(data)) {
    for (const row of data as { name?: string; node?: string; vmid?: number }[])
      io.out(`-r-  ${row.name ?? row.node ?? row.vmid ?? ''}\n`);
  } else io.out(`${format === 'text' ? plain(data) : canonical(data)}\n`);
  return 0;
}
