import { usageLine, type KnownOptions } from './options.js';
import { followTask, isUpid, knownPath, type LocalParams } from './local-api.js';
import { canonical } from './perl-json.js';
import {
  ask,
  checkOutput,
  complain,
  Died,
  printResult,
  readLine,
  runWorker,
  splitOutput,
  type Host,
} from './program.js';
import { isWithoutProperties } from './regression.js';
import { pause } from './start.js';
import type { MethodInfo } from '../pve/catalog.js';

const METHODS: Readonly<Record<string, string>> = { create: 'POST', delete: 'DELETE', get: 'GET', set: 'PUT' };

const USAGES: Readonly<Record<string, string>> = {
  create: 'pvesh create <api_path> [OPTIONS] [FORMAT_OPTIONS]',
  delete: 'pvesh delete <api_path> [OPTIONS] [FORMAT_OPTIONS]',
  get: 'pvesh get <api_path> [OPTIONS] [FORMAT_OPTIONS]',
  ls: 'pvesh ls <api_path> [OPTIONS] [FORMAT_OPTIONS]',
  set: 'pvesh set <api_path> [OPTIONS] [FORMAT_OPTIONS]',
  usage: 'pvesh usage <api_path> [OPTIONS]',
};

const OVERVIEW = `USAGE: pvesh <COMMAND> [ARGS] [OPTIONS]

${Object.values(USAGES)
  .map((line) => `       ${line}\n`)
  .join('')}
       pvesh help [<extra-args>] [OPTIONS]
`;

/** What every command of pvesh takes beside the parameters of the method. */
const PVESH_OPTIONS: KnownOptions = { api_path: { type: 'string', required: true }, noproxy: { type: 'boolean' } };

/** Options before the command, which are pvesh's own. */
interface Leading {
  readonly noproxy: boolean;
  readonly nooutput: boolean;
  readonly words: readonly string[];
}

function leading(words: readonly string[]): Leading {
  let at = 0;
  while (words[at] === '--noproxy' || words[at] === '--nooutput') at++;
  const before = words.slice(0, at);
  return { noproxy: before.includes('--noproxy'), nooutput: before.includes('--nooutput'), words: words.slice(at) };
}

interface Asked extends Leading {
  readonly command: string;
  readonly path: string;
  readonly params: LocalParams;
  readonly output: ReadonlyMap<string, string>;
}

/**
 * Through the pvesh of the other node, whose output becomes one text without line ends; and the last line of its stderr,
 * which is where a failed task is told of, is kept for an error of pvesh itself.
 */
async function runElsewhere({ socket, settings }: Host, upid: string): Promise<string> {
  await pause(settings.startMs);
  const lines: string[] = [];
  await followTask(socket, upid, (line) => lines.push(line));
  return `${lines.join('')}${canonical(upid)}`;
}

async function call(host: Host, asked: Asked, method: MethodInfo): Promise<void> {
  const { command, path, params, output, nooutput } = asked;
  checkOutput(output);
  let data = await ask(host, METHODS[command] ?? 'GET', path, params);
  if (isUpid(data)) {
    if (data.split(':')[1] === host.node) await runWorker(host, data);
    else data = await runElsewhere(host, data);
  }
  if (!nooutput) printResult(host, data, method.returns, output);
}

/** Children of a path with what can be done with them. */
async function list(host: Host, { path, params, output }: Asked, method: MethodInfo | undefined): Promise<void> {
  if (method === undefined) throw new Died(`no such resource '${path}'`);
  const [, key] = /^\{(\S+)\}$/.exec(method.returns?.child ?? '') ?? [];
  if (key === undefined) throw new Died(`resource '${path}' does not define child links`);
  checkOutput(output);
  const rows = (await ask(host, 'GET', path, params)) as readonly Record<string, unknown>[];
  const names = rows.map((row) => String(row[key])).sort();
  const children: Record<string, unknown>[] = [];
  for (const name of names) {
    const { capabilities } = await knownPath(host.socket, 'GET', `${path}/${name}`);
    children.push({ capabilities, name });
  }
  const plain = new Map([['noborder', '1'], ['noheader', '1'], ...output]);
  printResult(host, children, { type: 'array', items: 'object' }, plain, ['capabilities', 'name']);
}

