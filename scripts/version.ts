/**
 * Prepares a release: `npm run version:set 1.2.0` gives every package the version, makes each ask for the others in it,
 * closes the "Unreleased" section of the changelog, and builds what has the version in it, such as the man page. All packages have one version, and people read one changelog.
 */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The text of a package.json with the version; its order and everything else stay. */
export function withVersion(manifest: string, version: string): string {
  return manifest
    .replace(/^( {2}"version": ")[^"]+(")/m, `$1${version}$2`)
    .replaceAll(/^( +"@zebu\/[\w-]+": ")\d[^"]*(")/gm, `$1${version}$2`);
}

/** The changelog with what was unreleased under the version; undefined when there is nothing to release. */
export function released(changelog: string, version: string, date: string): string | undefined {
  const [before, rest] = changelog.split(/^## Unreleased\n/m);
  const notes = rest?.split(/^## /m, 1)[0]?.trim() ?? '';
  if (before === undefined || rest === undefined || notes === '') return undefined;
  return `${before}## Unreleased\n\n## ${version} (${date})\n${rest}`;
}

function main(version: string | undefined): string | undefined {
  if (version === undefined || !/^\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$/.test(version))
    return 'Give a version: npm run version:set 1.2.0';
  const root = fileURLToPath(new URL('..', import.meta.url));
  const read = (file: string): string => readFileSync(join(root, file), 'utf8');
  const changelog = released(read('CHANGELOG.md'), version, new Date().toISOString().slice(0, 10));
  if (changelog === undefined) return 'CHANGELOG.md has nothing under "Unreleased".';
  writeFileSync(join(root, 'CHANGELOG.md'), changelog);
  for (const file of ['package.json', ...globSync('plugins/*/package.json', { cwd: root })])
    writeFileSync(join(root, file), withVersion(read(file), version));
  const lock = ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status } = spawnSync('npm', lock, { cwd: root, stdio: 'inherit' });
  if (status !== 0) return 'package-lock.json could not be updated.';
  const build = spawnSync(process.execPath, [join(root, 'scripts/build.ts')], { cwd: root, stdio: 'inherit' });
  if (build.status !== 0) return 'zebu could not be built.';
  console.log(`Next: commit, npm run check, then git tag v${version} and push both. See Release in CONTRIBUTING.md.`);
  return undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const problem = main(process.argv[2]);
  if (problem !== undefined) {
    console.error(problem);
    process.exitCode = 1;
  }
}
