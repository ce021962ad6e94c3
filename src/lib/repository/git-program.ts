import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
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
const CONVERSIONS = 'filter=|crlf|ident|working-tree-encoding';
const ATTRIBUTE_FILES = ':(top,glob)**/.gitattributes';

/** With these git would take another repository for the one it is in; a hook of git has them set. */
const ELSEWHERE: NodeJS.ProcessEnv = {
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_OBJECT_DIRECTORY: undefined,
  GIT_COMMON_DIR: undefined,
  GIT_PREFIX: undefined,
};

/** The `git` on this machine, in a folder. */
export class GitProgram {
  readonly cwd: string;
  readonly #signal: AbortSignal;
  readonly #env: NodeJS.ProcessEnv;

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

  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcessByStdio<Writable, Readable, Readable> {
    return spawn('git', ['-C', this.cwd, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      signal: this.#signal,
      env: { ...process.env, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', ...this.#env, ...env },
    });
  }

  /** @throws GIT_MISSING when there is none */
  async run(args: readonly string[], { stdin, env, encoding = 'utf8' }: GitOptions = {}): Promise<GitResult> {
    const child = this.start(args, env);
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
      child.stdin.on('error', () => {});
      void Promise.resolve(stdin).then(
        (text) => child.stdin.end(text ?? ''),
        () => child.stdin.end(),
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
    throw new ZebuError('GIT_MISSING', `git ${args[0] ?? ''} failed: ${stderr.trim().split('\n').at(-1) ?? ''}`);
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

  /** Whether a checkout of the commit may have other texts than the commit, by the `.gitattributes` in it. */
  async converts(commit: string): Promise<boolean> {
    return (await this.run(['grep', '-q', '-E', `^[^#]*(${CONVERSIONS})`, commit, '--', ATTRIBUTE_FILES])).code === 0;
  }

  /** The same by the attributes that this clone and this machine add. */
  async convertsHere(): Promise<boolean> {
    const [own, named] = await Promise.all([
      this.run(['rev-parse', '--git-path', 'info/attributes']),
      this.run(['config', '--type=path', 'core.attributesFile']),
    ]);
    const home = process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
    const files = [resolve(this.cwd, own.stdout.trim()), named.stdout.trim() || join(home, 'git', 'attributes')];
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
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
    child.once('close', (code) =>
      code === 0
        ? resolve()
        : reject(new ZebuError('GIT_MISSING', `git ${name} failed: ${stderr.trim().split('\n').at(-1) ?? ''}`)),
    );
  });
}
