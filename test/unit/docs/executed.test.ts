/** What the documentation says to type and that needs no host is typed, in a folder of a project. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { zebu } from '../../support/cli.js';
import { allBlocks, typedOf } from '../../support/doc-blocks.js';

/** Commands that look at nothing but this machine, and flags of theirs that do not. */
const LOCAL = new Set([
  'ci:init',
  'completion',
  'config:schema',
  'config:show',
  'init',
  'plugin:new',
  'plugins',
  'providers',
]);
const AWAY = new Set(['--from-host']);

/** Beside each other they would time each other out on a small machine. */
const AT_ONCE = 3;

const isLocal = (words: readonly string[]): boolean =>
  words.includes('--help') ||
  words[0] === '--version' ||
  // Of a host whose version is said it asks nothing.
  (words[0] === 'doctor' && words.includes('--pve')) ||
  (LOCAL.has(words[0] ?? '') &&
    !words.some((word) => AWAY.has(word)) &&
    // Without the file it asks the registry.
    (words[0] !== 'ci:init' || words.includes('--package')));

const lines = [
  ...new Set(
    allBlocks()
      .filter(({ kind, notRun }) => kind === 'shell' && notRun === undefined)
      .flatMap(typedOf)
      .filter(({ words }) => isLocal(words))
      .map(({ words }) => words.join('\0')),
  ),
].map((line) => line.split('\0'));

/** A clone of an app; `init` makes the zebu.yml that the others find. */
function project(words: readonly string[]): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'zebu-docs-')), 'shop');
  mkdirSync(folder);
  writeFileSync(join(folder, 'compose.yml'), 'services: {web: {image: x}}\n');
  if (words[0] !== 'init') {
    writeFileSync(join(folder, 'zebu.yml'), 'app: {name: shop}\nproxmox: {host: pve}\n');
    writeFileSync(join(folder, 'zebu.staging.yml'), 'vm: {cores: 1}\n');
  }
  const file = words[words.indexOf('--package') + 1];
  if (words.includes('--package') && file !== undefined) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), gzipSync('a package'));
  }
  spawnSync('git', ['init', '-q', '-b', 'main'], { cwd: folder });
  return folder;
}

async function type(words: readonly string[]): Promise<string[]> {
  const folder = project(words);
  const home = join(folder, '../home');
  try {
    const run = await zebu(words, {
      cwd: folder,
      env: { HOME: home, XDG_CONFIG_HOME: undefined, XDG_DATA_HOME: undefined, ZEBU_STATE_DIR: join(home, 'state') },
      timeoutMs: 60_000,
    });
    const said = run.stdout.trim() === '' ? ['said nothing'] : [];
    return run.code === 0 ? said : [`ended with ${run.code}: ${run.stderr.trim()}`];
  } finally {
    rmSync(join(folder, '..'), { recursive: true, force: true });
  }
}

it('what is typed without a host works as it is written', { timeout: 180_000 }, async () => {
  expect(lines.length).toBeGreaterThan(8);
  const left = [...lines];
  const problems: string[] = [];
  const worker = async (): Promise<void> => {
    for (let words = left.shift(); words !== undefined; words = left.shift()) {
      const found = await type(words);
      problems.push(...found.map((problem) => `zebu ${(words ?? []).join(' ')}: ${problem}`));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  expect(problems).toEqual([]);
});
