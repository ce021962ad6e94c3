/** Every command as every kind of caller meets it: a terminal, a pipe, `--json`, CI. A new command is found by itself. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../../plugins/kit/src/errors.js';
import { ROOT, zebu, type CliRun } from '../../support/cli.js';
import { bareEnvironment, inMode, MODES, plain, type Mode } from '../../support/modes.js';
import { publishedProblem } from '../../support/published.js';

interface Manifest {
  readonly commands: Readonly<
    Record<string, { readonly args: Readonly<Record<string, { readonly name: string; readonly required?: boolean }>> }>
  >;
}

const commands = ['oclif.manifest.json', 'plugins/lab/oclif.manifest.json'].flatMap((file) =>
  Object.entries((JSON.parse(readFileSync(ROOT + file, 'utf8')) as Manifest).commands),
);

/** A value for a required argument that takes only some. */
const ARGUMENTS: Readonly<Record<string, string>> = { shell: 'bash', state: 'on', node: 'pve', plugin: './none.tgz' };
/** The same where the command makes the difference. */
const NAMES: Readonly<Record<string, string>> = {
  'vm:snapshot:delete': 'before-v2',
  'vm:snapshot:rollback': 'before-v2',
};

/** What succeeds without anything remote; `folder` is made for it. */
const LOCAL: Readonly<Record<string, readonly string[]>> = {
  'ci:init': ['--package', 'zebu.tgz'],
  completion: ['fish'],
  'config:schema': [],
  'config:show': [],
  init: ['--yes', '--force', '--taskfile'],
  'plugin:new': ['vault', '--secrets'],
  providers: [],
};

/** What is added where a command alone would ask on a terminal, or start something. */
const ADDED: Readonly<Record<string, readonly string[]>> = {
  init: ['--yes'],
  'lab:up': ['--nodes', '0'],
  'secrets:get': ['--reveal'],
  // By itself it puts the time into the name.
  support: ['--output', 'support.md'],
};

/** Its result is the report, and its exit status what was found. */
const REPORTS: ReadonlySet<string> = new Set(['doctor']);

interface Case {
  readonly id: string;
  readonly args: readonly string[];
  readonly kind: 'alone' | 'flag' | 'local';
}

const cases: readonly Case[] = commands.flatMap(([id, { args }]): Case[] => {
  const given = Object.values(args)
    .filter(({ required }) => required === true)
    .map(({ name }) => NAMES[id] ?? ARGUMENTS[name] ?? 'x');
  const local = LOCAL[id];
  return [
    { id, kind: 'alone', args: [id, ...given, ...(ADDED[id] ?? [])] },
    { id, kind: 'flag', args: [id, ...given, '--no-such-flag'] },
    ...(local === undefined ? [] : [{ id, kind: 'local' as const, args: [id, ...local] }]),
  ];
});

const top = mkdtempSync(join(tmpdir(), 'zebu-modes-'));
const bare = bareEnvironment();
const runs = new Map<string, CliRun>();
const key = ({ id, kind }: Case, mode: Mode): string => `${id} ${kind} ${mode}`;
const ran = (each: Case, mode: Mode): CliRun => {
  const run = runs.get(key(each, mode));
  if (run === undefined) throw new Error(`${key(each, mode)} did not run`);
  return run;
};
const label = ({ args }: Case): string => args.join(' ');

/** Each run has a folder of its own; paths in the output are those of any other. */
async function once(each: Case, mode: Mode): Promise<void> {
  const cwd = join(top, `${each.id.replaceAll(':', '-')}-${each.kind}-${mode}`);
  mkdirSync(cwd);
  if (each.kind === 'local') {
    writeFileSync(join(cwd, 'zebu.yml'), 'app: {name: shop}\nproxmox: {host: pve.example}\nsecrets: {KEY: {}}\n');
    writeFileSync(join(cwd, 'compose.yml'), 'services: {web: {image: "web:1"}}\n');
    if (each.id === 'ci:init') {
      mkdirSync(join(cwd, '.git'));
      writeFileSync(join(cwd, 'zebu.tgz'), gzipSync('a package'));
    }
  }
  const run = await inMode(mode, each.args, { cwd, env: bare.env });
  const neutral = (text: string): string => text.replaceAll(cwd, '/project').replaceAll(top, '/top');
  runs.set(key(each, mode), { ...run, stdout: neutral(run.stdout), stderr: neutral(run.stderr) });
}

beforeAll(async () => {
  const queue = cases.flatMap((each) =>
    // A flag that is not there is refused before anything looks at who is asking.
    (each.kind === 'flag' ? (['json'] as const) : MODES).map((mode) => () => once(each, mode)),
  );
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await next();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}, 900_000);
afterAll(() => {
  bare.remove();
  rmSync(top, { recursive: true, force: true });
});

