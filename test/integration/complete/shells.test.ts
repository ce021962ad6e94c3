/**
 * What the scripts of `zebu completion` do in the shells they are for. There is no PowerShell to be had from Debian or the
 * npm registry, so its script is only parsed, by the grammar that editors use.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureHostPackages } from '../../../plugins/lab/src/image/host-packages.js';
import { SCRIPTS } from '../../../src/lib/complete/scripts.js';
import { ROOT } from '../../support/cli.js';
import { git } from '../../support/project.js';
import { programOnTerminal } from '../../support/terminal.js';

const KILL_LINE = '\x15';

const SHELLS = [
  { name: 'zsh', proof: '/usr/bin/zsh', why: 'completes in a test' },
  { name: 'fish', proof: '/usr/bin/fish', why: 'completes in a test' },
];

describe('completion', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zebu-complete-'));
  const bin = join(folder, 'bin');
  const env = { ...process.env, HOME: folder, LC_ALL: 'C.UTF-8', PATH: `${bin}:${process.env['PATH'] ?? ''}` };

  beforeAll(async () => {
    mkdirSync(bin);
    writeFileSync(join(bin, 'zebu'), `#!/bin/sh\nexec "${process.execPath}" "${ROOT}bin/run.js" "$@"\n`, {
      mode: 0o755,
    });
    writeFileSync(join(folder, 'zebu.yml'), 'app: {name: shop}\n');
    writeFileSync(join(folder, 'compose.yml'), 'services: {web: {ports: ["80:80"]}, worker: {}}\n');
    git(folder, 'init', '-q');
    git(folder, 'add', 'zebu.yml');
    git(folder, 'commit', '-qm', 'First');
    for (const tag of ['v1.0', 'v1.1', 'other']) git(folder, 'tag', tag);
    await ensureHostPackages({ packages: SHELLS, log: () => {} });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('in bash has commands behind their colon, flags, tags and services', () => {
    const offered = (line: string): readonly string[] => {
      const script =
        'eval "$(zebu completion bash)"; COMP_LINE=$1 COMP_POINT=${#1}; _zebu; printf "%s\\n" "${COMPREPLY[@]}"';
      const { stdout } = spawnSync('bash', ['--norc', '-c', script, 'bash', line], {
        cwd: folder,
        encoding: 'utf8',
        env,
      });
      return stdout.split('\n').filter((each) => each !== '');
    };
    expect(offered('zebu app:dep')).toEqual(['deploy']);
    expect(offered('zebu completion f')).toEqual(['fish']);
    expect(offered('zebu app:deploy --ta')).toEqual(['--tag']);
    expect(offered('zebu app:deploy --tag v').toSorted()).toEqual(['v1.0', 'v1.1']);
    expect(offered('zebu app:logs w')).toEqual(['web', 'worker']);
  });

  it('in fish has them with what they are', () => {
    mkdirSync(join(folder, '.config/fish/completions'), { recursive: true });
    writeFileSync(join(folder, '.config/fish/completions/zebu.fish'), SCRIPTS.fish);
    const offered = (line: string): readonly string[] => {
      const { stdout, stderr } = spawnSync('fish', ['-c', 'complete -C $argv[1]', line], {
        cwd: folder,
        encoding: 'utf8',
        env,
      });
      expect(stderr).toBe('');
      return stdout.split('\n').filter((each) => each !== '');
    };
    expect(offered('zebu app:dep')).toEqual([expect.stringMatching(/^app:deploy\t\w+/)]);
    expect(offered('zebu completion f')).toEqual([expect.stringMatching(/^fish/)]);
    expect(offered('zebu app:deploy --ta')).toEqual([expect.stringMatching(/^--tag\t\w+/)]);
    expect(offered('zebu app:deploy --tag v').map((each) => each.split('\t', 1)[0])).toEqual(
      expect.arrayContaining(['v1.0', 'v1.1']),
    );
    expect(offered('zebu app:logs w').map((each) => each.split('\t', 1)[0])).toEqual(['web', 'worker']);
  });

  it.each([
    ['loaded from fpath', 'fpath=($HOME/functions $fpath)\nautoload -Uz compinit && compinit -u -D\n'],
    ['evaluated', 'autoload -Uz compinit && compinit -u -D\neval "$(zebu completion zsh)"\n'],
  ])('in zsh happens on the line, %s', async (_, rc) => {
    mkdirSync(join(folder, 'functions'), { recursive: true });
    writeFileSync(join(folder, 'functions/_zebu'), SCRIPTS.zsh);
    writeFileSync(join(folder, '.zshrc'), `PS1='ready> '\n${rc}`);
    const { code, screen } = await programOnTerminal(['zsh', '-i'], {
      cwd: folder,
      env: { ...env, ZDOTDIR: folder },
      size: { rows: 40, columns: 120 },
      // Each is typed once the one before has brought what is in the next line; the last would wait for ever.
      keys: [
        ['ready> ', 'zebu app:dep\t'],
        ['app:deploy', '--ta\t'],
        ['--tag', 'v\t\t'],
        ['v1.1', `${KILL_LINE}zebu app:logs w\t\t`],
        ['worker', `${KILL_LINE}exit\r`],
      ],
    });
    expect(code, screen).toBe(0);
    expect(screen).not.toContain('other');
  });

  it('in PowerShell is a script without a syntax error', async () => {
    // Packed instead of depended on: megabytes for one line of one test.
    const modules = join(folder, 'grammar');
    mkdirSync(modules);
    writeFileSync(join(modules, 'package.json'), '{"private":true}\n');
    const wanted = ['web-tree-sitter@0.26.9', 'tree-sitter-powershell@0.26.4'];
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps', '--no-save'];
    const { status, stderr } = spawnSync('npm', ['install', ...flags, ...wanted], { cwd: modules, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    const { Parser, Language } = createRequire(join(modules, 'package.json'))('web-tree-sitter') as {
      Parser: {
        init(): Promise<void>;
        new (): { setLanguage(it: unknown): void; parse(text: string): { rootNode: { hasError: boolean } } };
      };
      Language: { load(bytes: Uint8Array): Promise<unknown> };
    };
    await Parser.init();
    const parser = new Parser();
    parser.setLanguage(
      await Language.load(
        readFileSync(join(modules, 'node_modules/tree-sitter-powershell/tree-sitter-powershell.wasm')),
      ),
    );
    const broken = (text: string): boolean => parser.parse(text).rootNode.hasError;
    expect(broken(SCRIPTS.powershell)).toBe(false);
    expect(broken(SCRIPTS.powershell.replace(']::new(', ']::new'))).toBe(true);
  });
});
