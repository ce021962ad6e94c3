import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { readFile } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { handledLater, ZebuError } from '@zebu/kit';

export interface GitResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GitOptions {
  /** A promise when git is started before it is known what to ask. */
  readonly stdin?: string | Promise<string>;
  readonly env?: NodeJS.ProcessEnv;
  /** `latin1` keeps every byte a character. Default: utf8. */
  readonly encoding?: 'latin1' | 'utf8';
}

/** What `.gitattributes` say when a checkout may differ from the commit, as an extended regular expression. */
export const CONVERSIONS = 'filter=|crlf|ident|working-tree-encoding';
export const ATTRIBUTE_FILES = ':(top,glob)**/.gitattributes';

/** Where the folder is; all but the last are known in every repository. */
export interface Place {
  /** The path of the folder below the top of the repository, without slashes at the ends; undefined where it is in none. */
  readonly prefix: string | undefined;
  /** The attributes that only this clone has: a file that may be missing. */
  readonly attributes: string;
  /** Absolute; undefined in a repository without a working tree. */
  readonly top: string | undefined;
  /** What git said of what is undefined. */
  readonly problem: string;
}

/** Settings of git that are asked for together; empty where they are not set. */
interface Settings {
  readonly userName: string;
  readonly attributesFile: string;
}

/** With these git would take another repository for the one it is in; a hook of git has them set. */
const ELSEWHERE: NodeJS.ProcessEnv = {
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_OBJECT_DIRECTORY: undefined,
  GIT_COMMON_DIR: undefined,
  GIT_PREFIX: undefined,
};

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

export const failed = (name: string, why: string): ZebuError =>
  new ZebuError('GIT_MISSING', `git ${name} failed: ${why}`);

/** The `git` on this machine, in a folder. */
export class GitProgram {
  readonly cwd: string;
  readonly #signal: AbortSignal;
  readonly #env: NodeJS.ProcessEnv;
  #place: Promise<Place> | undefined;
  #settings: Promise<Settings> | undefined;

  constructor(cwd: string, signal: AbortSignal, env: NodeJS.ProcessEnv = {}) {
    this.cwd = cwd;
    this.#signal = signal;
    this.#env = env;
  }

