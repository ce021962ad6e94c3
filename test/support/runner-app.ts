import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { quote } from '@zebu/kit';
import { RUNNER } from '../../src/lib/runner/index.js';
import type { VmShell } from './shells.js';
import { started } from './starter.js';

/** All of the runner but what it does from top to bottom. */
export const RUNNER_FUNCTIONS = RUNNER.slice(0, RUNNER.indexOf('\n[ "$mode" = recover ] && recover\n'));

const BETWEEN = '\u001f';
const END = '\u001e';

/** Of what `docker compose` is told before its command, the options with a value. */
const COMPOSE_OPTIONS = ['--progress', '-p', '--project-directory', '-f', '--env-file', '--profile'];

/**
 * What a program says: how its arguments begin → shell commands; `*` stands for anything, `$state` is a folder that stays from
 * call to call, `$all` are all arguments. Of `docker compose` the options before its command are left out. What nobody expected fails.
 */
export type Answers = Readonly<Record<string, string>>;

/** Shell commands that print lines as they are. */
export const says = (...lines: readonly string[]): string =>
  `cat <<'SAID'\n${lines.map((line) => `${line}\n`).join('')}SAID`;

/** A container as the runner asks Docker for it when it judges. */
export interface Seen {
  readonly service: string;
  readonly state?: string;
  readonly health?: string;
  readonly exit?: number;
  readonly restarts?: number;
  readonly name?: string;
  readonly id?: string;
  /** Its restart policy. */
  readonly policy?: string;
  /** When its last health check began. */
  readonly check?: string;
  /** Of its configuration, as Compose has it. */
  readonly digest?: string;
  /** Id. */
  readonly image?: string;
}

export function seen({ service, state = 'running', health = '', exit = 0, restarts = 0, ...more }: Seen): string {
  const {
    name = `shop-${service}-1`,
    id = `id-${service}`,
    policy = 'always',
    digest = '',
    image = '',
    check = '',
  } = more;
  const fields = [service, state, health, exit, restarts, 'false', '2026-11-28T12:00:00Z', `${policy} `];
  return [...fields, `/${name}`, id, check, digest, image, ' shop_default '].join('|');
}

export interface RunnerRun {
  readonly code: number | null;
  /** Its standard output. */
  readonly lines: readonly string[];
  /** What was started of the stand-ins, in order: program, arguments. */
  readonly calls: readonly (readonly string[])[];
  /** The same of docker alone, a line each, without the options before the command of Compose. */
  readonly docker: readonly string[];
  readonly journal: readonly JournalLine[];
}

