/** Blocks of the documentation that somebody would copy: commands that are there, and a zebu.yml that is taken. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configKeys } from '../../../src/lib/config/keys.js';
import { configSchema } from '../../../src/lib/config/schema.js';
import { ROOT } from '../../support/cli.js';
import { allBlocks, blocksOf, PAGES, typedIn, typedOf, type Block, type Typed } from '../../support/doc-blocks.js';

interface Option {
  readonly char?: string;
  readonly type: 'boolean' | 'option';
  readonly allowNo?: boolean;
  readonly options?: readonly string[];
  readonly multiple?: boolean;
  readonly env?: string;
}

interface Command {
  readonly aliases?: readonly string[];
  readonly hiddenAliases?: readonly string[];
  readonly strict?: boolean;
  readonly args: Readonly<Record<string, { readonly required?: boolean; readonly options?: readonly string[] }>>;
  readonly flags: Readonly<Record<string, Option>>;
}

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const commands = new Map<string, Command>();
for (const file of globSync(['oclif.manifest.json', 'plugins/*/oclif.manifest.json'], { cwd: ROOT })) {
  const manifest = JSON.parse(read(file)) as { commands: Record<string, Command> };
  for (const [id, command] of Object.entries(manifest.commands))
    for (const name of [id, ...(command.aliases ?? []), ...(command.hiddenAliases ?? [])]) commands.set(name, command);
}

const OF_ALL: readonly (readonly [string, Option])[] = [
  ['help', { char: 'h', type: 'boolean' }],
  ['version', { char: 'v', type: 'boolean' }],
  ['json', { type: 'boolean' }],
];

/** NAME, <name> and … stand for something else. */
const isPlaceholder = (word: string): boolean => /^[A-Z_]+$|…|^<.*>$|^\$/.test(word);

/** What is wrong with a command line; nothing when zebu would take it. */
function wrong({ at, words }: Typed): readonly string[] {
  const [id = '', ...rest] = words;
  const line = `${at}: zebu ${words.join(' ')}`;
  if (id === 'help' || OF_ALL.some(([name, { char }]) => id === `--${name}` || id === `-${char ?? ''}`)) return [];
  const command = commands.get(id);
  if (command === undefined) return [`${line}: there is no ${id}`];
  const flags = [...Object.entries(command.flags), ...OF_ALL];
  const problems: string[] = [];
  const values: string[] = [];
  for (let index = 0; index < rest.length; index++) {
    const word = rest[index] ?? '';
    if (word === '--') {
      if (command.strict === false) break;
      continue;
    }
    if (!/^--?[a-z]/.test(word)) {
      values.push(word);
      continue;
    }
    const [name = '', given] = word.split('=', 2);
    const [, flag] =
      flags.find(
        ([own, { char, allowNo }]) =>
          name === `--${own}` || name === `-${char ?? ''}` || (allowNo === true && name === `--no-${own}`),
      ) ?? [];
    if (flag === undefined) problems.push(`${line}: ${id} has no ${name}`);
    if (flag?.type !== 'option') continue;
    const value = given ?? rest[++index] ?? '';
    if (value === '') problems.push(`${line}: ${name} needs a value`);
    if (flag.options !== undefined && !isPlaceholder(value) && !flag.options.includes(value))
      problems.push(`${line}: ${name} cannot be ${value}`);
  }
  const args = Object.entries(command.args);
  if (command.strict !== false && values.length > args.length)
    problems.push(`${line}: ${id} takes no ${values[args.length] ?? ''}`);
  for (const [index, [name, { required, options }]] of args.entries()) {
    const value = values[index];
    if (value === undefined && required === true) problems.push(`${line}: ${name} is missing`);
    if (value !== undefined && options !== undefined && !isPlaceholder(value) && !options.includes(value))
      problems.push(`${line}: ${name} cannot be ${value}`);
  }
  return problems;
}

/** Scripts of package.json are the other thing that people are told to run. */
const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
const OF_NPM = new Set(['ci', 'install', 'pack']);
const npmScripts = (block: Block): readonly string[] =>
  block.lines.flatMap((line) => /^npm (?:run )?([\w:]+)/.exec(line)?.[1] ?? []);

const TOP_LEVEL = new Set(Object.keys(configSchema.shape));

/** Stands for what a page leaves out. */
const whole = (yaml: string): string =>
  yaml
    .replaceAll('sha512:…', `sha512:${'0'.repeat(128)}`)
    .replaceAll("'AA:BB:…'", `'${Array.from({ length: 32 }, () => 'AA').join(':')}'`);

/** What is wrong with a zebu.yml, or a part of one. */
function wrongYaml({ page, line, lines }: Pick<Block, 'line' | 'lines' | 'page'>): readonly string[] {
  const at = `${page}:${line}`;
  const data = parse(whole(lines.join('\n'))) as Record<string, Record<string, unknown>>;
  const foreign = Object.keys(data).filter((key) => !TOP_LEVEL.has(key));
  if (foreign.length > 0) return [`${at}: not of zebu.yml: ${foreign.join(', ')}; what it is belongs into a marker`];
  const parsed = configSchema.safeParse({
    ...data,
    app: { name: 'docs', ...data['app'] },
    proxmox: { host: 'pve', ...data['proxmox'] },
  });
  return (parsed.error?.issues ?? []).map(({ path, message }) => `${at}: ${path.join('.')}: ${message}`);
}

