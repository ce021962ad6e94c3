/** `npm run version:set` in a checkout of its own, as somebody does who makes a release. Long: it installs and builds. */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../../support/cli.js';
import { git } from '../../support/project.js';

const folder = mkdtempSync(join(tmpdir(), 'zebu-version-'));
const npmRun = (...args: readonly string[]): { code: number | null; said: string } => {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', ...args], { cwd: folder, encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
};
const json = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));
const changed = (): readonly string[] => git(folder, 'diff', '--name-only').split('\n').filter(Boolean);

beforeAll(() => {
  // What is here now, committed or not.
  for (const file of git(ROOT, 'ls-files', '-co', '--exclude-standard').split('\n').filter(Boolean))
    cpSync(join(ROOT, file), join(folder, file));
  git(folder, 'init', '-q');
  git(folder, 'add', '-A');
  git(folder, 'commit', '-qm', 'Before');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('gives all packages the version, and leaves a checkout that only has to be committed', () => {
  const run = npmRun('version:set', '9.8.7-rc.1');
  expect(run.code, run.said).toBe(0);
  const manifests = ['package.json', ...globSync('plugins/*/package.json', { cwd: folder })];
  expect(changed().filter((file) => !file.endsWith('package.json'))).toEqual([
    'CHANGELOG.md',
    'man/zebu.1',
    'oclif.manifest.json',
    'package-lock.json',
  ]);
  const asked = new Set<string>();
  for (const file of manifests) {
    const { version, dependencies = {} } = json(file) as { version: string; dependencies?: Record<string, string> };
    expect(version, file).toBe('9.8.7-rc.1');
    for (const [name, wanted] of Object.entries(dependencies)) if (name.startsWith('@zebu/')) asked.add(wanted);
  }
  expect([...asked]).toEqual(['9.8.7-rc.1']);
  expect(readFileSync(join(folder, 'CHANGELOG.md'), 'utf8')).toMatch(/^## Unreleased\n\n## 9\.8\.7-rc\.1 \(\d{4}-/m);

  // The lock says the same, or `npm ci` refuses; what is generated is as it was committed, or `npm run check` does.
  git(folder, 'commit', '-qam', 'zebu 9.8.7-rc.1');
  const build = npmRun('build');
  expect(build.code, build.said).toBe(0);
  expect(build.said).toContain('npm ci');
  expect(changed()).toEqual([]);
  const { stdout } = spawnSync(process.execPath, ['bin/run.js', '--version'], { cwd: folder, encoding: 'utf8' });
  expect(stdout).toMatch(/^zebu\/9\.8\.7-rc\.1 /);
});

it('changes nothing for what is no version, or when there is nothing to release', () => {
  expect(npmRun('version:set', 'v1')).toMatchObject({
    code: 1,
    said: expect.stringContaining('Give a version') as string,
  });
  expect(npmRun('version:set', '9.8.8')).toMatchObject({
    code: 1,
    said: expect.stringContaining('CHANGELOG.md has nothing under "Unreleased"') as string,
  });
  expect(changed()).toEqual([]);
});