const inAllModes = cases.filter(({ kind }) => kind !== 'flag');

describe('every command', () => {
  it('is one of those of the packages', () => {
    expect(commands.length).toBeGreaterThan(50);
    expect(Object.keys(LOCAL).filter((id) => !commands.some(([each]) => each === id))).toEqual([]);
  });

  it.each(inAllModes)('$id ($kind) ends the same for every caller', (each) => {
    const codes = MODES.map((mode) => [mode, ran(each, mode).code]);
    expect(codes, ran(each, 'terminal').stdout).toEqual(MODES.map((mode) => [mode, ran(each, 'pipe').code]));
    expect(Object.values(ERROR_CODES)).toContain(ran(each, 'pipe').code === 0 ? 1 : ran(each, 'pipe').code);
    expect(ran(each, 'pipe').code).not.toBe(1);
    if (each.kind === 'local') expect(ran(each, 'pipe'), label(each)).toMatchObject({ code: 0 });
  });

  it.each(inAllModes)('$id ($kind) has no colour and nothing that moves in a pipe and in CI', (each) => {
    for (const mode of ['pipe', 'ci'] as const) {
      const { stdout, stderr } = ran(each, mode);
      expect(stdout + stderr).not.toMatch(/[\u001B\r\u0008]|[⠁-⣿]/u);
    }
    expect(ran(each, 'ci')).toEqual(ran(each, 'pipe'));
  });

  it.each(inAllModes)('$id ($kind) says the same on a terminal, and asks nothing', (each) => {
    const { stdout, stderr } = ran(each, 'pipe');
    const shown = plain(ran(each, 'terminal').stdout).trim().split('\n').toSorted();
    expect(shown).toEqual(
      plain(stdout + stderr)
        .trim()
        .split('\n')
        .toSorted(),
    );
  });

  it.each(cases)('$id ($kind) prints one published envelope with --json, and the error that a person reads', (each) => {
    const { stdout, stderr, code } = ran(each, 'json');
    expect(publishedProblem(stdout)).toBeUndefined();
    const envelope = JSON.parse(stdout) as {
      ok: boolean;
      command: string;
      error?: { code: keyof typeof ERROR_CODES; exit: number; message: string; hint?: string };
    };
    expect(envelope.command).toBe(each.id);
    if (!(REPORTS.has(each.id) && envelope.ok)) expect(envelope.ok).toBe(code === 0);
    const { error } = envelope;
    if (error === undefined) return;
    expect(stderr).toBe('');
    expect([error.exit, ERROR_CODES[error.code]]).toEqual([code, code]);
    if (each.kind === 'flag') return;
    const said = ran(each, 'pipe');
    expect(said.stdout).toBe('');
    expect(said.stderr).toBe(`Error: ${error.message}\n${error.hint === undefined ? '' : `  -> ${error.hint}\n`}`);
  });

  it.each(cases.filter(({ kind }) => kind === 'flag'))('$id refuses a flag that it does not have', (each) => {
    const { error } = JSON.parse(ran(each, 'json').stdout) as { error: { code: string; message: string } };
    expect(error).toMatchObject({ code: 'USAGE', message: 'Nonexistent flag: --no-such-flag' });
  });

  it('says what it always said, without configuration and with what it needs', async () => {
    const golden = inAllModes.map((each) => {
      const { code, stdout, stderr } = ran(each, 'pipe');
      // What is generated has golden files of its own, or none.
      const text = stdout.length > 1500 ? `(${stdout.split('\n', 1)[0] ?? ''} …)\n` : stdout;
      const versions = /^(ok +(?:node|git|ssh) +).*$/gm;
      return `$ zebu ${label(each)}\n${text.replaceAll(versions, '$1…')}${stderr}[${code}]\n`;
    });
    await expect(golden.join('\n')).toMatchFileSnapshot('modes.golden.txt');
  });
});

describe('a command that there is not', () => {
  it.each([
    [['vm:creat'], 'vm:create'],
    [['vm', 'creat'], 'vm:create'],
    [['app:lgos'], 'app:logs'],
    [['secret:rotate'], 'secrets:rotate'],
    [['plugins:instal'], 'plugins:install'],
  ])('zebu %j was meant to be %s', async (args, meant) => {
    const run = await zebu(args, { cwd: top, env: bare.env });
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain(`Did you mean ${meant}?`);
  });

  it('is an envelope with --json', async () => {
    const run = await zebu(['nothing:like', '--json'], { cwd: top, env: bare.env });
    expect(run).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(run.stdout)).toMatchObject({ ok: false, command: 'nothing:like', error: { code: 'USAGE' } });
  });
});
