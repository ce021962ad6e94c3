/**
 * Zebu as one file. `npm run pack`: a package that npm installs without asking any registry, with the plugins and all they
 * depend on inside. `npm run pack -- --node linux-x64` (or linux-arm64): an archive with its own Node, for machines that
 * have none, or an old one. The path of the file is what is printed.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const work = join(root, '.build/pack');
const PLATFORMS = ['linux-x64', 'linux-arm64'];
/** Optional, and of no use unless something compiles it. */
const LEFT_OUT = ['cpu-features', 'nan', 'buildcheck'];
/** Of others' packages, what nothing runs: a third of the files, and what npm takes longest for is their number. */
const NOT_RUN = /\.(map|d\.[cm]?ts)$|^(npm\/(docs|man)|zod\/src|ssh2\/(test|examples))(\/|$)/;

interface Manifest {
  version: string;
  workspaces?: string[];
  dependencies?: Record<string, string>;
  [key: string]: unknown;
}
const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

function stop(message: string): never {
  console.error(`error: ${message}`);
  process.exit(1);
}

function run(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (error !== undefined || status !== 0)
    stop(`${program} ${args.join(' ')}: ${(error?.message ?? stderr).trim().split('\n').at(-1) ?? ''}`);
  return stdout;
}

const npm = (args: readonly string[], cwd: string): string =>
  run(process.execPath, [join(root, 'node_modules/npm/bin/npm-cli.js'), ...args], cwd);

/** What `npm pack` puts into the package of a folder, unpacked into another. */
function unpack(what: string, cwd: string, into: string, ...flags: readonly string[]): void {
  const answer = npm(['pack', what, '--json', '--loglevel=error', '--pack-destination', work, ...flags], cwd);
  const parsed = JSON.parse(answer.slice(answer.search(/^[[{]/m))) as Record<string, { filename: string }>;
  const file = join(work, Object.values(parsed)[0]?.filename ?? '');
  mkdirSync(into, { recursive: true });
  run('tar', ['-xzf', file, '-C', into, '--strip-components=1'], work);
  rmSync(file);
}

/** The packages and everything they need at run time, as the lockfile has it. @returns the top folders of node_modules */
function fill(stage: string): readonly string[] {
  const { workspaces = [] } = manifestOf(root);
  const plugins = globSync(workspaces, { cwd: root }).filter((path) => existsSync(join(root, path, 'package.json')));
  // It was built just now, before this began.
  unpack('.', root, stage, '--ignore-scripts');
  for (const each of plugins) {
    const { name } = manifestOf(join(root, each)) as unknown as { name: string };
    unpack('.', join(root, each), join(stage, 'node_modules', name));
  }
  const modules = join(root, 'node_modules');
  const needed = npm(['ls', '--omit=dev', '--all', '--parseable', '--loglevel=error'], root)
    .split('\n')
    .map((path) => relative(modules, path))
    // The plugins are links to their folders, and what lies within another package is copied with it.
    .filter((path) => path !== '' && !path.startsWith('..') && !path.includes('node_modules'))
    .filter((path) => !path.startsWith('@zebu/') && !LEFT_OUT.includes(path));
  const filter = (path: string): boolean => !NOT_RUN.test(relative(modules, path));
  for (const path of needed)
    cpSync(join(modules, path), join(stage, 'node_modules', path), { recursive: true, filter });
  return [...plugins.map((each) => (manifestOf(join(root, each)) as unknown as { name: string }).name), ...needed];
}

/** A package that brings everything it depends on: npm takes it from there. */
function bundleAll(stage: string, names: readonly string[]): void {
  const { workspaces: _, scripts: __, devDependencies: ___, allowScripts: ____, ...manifest } = manifestOf(stage);
  const versions = Object.fromEntries(
    names.toSorted().map((name) => [name, manifestOf(join(stage, 'node_modules', name)).version]),
  );
  const whole = { ...manifest, dependencies: versions, bundleDependencies: Object.keys(versions) };
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(whole, null, 2)}\n`);
}

/** Its own Node, which bin/run.js looks for, and a start that needs no other. */
function addNode(stage: string, platform: string): void {
  const { version } = manifestOf(join(root, 'node_modules/node'));
  const into = join(stage, 'node_modules/node');
  if (platform === `${process.platform}-${process.arch}`) {
    mkdirSync(join(into, 'bin'), { recursive: true });
    cpSync(process.execPath, join(into, 'bin/node'));
  } else unpack(`node-${platform}@${version}`, work, into);
  cpSync(join(root, 'scripts/pack/zebu.sh'), join(stage, 'bin/zebu'));
  chmodSync(join(stage, 'bin/zebu'), 0o755);
}

const { values } = parseArgs({ options: { node: { type: 'string' } } });
if (values.node !== undefined && !PLATFORMS.includes(values.node))
  stop(`--node ${values.node}: there is ${PLATFORMS.join(' and ')}`);
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const { version } = manifestOf(root);
const stage = join(work, 'package');
const names = fill(stage);
bundleAll(stage, names);
const file = join(root, values.node === undefined ? `zebu-${version}.tgz` : `zebu-${version}-${values.node}.tar.gz`);
if (values.node !== undefined) {
  addNode(stage, values.node);
  renameSync(stage, join(work, `zebu-${version}`));
}
const folder = values.node === undefined ? 'package' : `zebu-${version}`;
run('tar', ['-czf', file, '--owner=0', '--group=0', '--numeric-owner', '-C', dirname(stage), folder], root);
rmSync(work, { recursive: true, force: true });
const size = (statSync(file).size / 1e6).toFixed(1);
console.error(
  values.node === undefined
    ? `${size} MB; install it: npm install -g ${file}`
    : `${size} MB; unpack it anywhere, and start bin/zebu`,
);
console.log(file);
