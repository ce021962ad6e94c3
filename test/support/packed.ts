import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './cli.js';

const NPM = `${ROOT}node_modules/npm/bin/npm-cli.js`;

export interface Packed {
  readonly name: string;
  /** Path of the tarball. */
  readonly tarball: string;
  /** Paths inside the package. */
  readonly files: readonly string[];
  /** Bytes unpacked. */
  readonly size: number;
}

/** npm with the Node of the repository. @returns what it printed on stdout */
export function npm(
  args: readonly string[],
  options: { cwd: string; env?: Readonly<Record<string, string | undefined>>; timeoutMs?: number },
): string {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [NPM, ...args], {
    cwd: options.cwd,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    timeout: options.timeoutMs ?? 60_000,
    killSignal: 'SIGKILL',
    env: {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${ROOT}node_modules/.bin:${process.env['PATH'] ?? ''}`,
      ...options.env,
    },
  });
  if (status !== 0) throw new Error(`npm ${args.join(' ')} in ${options.cwd}: ${signal ?? status}\n${stderr}`);
  return stdout;
}

/** `npm pack` of folders, all by one npm. */
function packedBy(folders: readonly string[], destination: string, flags: readonly string[] = []): readonly Packed[] {
  const stdout = npm(['pack', '--json', ...flags, '--pack-destination', destination, ...folders], { cwd: ROOT });
  const answer: unknown = JSON.parse(stdout.slice(stdout.search(/^[[{]/m)));
  // npm 11 answers with a list, npm 12 with an object by name.
  const entries = Object.values(answer as Record<string, RawPack>);
  if (entries.length !== folders.length) throw new Error(`npm pack of ${folders.join(', ')} named ${entries.length}`);
  return entries.map((entry) => ({
    name: entry.name,
    tarball: join(destination, entry.filename),
    files: entry.files.map(({ path }) => path),
    size: entry.unpackedSize,
  }));
}

/** All packages of the repository. The scripts of plugins bring the licence; that of zebu would build once more what is tested, beside the tests. */
export const packedAll = (destination: string): readonly Packed[] => [
  ...packedBy(
    packageFolders().filter((folder) => folder !== ROOT),
    destination,
  ),
  ...packedBy([ROOT], destination, ['--ignore-scripts']),
];

interface RawPack {
  readonly name: string;
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** @returns path of the tarball */
export const pack = (folder: string, destination: string): string =>
  packedBy([folder], destination).map(({ tarball }) => tarball)[0] ?? '';

/** Folders of all packages of the repository, the root last. */
export function packageFolders(): readonly string[] {
  const { workspaces } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { workspaces: string[] };
  const folders = globSync(workspaces, { cwd: ROOT }).filter((folder) =>
    existsSync(join(ROOT, folder, 'package.json')),
  );
  return [...folders.toSorted().map((folder) => join(ROOT, folder)), ROOT];
}
