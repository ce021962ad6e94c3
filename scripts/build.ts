/** Compiles core and plugins, then writes what is generated from them: the command manifest, schema and reference. */
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(args: readonly string[], cwd = root): void {
  const { status } = spawnSync(process.execPath, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
}

const { status } = spawnSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-b'], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);
// Without a manifest oclif would import every command file to start any one of them.
for (const folder of [root, `${root}plugins/lab`])
  run([`${root}node_modules/oclif/bin/run.js`, 'manifest', folder], folder);
run(['scripts/generate.ts']);
chmodSync(`${root}bin/run.js`, 0o755);
writeFileSync(`${root}dist/.stamp`, '');