async function tellUsage(host: Host, path: string, only: string | undefined): Promise<void> {
  let found = false;
  for (const command of ['get', 'set', 'create', 'delete']) {
    if (only !== undefined && only !== command) continue;
    const { method } = await knownPath(host.socket, METHODS[command] ?? '', path);
    if (method === undefined) continue;
    found = true;
    host.io.out(`USAGE: ${usageLine(`pvesh ${command} ${path}`, [], method.parameters, false)}\n`);
  }
  if (!found) throw new Died(only === undefined ? `no such resource '${path}'` : `no '${only}' handler for '${path}'`);
}

/** Names may be shortened as long as they are unique. */
function expand(word: string): string | undefined {
  const names = [...Object.keys(USAGES), 'help'];
  if (names.includes(word)) return word;
  const fits = names.filter((name) => name.startsWith(word));
  return fits.length === 1 ? fits[0] : undefined;
}

/** `pvesh get|create|set|delete|ls|usage PATH [--name value …]`. @returns the exit status */
export async function pvesh(host: Host, all: readonly string[]): Promise<number> {
  const { io, socket, settings } = host;
  const before = leading(all);
  const [verb, path] = before.words;
  if (verb === undefined) {
    io.err(`ERROR: no command specified\n${OVERVIEW}`);
    return 255;
  }
  // The method is looked up while pvesh is compiled, before its own command line is read.
  const looked = METHODS[verb] !== undefined && path !== undefined;
  const found = looked ? (await knownPath(socket, METHODS[verb] ?? '', path)).method : undefined;
  if (looked && found === undefined) {
    io.err(`No '${verb}' handler defined for '${path}'\n`);
    return 1;
  }
  if (verb === 'get' && settings.regression && found !== undefined && isWithoutProperties(found.template)) {
    io.err('unknown schema type (not an object?)\n');
    io.err('Compilation failed in require at /usr/bin/pvesh line 6.\n');
    io.err('BEGIN failed--compilation aborted at /usr/bin/pvesh line 6.\n');
    return 255;
  }
  const command = expand(verb);
  if (command === undefined) {
    io.err(`ERROR: unknown command 'pvesh ${verb}'\n${OVERVIEW}`);
    return 255;
  }
  if (command === 'help') {
    io.out(OVERVIEW);
    return 0;
  }
  return run(host, before, command, found);
}

async function run(host: Host, before: Leading, command: string, found: MethodInfo | undefined): Promise<number> {
  const { socket } = host;
  const known: KnownOptions =
    command === 'usage'
      ? {
          api_path: { type: 'string', required: true },
          command: { type: 'string' },
          returns: { type: 'boolean' },
          verbose: { type: 'boolean' },
        }
      : { ...found?.parameters, ...PVESH_OPTIONS };
  const formats = command !== 'usage';
  const usage = usageLine(`pvesh ${command}`, ['api_path'], known, formats);
  try {
    const read = readLine(host, known, formats, ['api_path'], before.words.slice(1));
    const path = read.find(([name]) => name === 'api_path')?.[1] ?? '';
    const { output, rest } = splitOutput(read.filter(([name]) => name !== 'api_path'));
    const asked: Asked = { ...before, command, path, params: rest, output };
    if (command === 'usage') await tellUsage(host, path, rest.find(([name]) => name === 'command')?.[1]);
    else if (command === 'ls') await list(host, asked, (await knownPath(socket, 'GET', path)).method);
    else if (found === undefined) throw new Died(`no '${command}' handler for '${path}'`);
    else await call(host, asked, found);
    return 0;
  } catch (error) {
    return complain(host, error, usage);
  }
}
