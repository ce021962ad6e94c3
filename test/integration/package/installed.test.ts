/** The packages as a user gets them: packed, installed into an empty prefix, run in an empty home. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, zebu, type CliRun } from '../../support/cli.js';
import { install, type Installation } from '../../support/installation.js';
import { packageFolders } from '../../support/packed.js';
import { publishedProblem } from '../../support/published.js';
import { describePlugins } from './plugins.js';

let installation: Installation;

function run(args: readonly string[], cwd = installation.at('empty')): Promise<CliRun> {
  return zebu(args, { cwd, program: installation.program, env: installation.env, timeoutMs: 120_000 });
}

beforeAll(() => {
  installation = install();
}, 400_000);
afterAll(() => installation.remove());

describe('a package', () => {
  it('holds what runs and nothing else, and no other package', () => {
    for (const { name, files, size } of installation.packages) {
      const foreign = files.filter(
        (path) =>
          !/^(bin|dist|schema|templates|man|guest-image|host-shell)\/|^(package\.json|oclif\.manifest\.json|README\.md|LICENSE)$/.test(
            path,
          ),
      );
      expect(foreign, name).toEqual([]);
      expect(files, name).toContain('LICENSE');
      expect(
        files.filter((path) => /\.tsbuildinfo$|\.stamp$|node_modules\/|\.test\.[jt]s$/.test(path)).length,
        name,
      ).toBe(
        // The template of a plugin brings its own tests.
        files.filter((path) => /^templates\/.*\.test\.[jt]s$/.test(path)).length,
      );
      expect(size, name).toBeLessThan(4 << 20);
    }
  });

  it('brings what its schemas refer to', () => {
    const { files = [] } = installation.packages.find(({ name }) => name === 'zebu') ?? {};
    const referred = files
      .filter((path) => path.startsWith('schema/'))
      .flatMap((path) =>
        [...readFileSync(join(ROOT, path), 'utf8').matchAll(/"\$ref": "([^"#]+)/g)].map(([, to = '']) =>
          posix.join(posix.dirname(path), to),
        ),
      );
    expect(referred.length).toBeGreaterThan(60);
    expect(referred.filter((path) => !files.includes(path))).toEqual([]);
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
  it('says what it can do', async () => {
    const help = await run(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/TOPICS\n\s+app .*[\s\S]*\n\s+vm /);
    expect((await run(['--version'])).stdout).toMatch(/^zebu\/\d+\.\d+\.\d+ /);
  });

  it('has the transports and secret sources that come with it', async () => {
    const { stdout, code } = await run(['providers', '--json']);
    expect(code).toBe(0);
    const { result } = JSON.parse(stdout) as {
      result: { providers: { id: string; from: string }[]; problems: unknown };
    };
    expect(result.providers.map(({ id }) => id).toSorted()).toEqual(['api', 'dotenv', 'env', 'github', 'ssh']);
    expect(result.problems).toEqual([]);
  });

  it('says in one line what is missing, and what to do', async () => {
    const status = await run(['vm:status']);
    expect(status).toMatchObject({ code: 3, stdout: '' });
    expect(status.stderr).toMatch(/^Error: No zebu\.yml in .*\n {2}-> Write one with zebu init.*\n$/);
    const json = await run(['vm:status', '--json']);
    expect(json).toMatchObject({ code: 3, stderr: '' });
    expect(publishedProblem(json.stdout)).toBeUndefined();
  });

  it('reaches for Proxmox with its own transport', async () => {
    const project = installation.at('project');
    mkdirSync(project);
    const known = 'proxmox: {host: 127.0.0.1, port: 1}\n';
    writeFileSync(join(project, 'zebu.yml'), `app: {name: shop}\n${known}`);
    for (const transport of ['ssh', 'api']) {
      const { code, stdout } = await run(['vm:status', '--json', '--set', `proxmox.transport=${transport}`], project);
      const { error } = JSON.parse(stdout) as { error: { code: string } };
      expect([transport, code]).toEqual([transport, transport === 'ssh' ? 4 : 3]);
      expect(error.code).toBe(transport === 'ssh' ? 'UNREACHABLE' : 'CREDENTIAL_MISSING');
    }
  });

  it('scaffolds a plugin from the templates it brings', async () => {
    const made = await run(['plugin:new', 'vault', '--secrets']);
    expect(made, made.stderr).toMatchObject({ code: 0 });
    expect(readdirSync(installation.at('empty/zebu-plugin-vault'))).toContain('package.json');
  });
});

describePlugins(() => installation);
