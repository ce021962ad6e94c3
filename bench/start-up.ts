/** What a command costs that touches nothing remote, as a ratio to `node -e 0` in the same run. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installMany } from './many-plugins.ts';
import { printRounds, spent, type Case } from './spent.ts';

const zebu = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const PLUGINS = 10;

/** @param rounds each case once a round */
export function benchStartUp(rounds: number): void {
  const cwd = mkdtempSync(join(tmpdir(), 'zebu-bench-'));
  writeFileSync(join(cwd, 'zebu.yml'), 'app: {name: bench}\n');
  const node = (argv: readonly string[], data = 'none') => ({
    once: () =>
      spent([process.execPath, ...argv], cwd, { XDG_DATA_HOME: join(cwd, data), XDG_CACHE_HOME: join(cwd, 'cache') }),
  });
  const show = 'zebu config:show';
  const cases: readonly Case[] = [
    { name: 'node -e 0', ...node(['-e', '0']) },
    { name: 'zebu --version', ...node([zebu, '--version']), aim: 1.5 },
    { name: 'zebu --help', ...node([zebu, '--help']), aim: 2 },
    { name: 'zebu app:deploy --help', ...node([zebu, 'app:deploy', '--help']), aim: 2 },
    { name: 'zebu completion bash', ...node([zebu, 'completion', 'bash']), aim: 2 },
    { name: 'zebu __complete app:', ...node([zebu, '__complete', 'app:']), aim: 2 },
    { name: show, ...node([zebu, 'config:show']), aim: 2 },
    { name: 'zebu providers', ...node([zebu, 'providers']), aim: 2 },
    { name: `${show}, ${PLUGINS} plugins`, ...node([zebu, 'config:show'], 'many'), over: show, aim: 1.3 },
  ];
  try {
    installMany(PLUGINS, join(cwd, 'many', 'zebu'));
    printRounds('start-up', cases, rounds);
  } finally {
    rmSync(cwd, { recursive: true });
  }
}
