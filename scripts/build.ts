/**
 * Type-checks everything, compiles the plugins, bundles the core, and writes what is generated from them.
 *
 * The core is bundled for the sake of start-up (see bundle.ts). Entry points stay one file a command, as oclif wants
 * them; what they share becomes chunks. Heavy libraries that only some commands need stay outside and are imported when
 * used.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { compiledEarly, importCircle } from './compiled-early.ts';
import { bundling, kitFiles, sourceFiles, sshLibrary, withDerived, type Derived } from './bundle.ts';
import { writeKnownHelp } from './known-help.ts';
import { graphOf, together, withoutHandingOn } from './together.ts';
import { calledByUsual } from './usual-commands.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(args: readonly string[], cwd = root): void {
  // oclif reports what it wrote on stdout, which is of no interest here.
  const { status } = spawnSync(process.execPath, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
}

const typescript = spawnSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-b'], {
  cwd: root,
  stdio: 'inherit',
});
if (typescript.status !== 0) process.exit(typescript.status ?? 1);

// What tsc leaves behind: scripts that a plugin reads beside its code.
for (const file of globSync('plugins/*/src/**/*.{sh,awk,pl}', { cwd: root }))
  copyFileSync(`${root}${file}`, `${root}${file.replace('/src/', '/dist/')}`);

const options = bundling(root);
await build({ ...options, entryPoints: ['scripts/derived.ts'], outfile: '.build/derived.mjs' });
const file = '../.build/derived.mjs';
const { derived } = (await import(file)) as { derived: () => Derived };
const workedOut = derived();

const part = `${root}.build/dist`;
rmSync(part, { recursive: true, force: true });
const entryPoints = [
  'src/lib/cli/main.ts',
  'src/lib/cli/help.ts',
  ...globSync(['src/commands/**/*.ts', 'src/hooks/*.ts'], { cwd: root }),
];
const { plugin, prefix } = await together({ ...withDerived(options, workedOut), entryPoints }, [
  { name: 'start', always: true, roots: ['src/lib/cli/main.ts', 'src/lib/command/project-command.ts'] },
  // Asked by commands, too, that have no use for what else asks them.
  { name: 'providers', roots: ['src/lib/providers/registry.ts', 'src/lib/ui/table.ts'] },
  { name: 'config', roots: ['src/lib/config/load.ts'] },
  { name: 'guest', roots: ['src/lib/guest/session.ts', 'src/lib/guest/lines.ts'] },
  { name: 'status', roots: ['src/lib/app/status.ts', 'src/lib/app/status-text.ts'] },
  // Of arguments and of logs, which have no use for what else a deploy loads.
  { name: 'words', roots: ['src/lib/command/worded.ts'] },
  { name: 'masks', roots: ['src/lib/app-folder/secrets/masks.ts'] },
  {
    name: 'deploy',
    roots: ['src/lib/deploy/deploy.ts', 'src/lib/repository/wanted-ref.ts', 'src/lib/ui/ci-report.ts'],
  },
]);
const whole = bundling(root, prefix);
const { metafile } = await build({
  ...withDerived({ ...whole, plugins: [plugin, ...whole.plugins] }, workedOut),
  entryPoints,
  outbase: 'src',
  outdir: part,
  splitting: true,
  metafile: true,
  minifySyntax: true,
  minifyWhitespace: true,
});
const bundled = graphOf(metafile.outputs);
const texts = new Map([...bundled.keys()].map((file) => [file, readFileSync(`${root}${file}`, 'utf8')]));
const ofEntries = Object.entries(metafile.outputs).flatMap(([file, { entryPoint }]) =>
  entryPoint !== undefined && entryPoints.includes(entryPoint) ? [file] : [],
);
for (const [file, text] of withoutHandingOn(texts, bundled, new Set(ofEntries)))
  if (text === undefined) rmSync(`${root}${file}`);
  else writeFileSync(`${root}${file}`, text);
await build({ ...options, entryPoints: ['scripts/generate.ts'], outfile: '.build/generate.mjs' });
await build({ ...options, entryPoints: ['src/lib/guest/last-address.ts'], outfile: '.build/last-address.mjs' });

for (const file of [sshLibrary(root), ...kitFiles(root), ...sourceFiles(root)]) await build(file);

// Swapped in whole: a zebu that is started meanwhile finds the one or the other.
rmSync(`${root}dist`, { recursive: true, force: true });
renameSync(part, `${root}dist`);

// Without a manifest oclif would import every command file to start any one of them. That of zebu is committed; those of
// plugins are only packed.
for (const folder of [root, `${root}plugins/lab/`]) {
  run([`${root}node_modules/oclif/bin/run.js`, 'manifest', folder], folder);
  // oclif lists commands as their imports happened to end; committed files are better the same each time.
  const file = `${folder}oclif.manifest.json`;
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { commands: Record<string, unknown> };
  const commands = Object.fromEntries(Object.entries(manifest.commands).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify({ ...manifest, commands }, null, 2)}\n`);
}
const { commands: own } = JSON.parse(readFileSync(`${root}oclif.manifest.json`, 'utf8')) as {
  commands: Record<string, { readonly aliases: readonly string[]; readonly hiddenAliases: readonly string[] }>;
};
// For cli/own-command.ts: the manifest has all of help in it, and takes as long to read as all else that a start does.
const index = Object.entries(own).map(([id, { aliases, hiddenAliases }]) => [id, [...aliases, ...hiddenAliases]]);
writeFileSync(`${root}dist/command-index.json`, JSON.stringify(Object.fromEntries(index)));
writeKnownHelp(root, `${root}dist/help/`);
const circle = importCircle(new Map([...bundled].map(([file, { once }]) => [file, once])));
if (circle !== undefined) throw new Error(`${circle.join(' imports ')}: see compiled-early.ts`);
const memory = '../.build/last-address.mjs';
const { rememberAddress } = (await import(memory)) as { rememberAddress: Parameters<typeof calledByUsual>[1] };
// Those that are one file each; in others, functions may be called before their file has run.
const single = [sshLibrary(root), ...kitFiles(root), ...sourceFiles(root)].map(
  ({ outfile = '' }) => `${root}${outfile}`,
);
for (const [file, called] of await calledByUsual(root, rememberAddress)) {
  if (!file.startsWith(`${root}dist/`) && !single.includes(file)) continue;
  const text = readFileSync(file, 'utf8');
  // One is enough for V8 to keep two bytes of each in the file, and Node turns them back for the digest of what it keeps.
  const wide = /[^\0-\xFF]/.exec(text)?.[0];
  if (wide !== undefined) throw new Error(`${file} has the character ${wide}: write it as an escape`);
  // Means the same, so that a zebu that is started meanwhile may find some of either.
  writeFileSync(`${file}.part`, compiledEarly(text, called));
  renameSync(`${file}.part`, file);
}
run(['.build/generate.mjs']);
run(['scripts/api-report.ts']);
chmodSync(`${root}bin/run.js`, 0o755);
writeFileSync(`${root}dist/.stamp`, '');