const blocks = allBlocks();
const checked = blocks.filter(({ notRun }) => notRun === undefined);

describe('blocks of the documentation', () => {
  it('hold commands, flags, values and arguments that there are', () => {
    const typed = checked.filter(({ kind }) => kind === 'shell').flatMap(typedOf);
    expect(typed.length).toBeGreaterThan(150);
    expect(typed.flatMap(wrong)).toEqual([]);
  });

  it('are checked, or say above them why they are not', () => {
    const unchecked = checked.filter((block) => {
      if (block.kind !== 'shell') return false;
      return typedOf(block).length === 0 && npmScripts(block).length === 0;
    });
    expect(unchecked.map(({ page, line, lines }) => `${page}:${line}: ${lines[0] ?? ''}`)).toEqual([]);
    expect(checked.flatMap(npmScripts).filter((name) => !OF_NPM.has(name) && scripts[name] === undefined)).toEqual([]);
    const needless = blocks.filter(({ kind, notRun }) => kind === 'other' && notRun !== undefined);
    expect(needless.map(({ page, line }) => `${page}:${line}`)).toEqual([]);
  });

  it('that are of zebu.yml are taken by its schema', () => {
    const yaml = checked.filter(({ kind }) => kind === 'yaml');
    expect(yaml.length).toBeGreaterThan(10);
    expect(yaml.flatMap(wrongYaml)).toEqual([]);
  });

  it('and the pages around them name variables that there are', async () => {
    const source = globSync(
      ['src/**/*.{ts,sh}', 'plugins/*/src/**/*.ts', 'scripts/**/*.ts', 'test/**/*.ts', 'bin/*.js'],
      { cwd: ROOT },
    );
    const ofKeys = (await configKeys()).map(({ variable }) => variable);
    const ofFlags = [...commands.values()].flatMap(({ flags }) => Object.values(flags).map(({ env }) => env));
    const inSource = source.flatMap((file) => read(file).match(/\bZEBU_[A-Z0-9_]+\b/g) ?? []);
    const known = new Set([...ofKeys, ...ofFlags, ...inSource]);
    const named = PAGES.flatMap((page) =>
      [...read(page).matchAll(/\bZEBU_[A-Z0-9_]*[A-Z0-9]\b(?![_*…])/g)].map(([name]) => ({ page, name })),
    );
    expect(named.length).toBeGreaterThan(100);
    expect(named.filter(({ name }) => !known.has(name))).toEqual([]);
  });
});

describe('a block', () => {
  const [fenced, marked, indented] = blocksOf(
    'x',
    '```sh\nzebu vm:status\n```\n\n<!-- not run: on the host -->\n\n    pveum role add\n\ntext\n\n    $ zebu app:logs  # all\n\n    zebu doctor\n',
  );

  it('is found with its kind, its marker and its place', () => {
    expect(fenced).toMatchObject({ line: 2, kind: 'shell', lines: ['zebu vm:status'], notRun: undefined });
    expect(marked).toMatchObject({ line: 7, kind: 'shell', notRun: 'on the host' });
    expect(indented === undefined ? [] : typedOf(indented)).toEqual([
      { at: 'x:11', words: ['app:logs'] },
      { at: 'x:13', words: ['doctor'] },
    ]);
  });

  it('has words as a shell would', () => {
    expect(typedIn('eval "$(zebu completion bash)"')).toEqual([['completion', 'bash']]);
    expect(typedIn('TOKEN=a zebu app:exec db -- psql -c "select 1" | less')).toEqual([
      ['app:exec', 'db', '--', 'psql', '-c', 'select 1'],
    ]);
    expect(typedIn('zebu plugins:update                 each within')).toEqual([['plugins:update']]);
  });

  it.each([
    ['vm:creat', 'there is no vm:creat'],
    ['vm:status --last year', '--last cannot be year'],
    ['app:maintenance', 'state is missing'],
    ['app:maintenance maybe', 'state cannot be maybe'],
    ['vm:status now', 'vm:status takes no now'],
    ['app:logs --tail', '--tail needs a value'],
    ['app:run web -- ls --color', undefined],
  ])('is not believed when it says zebu %s', (line, problem) => {
    const found = wrong({ at: 'x:1', words: line.split(' ') });
    if (problem === undefined) expect(found).toEqual([]);
    else expect(found).toEqual([expect.stringContaining(problem)]);
  });

  it('of YAML is not taken with a key that there is not', () => {
    const yaml = (text: string): readonly string[] => wrongYaml({ page: 'x', line: 1, lines: text.split('\n') });
    expect(yaml('vm:\n  coers: 2')).toEqual([expect.stringContaining('coers')]);
    expect(yaml('jobs: {}')).toEqual([expect.stringContaining('not of zebu.yml')]);
    expect(yaml('vm:\n  cores: 2')).toEqual([]);
  });
});
