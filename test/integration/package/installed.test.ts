/** The packages as a user gets them: packed, installed into an empty prefix, run in an empty home. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../support/cli.js';
import { npm, pack, packageFolders, packed, type Packed } from '../../support/packed.js';
import { publishedProblem } from '../../support/published.js';

const top = mkdtempSync(join(tmpdir(), 'zebu-installed-'));
const folder = (name: string): string => join(top, name);
afterAll(() => rmSync(top, { recursive: true, force: true }));

let packages: readonly Packed[];
let env: Record<string, string>;

function run(args: readonly string[], cwd = folder('empty')): { code: number | null; stdout: string; stderr: string } {
  const zebu = folder('prefix/bin/zebu');
  const { status, stdout, stderr } = spawnSync(zebu, args, { cwd, env, encoding: 'utf8', timeout: 120_000 });
  return { code: status, stdout, stderr };
}

beforeAll(() => {
  for (const name of ['home', 'empty', 'prefix', 'packs']) mkdirSync(folder(name));
  packages = packageFolders().map((each) => packed(each, folder('packs')));
  // An empty home has no settings of npm; which registry and cache there are belongs to the machine.
  const setting = (key: string): string => npm(['config', 'get', key], { cwd: ROOT }).trim();
  env = {
    HOME: folder('home'),
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    npm_config_registry: setting('registry'),
    npm_config_cache: setting('cache'),
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
  };
  npm(
    ['install', '--global', '--prefix', folder('prefix'), '--ignore-scripts', '--no-audit', '--no-fund'].concat(
      packages.map(({ tarball }) => tarball),
    ),
    { cwd: folder('empty'), env, timeoutMs: 300_000 },
  );
}, 400_000);

describe('a package', () => {
  it('holds what runs and nothing else, and no other package', () => {
    for (const { name, files, size } of packages) {
      const foreign = files.filter(
        (path) =>
          !/^(bin|dist|schema|templates|man|guest-image|host-shell)\/|^(package\.json|oclif\.manifest\.json|README\.md|LICENSE)$/.test(
            path,
          ),
      );
      expect(foreign, name).toEqual([]);
      expect(files.filter((path) => /\.tsbuildinfo$|\.stamp$|node_modules\/|\.test\./.test(path)).length, name).toBe(
        // The template of a plugin brings its own tests.
        files.filter((path) => /^templates\/.*\.test\./.test(path)).length,
      );
      expect(size, name).toBeLessThan(4 << 20);
    }
  });

  it('has the version of the others, and asks for the others in that version', () => {
    for (const each of packageFolders()) {
      const manifest = JSON.parse(readFileSync(join(each, 'package.json'), 'utf8')) as {
        version: string;
        dependencies?: Record<string, string>;
      };
      const ours = Object.entries(manifest.dependencies ?? {}).filter(([name]) => name.startsWith('@zebu/'));
      expect(new Set([manifest.version, ...ours.map(([, range]) => range)]).size, each).toBe(1);
    }
  });
});

describe('installed into an empty prefix, in an empty home', () => {
  it('says what it can do', () => {
    const help = run(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/TOPICS\n\s+app .*[\s\S]*\n\s+vm /);
    expect(run(['--version']).stdout).toMatch(/^zebu\/\d+\.\d+\.\d+ /);
  });

  it('has the transports and secret sources that come with it', () => {
    const { stdout, code } = run(['providers', '--json']);
    expect(code).toBe(0);
    const { result } = JSON.parse(stdout) as {
      result: { providers: { id: string; from: string }[]; problems: unknown };
    };
    expect(result.providers.map(({ id }) => id).toSorted()).toEqual(['api', 'dotenv', 'env', 'github', 'ssh']);
    expect(result.problems).toEqual([]);
  });

  it('says in one line what is missing, and what to do', () => {
    const status = run(['vm:status']);
    expect(status).toMatchObject({ code: 3, stdout: '' });
    expect(status.stderr).toMatch(/^Error: No zebu\.yml in .*\n {2}-> Write one with zebu init.*\n$/);
    const json = run(['vm:status', '--json']);
    expect(json).toMatchObject({ code: 3, stderr: '' });
    expect(publishedProblem(json.stdout)).toBeUndefined();
  });

  it('reaches for Proxmox with its own transport', () => {
    const project = folder('project');
    mkdirSync(project);
    const known = 'proxmox: {host: 127.0.0.1, port: 1}\n';
    writeFileSync(join(project, 'zebu.yml'), `app: {name: shop}\n${known}`);
    for (const transport of ['ssh', 'api']) {
      const { code, stdout } = run(['vm:status', '--json', '--set', `proxmox.transport=${transport}`], project);
      const { error } = JSON.parse(stdout) as { error: { code: string } };
      expect([transport, code]).toEqual([transport, transport === 'ssh' ? 4 : 3]);
      expect(error.code).toBe(transport === 'ssh' ? 'UNREACHABLE' : 'CREDENTIAL_MISSING');
    }
  });

  it('installs a plugin from a tarball', () => {
    const tarball = pack(join(ROOT, 'examples/plugins/secrets-command'), folder('packs'));
    const installed = run(['plugins:install', tarball]);
    expect(installed, installed.stderr).toMatchObject({ code: 0 });
    const { stdout } = run(['providers']);
    expect(stdout).toMatch(/^secrets +command +zebu-plugin-secrets-command +1\.0\.0 +installed/m);
    // All that it left is below the data folder.
    expect(readdirSync(folder('home')).filter((name) => name !== '.local')).toEqual([]);
  });

  it('scaffolds a plugin from the templates it brings', () => {
    const made = run(['plugin:new', 'vault', '--secrets']);
    expect(made, made.stderr).toMatchObject({ code: 0 });
    expect(readdirSync(folder('empty/zebu-plugin-vault'))).toContain('package.json');
  });
});