  /** The same repository from another of its folders. */
  at(cwd: string): GitProgram {
    return new GitProgram(cwd, this.#signal, this.#env);
  }

  /** The repository that a folder belongs to, which may be another one. */
  within(cwd: string): GitProgram {
    return new GitProgram(cwd, this.#signal, ELSEWHERE);
  }

  /** Asked once, and all of it at once: each start of git takes this machine some milliseconds. */
  place(): Promise<Place> {
    this.#place ??= this.#findPlace();
    return this.#place;
  }

  async #findPlace(): Promise<Place> {
    // What fails where there is no working tree comes last.
    const asked = ['--git-dir', '--show-prefix', '--git-path', 'info/attributes', '--show-toplevel'];
    const { stdout, stderr } = await this.run(['rev-parse', ...asked]);
    const [, prefix, attributes = '', ...rest] = stdout.split('\n');
    return {
      prefix: prefix?.replace(/\/$/, ''),
      attributes: resolve(this.cwd, attributes),
      top: rest.join('\n').trim() || undefined,
      problem: lastLine(stderr),
    };
  }

  /** For the history: who deploys. Empty where git was not told. */
  async userName(): Promise<string> {
    this.#settings ??= this.#findSettings();
    return (await this.#settings).userName;
  }

  async #findSettings(): Promise<Settings> {
    const { stdout } = await this.run([
      'config',
      '-z',
      '--get-regexp',
      String.raw`^(user\.name|core\.attributesfile)$`,
    ]);
    const lines = stdout.split('\0').map((line) => [line.split('\n', 1)[0] ?? '', line] as const);
    // The last one counts.
    const value = (key: string): string =>
      (lines.findLast(([name]) => name === key)?.[1] ?? '').slice(key.length + 1).trim();
    const file = value('core.attributesfile');
    // Only git knows what ~ and the like stand for.
    const asked = file === '' || file.startsWith('/') ? undefined : ['config', '--type=path', 'core.attributesFile'];
    const attributesFile = asked === undefined ? file : (await this.run(asked)).stdout.trim();
    return { userName: value('user.name'), attributesFile };
  }

  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcessByStdio<Writable, Readable, Readable> {
    return spawn('git', ['-C', this.cwd, ...args], { ...this.#options(env), stdio: ['pipe', 'pipe', 'pipe'] });
  }

  #options(env: NodeJS.ProcessEnv = {}) {
    return {
      signal: this.#signal,
      env: { ...process.env, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', ...this.#env, ...env },
    };
  }

  /** @throws GIT_MISSING when there is none */
  async run(args: readonly string[], { stdin, env, encoding = 'utf8' }: GitOptions = {}): Promise<GitResult> {
    const child =
      stdin === undefined
        ? spawn('git', ['-C', this.cwd, ...args], { ...this.#options(env), stdio: ['ignore', 'pipe', 'pipe'] })
        : this.start(args, env);
    return new Promise((resolve, reject) => {
      const output = { stdout: '', stderr: '' };
      child.stdout.setEncoding(encoding).on('data', (text: string) => (output.stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
      child.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') reject(error);
        else
          reject(
            new ZebuError('GIT_MISSING', 'There is no git on this machine', { hint: 'Install git.', cause: error }),
          );
      });
      child.once('close', (code) => resolve({ code: code ?? 1, ...output }));
      child.stdin?.on('error', () => {});
      void Promise.resolve(stdin).then(
        (text) => child.stdin?.end(text),
        () => child.stdin?.end(),
      );
    });
  }

  /** What it prints, without blanks at the ends. @throws GIT_MISSING when it fails */
  async ok(args: readonly string[], options: GitOptions = {}): Promise<string> {
    return (await this.exact(args, options)).trim();
  }

  /** What it prints. @throws GIT_MISSING when it fails */
  async exact(args: readonly string[], options: GitOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, options);
    if (code === 0) return stdout;
    throw failed(args[0] ?? '', lastLine(stderr));
  }

  /** The objects that `revisions` reach (commits, trees; `^` for what is not wanted) as a pack on `stream`. */
  pack(
    revisions: readonly string[],
    ...options: readonly string[]
  ): { readonly stream: Readable; readonly done: Promise<void> } {
    const child = this.start(['pack-objects', '--revs', '--stdout', '--delta-base-offset', '--quiet', ...options]);
    const done = handledLater(ended(child, 'pack-objects'));
    child.stdin.end([...revisions, ''].join('\n'));
    return { stream: child.stdout, done };
  }

  /** Keeps the objects of a pack. */
  async unpack(pack: Readable): Promise<void> {
    const child = this.start(['index-pack', '--stdin']);
    child.stdout.resume();
    pack.pipe(child.stdin);
    await ended(child, 'index-pack');
  }

  /** Lets `work` use an index of its own instead of the one of the working tree. */
  async withIndex<T>(work: (index: NodeJS.ProcessEnv) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), 'zebu-index-'));
    try {
      return await work({ GIT_INDEX_FILE: join(folder, 'index') });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Makes a commit that no branch knows. @param date as git reads it; without one it is now */
  commitTree(tree: string, parents: readonly string[], message: string, date?: string): Promise<string> {
    const env = {
      GIT_AUTHOR_NAME: 'zebu',
      GIT_AUTHOR_EMAIL: 'zebu',
      GIT_COMMITTER_NAME: 'zebu',
      GIT_COMMITTER_EMAIL: 'zebu',
      ...(date === undefined ? {} : { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }),
    };
    return this.ok(['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent]), '-m', message], { env });
  }

  /** Whether a checkout here may have other texts than the commit, by the attributes that this clone and this machine add. */
  async convertsHere(): Promise<boolean> {
    this.#settings ??= this.#findSettings();
    const [{ attributes }, { attributesFile }] = await Promise.all([this.place(), this.#settings]);
    const home = process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
    const files = [attributes, attributesFile || join(home, 'git', 'attributes')];
    const texts = await Promise.all(files.map((file) => promisify(readFile)(file, 'utf8').catch(() => '')));
    const converting = new RegExp(CONVERSIONS);
    // What stands behind a # is a comment.
    return texts.some((text) => text.split('\n').some((line) => converting.test(line.split('#', 1)[0] ?? '')));
  }

  /** Whether Git LFS keeps contents elsewhere. @param commit without one the working tree is looked at */
  async usesLfs(...commit: readonly [] | readonly [string]): Promise<boolean> {
    return (await this.run(['grep', '-q', '-E', '^[^#]*filter=lfs', ...commit, '--', ATTRIBUTE_FILES])).code === 0;
  }
}

/** A program of git that carries a stream. @throws GIT_MISSING when it fails */
function ended(child: ReturnType<GitProgram['start']>, name: string): Promise<void> {
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => {});
  return new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(failed(name, lastLine(stderr)))));
  });
}
