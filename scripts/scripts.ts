/**
 * What no compiler reads: `dash -n` and shellcheck over every shell script, as it lies here and as it is put together for
 * the VM; and what not every VM knows. `npm run check` runs it. Exceptions stand in the scripts, each with its reason.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundling } from './bundle.ts';
import { unportableInFile } from './portable.ts';
import { scriptText } from './script-text.ts';
import { shellInFile } from './shell-in-code.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Of a part alone: it uses what others set, and sets what others use. The program as a whole is held to both. */
const OF_PARTS = ['SC2154', 'SC2034'];
/** What the plan of a release, the notes of a transaction and the last argument of `read` hold. */
const FROM_FILES =
  /^(?:folder|project|files|stability|timeout|build_timeout|min_free|min_memory|probe_(?:name|timeout|interval)|tx_\w+|commands?|how|restarts)$/;

function ran(program: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: root, encoding: 'utf8', input });
  if (error !== undefined) {
    console.error(
      `${program} is not installed: apt-get install ${program} (Debian, Ubuntu), brew install ${program} (macOS)`,
    );
    process.exit(1);
  }
  return status === 0 ? '' : stdout + stderr;
}

const findings: string[] = [];
const ALL = globSync(['src/**/*.sh', 'plugins/*/src/**/*.sh', 'scripts/**/*.sh', 'bench/*.sh'], {
  cwd: root,
}).toSorted();
/** For bash where the first line says so: what a workflow runs, and completions. */
const isBash = (part: string): boolean =>
  readFileSync(`${root}${part}`, 'utf8').startsWith('# shellcheck shell=bash\n');
const parts = ALL.filter((part) => !isBash(part));
const ofBash = [...ALL.filter(isBash), ...globSync('src/**/*.bash', { cwd: root })];
for (const part of parts) {
  findings.push(ran('dash', ['-n', part]));
  const text = scriptText(`${root}${part}`);
  if (/^[ \t]*# include /m.test(readFileSync(`${root}${part}`, 'utf8'))) findings.push(ran('dash', ['-n'], text));
}
findings.push(ran('shellcheck', ['--shell=sh', '--format=gcc', `--exclude=${OF_PARTS.join(',')}`, ...parts]));
findings.push(ran('shellcheck', ['--shell=bash', '--format=gcc', ...ofBash]));
const hostPrograms = ['enter', 'login', 'program', 'virt-customize'].map((name) => `plugins/lab/host-shell/${name}`);
findings.push(ran('shellcheck', ['--shell=sh', '--format=gcc', `--exclude=${OF_PARTS.join(',')}`, ...hostPrograms]));

mkdirSync(`${root}.build`, { recursive: true });
await build({ ...bundling(root), entryPoints: ['src/lib/runner/index.ts'], outfile: '.build/runner.mjs' });
const bundled = '../.build/runner.mjs';
const { RUNNER } = (await import(bundled)) as { RUNNER: string };
writeFileSync(`${root}.build/runner.sh`, RUNNER);
findings.push(ran('dash', ['-n', '.build/runner.sh']));
// The exceptions of the parts are no part of what is sent: here only what the parts cannot be asked.
const ofRunner = ran('shellcheck', ['--shell=sh', '--format=gcc', '--include=SC2154,SC2034', '.build/runner.sh']);
findings.push(
  ofRunner
    .split('\n')
    .filter((line) => !FROM_FILES.test(/ (?:warning|note): (\w+) (?:is referenced|appears)/.exec(line)?.[1] ?? ''))
    .join('\n'),
);

const code = globSync(['src/**/*.ts', 'plugins/*/src/**/*.ts', 'scripts/**/*.ts', 'bench/*.ts'], {
  cwd: root,
}).toSorted();
const inCode = code.flatMap((path) => shellInFile(root, path));
findings.push(...inCode);
const awk = globSync(['src/**/*.awk', 'plugins/*/src/**/*.awk'], { cwd: root }).toSorted();
for (const part of [...parts, ...awk]) findings.push(...unportableInFile(root, part));
for (const program of globSync(['src/**/*.pl', 'plugins/*/src/**/*.pl'], { cwd: root }).toSorted()) {
  // Modules of Proxmox are loaded while it runs.
  const said = spawnSync('perl', ['-c'], { input: scriptText(`${root}${program}`), encoding: 'utf8' }).stderr;
  if (!said.endsWith('syntax OK\n')) findings.push(`${program}: ${said}`);
}

const said = findings.join('').trim();
if (said !== '') console.error(said);
console.log(
  `${ALL.length} shell scripts and what is put together from them: ${said === '' ? 'no finding' : 'see above'}; shell in TypeScript: ${inCode.length} places`,
);
process.exitCode = said === '' ? 0 : 1;