export interface RunOptions {
  readonly mode?: string;
  /** Whether release r2 is loaded; else its plan may be missing. */
  readonly load?: boolean;
  /** Whether the runner lies in the app's folder, for who starts it once more. */
  readonly runner?: boolean;
  /** The run, which names the journal. */
  readonly run?: string;
  /** Whether its standard error may say something, which nobody reads in a VM. */
  readonly noisy?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

export interface JournalLine {
  readonly step?: string;
  readonly state?: string;
  readonly detail?: string;
  readonly line?: string;
  readonly end?: string;
  readonly cause?: string;
  readonly reason?: string;
}

function withoutOptions(argv: readonly string[]): readonly string[] {
  if (argv[0] !== 'compose') return argv;
  let at = 1;
  while (COMPOSE_OPTIONS.includes(argv[at] ?? '')) at += 2;
  return ['compose', ...argv.slice(at)];
}

const pattern = (key: string): string =>
  `${key
    .split('*')
    .map((part) => (part === '' ? '' : quote(part)))
    .join('*')}*`;

/** One that goes with the test. */
export function runnerApp(shell: VmShell): RunnerApp {
  const app = new RunnerApp(shell);
  onTestFinished(() => app.remove());
  return app;
}

/** What a journal has as output and notes, a line each. */
export function said(journal: readonly JournalLine[]): readonly string[] {
  return journal.flatMap(({ line, state, detail }) =>
    line === undefined ? (state === undefined || state === 'begin' ? [] : [detail ?? '']) : [line],
  );
}

/**
 * An app's folder as in a VM, and a run of the runner in it: all of its real text, as it is sent. What it starts of other
 * programs it finds first in a folder of stand-ins, which note how they were called.
 */
export class RunnerApp {
  readonly #root = mkdtempSync(join(tmpdir(), 'zebu-part-'));
  /** Named so that no two runs share what lies in memory. */
  readonly base = join(this.#root, basename(this.#root));
  readonly state = join(this.#root, 'state');

  readonly #shell: VmShell;

  constructor(shell: VmShell) {
    this.#shell = shell;
    for (const each of ['bin', 'state']) mkdirSync(join(this.#root, each));
    for (const each of ['journals', 'shared/secrets', 'releases/r1/tree', 'releases/r2/tree'])
      mkdirSync(join(this.base, each), { recursive: true });
    writeFileSync(join(this.base, 'journals/run2.jsonl'), '');
    for (const id of ['r1', 'r2']) this.plan(id);
    this.docker({});
  }

  /** @param path below the app's folder */
  write(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(join(this.base, path)), { recursive: true });
    writeFileSync(join(this.base, path), text);
    chmodSync(join(this.base, path), mode);
  }

  read(path: string): string {
    return readFileSync(join(this.base, path), 'utf8');
  }

  has(path: string): boolean {
    return existsSync(join(this.base, path));
  }

  list(path: string): readonly string[] {
    return readdirSync(join(this.base, path)).toSorted();
  }

  /** The plan of a release, as `planFile` has it without settings of its own. */
  plan(id: string, values: Readonly<Record<string, string>> = {}, functions = ''): void {
    const all = {
      project: 'shop',
      folder: 'tree',
      directory: 'tree',
      files: '-f compose.yml',
      record: `"id":"${id}","ref":"v1","kind":"tag","commit":"c","who":"ann","from":"laptop"`,
      timeout: '5',
      build_timeout: '20',
      stability: '0',
      keep: '3',
      strategy: 'recreate',
      app_weight: '0',
      build_cache: '1GB',
      min_free: '1',
      min_memory: '1',
      ...values,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}=${quote(value)}\n`);
    this.write(`releases/${id}/plan`, `${lines.join('')}${functions}secrets=${quote(values['secrets'] ?? '')}\n`);
  }

  /** What `docker compose config --format json` says of a release: in place of asking Compose. */
  config(config: object): string {
    return JSON.stringify({ name: 'shop', networks: { default: { name: 'shop_default' } }, ...config }, null, 2);
  }

  program(name: string, answers: Answers): void {
    const cases = Object.entries(answers).map(([key, body]) => `${pattern(key)})\n${body}\n;;\n`);
    const options = COMPOSE_OPTIONS.join('|');
    const text = `#!/bin/sh
state=${quote(this.state)}
IFS='${BETWEEN}'
printf '%s${END}' "${name}${BETWEEN}$*" >>"$state/calls"
unset IFS
all=$*
if [ "$1" = compose ]; then
  shift
  while :; do case $1 in ${options}) shift 2 ;; *) break ;; esac; done
  set -- compose "$@"
fi
case "$*" in
${cases.join('')}*) echo "${name}: nobody expected $*" >&2; exit 125 ;;
esac
`;
    writeFileSync(join(this.#root, 'bin', name), text);
    chmodSync(join(this.#root, 'bin', name), 0o755);
  }

  docker(answers: Answers): void {
    this.program('docker', answers);
  }

  /**
   * Runs commands with all functions of the runner, as a run of release r2 does after r1: both are there, r2 is loaded unless
   * `load` says otherwise.
   */
  run(script: string, options: RunOptions = {}): RunnerRun {
    const { mode = 'deploy', load = true, runner = false, run = 'run2' } = options;
    if (runner) this.write('runner', RUNNER);
    const program = `set -- ${mode} ${this.base} r2 ${run} worker
${RUNNER_FUNCTIONS}
previous=r1 limit=30
${load ? 'load "$release"' : ''}
${script}
`;
    return this.#start(program, [], options);
  }

  /** The runner itself, from its start to its end. */
  start(mode: string, { id = 'r2', ...options }: RunOptions & { readonly id?: string } = {}): RunnerRun {
    this.write('runner', RUNNER);
    return this.#start(undefined, [mode, this.base, id, options.run ?? 'run2'], options);
  }

  #start(
    program: string | undefined,
    rest: readonly string[],
    { env = {}, run = 'run2', noisy = false }: RunOptions,
  ): RunnerRun {
    const file = program === undefined ? join(this.base, 'runner') : join(this.#root, 'program');
    if (program !== undefined) writeFileSync(file, program);
    const calls = join(this.state, 'calls');
    writeFileSync(calls, '');
    const [shell = 'sh', ...before] = this.#shell.argv;
    // Files and no pipes: nothing waits for what is left running.
    const [out, err] = [join(this.#root, 'out'), join(this.#root, 'err')];
    const { status } = started(shell, [...before, file, ...rest], {
      files: { stdout: out, stderr: err },
      cwd: this.base,
      seconds: 20,
      env: {
        ...process.env,
        // What stands for Docker's client is asked, and never an engine of this machine.
        DOCKER_HOST: 'unix:///nowhere',
        ...env,
        PATH: [join(this.#root, 'bin'), this.#shell.path, process.env['PATH']].filter((each) => each !== '').join(':'),
      },
    });
    const [stdout, stderr] = [readFileSync(out, 'utf8'), readFileSync(err, 'utf8')];
    if (stderr !== '' && !noisy) throw new Error(stderr);
    const argvs = readFileSync(calls, 'utf8')
      .split(END)
      .slice(0, -1)
      .map((call) => call.split(BETWEEN));
    const journal = (): readonly JournalLine[] => this.journal(run);
    return {
      code: status,
      lines: stdout.split('\n').slice(0, -1),
      calls: argvs,
      docker: argvs.filter(([name]) => name === 'docker').map(([, ...argv]) => withoutOptions(argv).join(' ')),
      get journal() {
        return journal();
      },
    };
  }

  /** Every line of it is JSON, or this throws. */
  journal(run = 'run2'): readonly JournalLine[] {
    return this.read(`journals/${run}.jsonl`)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as JournalLine);
  }

  remove(): void {
    rmSync(this.#root, { recursive: true });
  }
}
