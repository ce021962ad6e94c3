import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { ZebuError, nearest } from '@zebu/kit';

/** What of the repository is to be deployed. */
export type WantedRef =
  { readonly kind: 'branch' | 'commit' | 'tag'; readonly name: string } | { readonly kind: 'dirty' };

export interface Target {
  /** 40 hex digits. */
  readonly commit: string;
  /** For people: `v1.2`, `main`, `working tree`. */
  readonly ref: string;
  readonly kind: WantedRef['kind'];
  /** First line of the commit message. */
  readonly subject: string;
}

export interface Resolved {
  readonly target: Target;
  /** The path of the working directory below the top of the repository, without slashes at the ends. */
  readonly prefix: string;
}

export interface LoggedCommit {
  /** 40 hex digits. */
  readonly commit: string;
  /** First line of the message, cut at 200 characters. */
  readonly subject: string;
}

export interface CommitRange {
  /** Commits of the target that are not live. */
  readonly ahead: number;
  /** Commits that are live and not part of the target. */
  readonly behind: number;
  /** Those ahead, newest first; at most 50. */
  readonly commits: readonly LoggedCommit[];
  /** Paths that differ, from the top of the repository. */
  readonly files: readonly string[];
}

const LOGGED = 50;

interface GitResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface GitOptions {
  /** A promise when git is started before it is known what to ask. */
  readonly stdin?: string | Promise<string>;
  readonly env?: NodeJS.ProcessEnv;
}

interface Found {
  /** 40 hex digits. */
  readonly commit: string;
  /** First line of the message. */
  readonly subject: string;
}

/** What a commit consists of. */
export interface Contents {
  /** Whether a file is part of it. @param path from the top of the repository */
  has(path: string): boolean;
  readonly submodules: readonly string[];
  /** Whether Git LFS keeps contents elsewhere. */
  readonly lfs: boolean;
}

/** The local repository, through the `git` on this machine. */
export class LocalGit {
  readonly #cwd: string;
  readonly #signal: AbortSignal;

  constructor(cwd: string, signal: AbortSignal) {
    this.#cwd = cwd;
    this.#signal = signal;
  }

  #spawn(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcessByStdio<Writable, Readable, Readable> {
    return spawn('git', ['-C', this.#cwd, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      signal: this.#signal,
      env: { ...process.env, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', ...env },
    });
  }

  async #run(args: readonly string[], options: GitOptions = {}): Promise<GitResult> {
    const child = this.#spawn(args, options.env);
    return new Promise((resolve, reject) => {
      const output = { stdout: '', stderr: '' };
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
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
      void Promise.resolve(options.stdin).then(
        (text) => child.stdin.end(text ?? ''),
        () => child.stdin.end(),
      );
    });
  }

  async #ok(args: readonly string[], options: GitOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.#run(args, options);
    if (code === 0) return stdout.trim();
    throw new ZebuError('GIT_MISSING', `git ${args[0] ?? ''} failed: ${stderr.trim().split('\n').at(-1) ?? ''}`);
  }

  /** The path of the working directory below the top of the repository, without slashes at the ends. @throws GIT_MISSING */
  async #place(): Promise<string> {
    const { code, stdout } = await this.#run(['rev-parse', '--git-dir', '--show-prefix']);
    if (code !== 0) {
      throw new ZebuError('GIT_MISSING', `${this.#cwd} is not in a git repository`, {
        hint: 'zebu deploys commits: git init && git commit.',
      });
    }
    return (stdout.split('\n')[1] ?? '').replace(/\/$/, '');
  }

  async #find(name: string): Promise<Found | undefined> {
    const range = ['--max-count=1', '--format=%s', '--end-of-options', `${name}^{commit}`, '--'];
    const { code, stdout } = await this.#run(['rev-list', ...range]);
    const [line = '', subject = ''] = stdout.split('\n');
    return code === 0 ? { commit: line.slice('commit '.length), subject } : undefined;
  }

  async #names(kind: 'heads' | 'tags'): Promise<readonly string[]> {
    const text = await this.#ok(['for-each-ref', '--format=%(refname:strip=2)', `refs/${kind}`]);
    return text.split('\n').filter((name) => name !== '');
  }

  async #unknown(kind: 'branch' | 'commit' | 'tag', name: string): Promise<ZebuError> {
    const names = kind === 'commit' ? [] : await this.#names(kind === 'tag' ? 'tags' : 'heads');
    const meant = nearest(name, names);
    const latest = names.slice(-3).join(', ');
    const hint =
      meant !== undefined
        ? `Did you mean ${meant}?`
        : kind === 'tag'
          ? latest === ''
            ? 'There are no tags yet: git tag, or git fetch --tags.'
            : `There is ${latest}. If it is new: git fetch --tags`
          : 'If it is new: git fetch';
    return new ZebuError('REF_UNKNOWN', `There is no ${kind} ${name} in this repository`, {
      hint,
      details: { kind, name },
    });
  }

  /** Everything of the working tree that git does not ignore, as a commit that no branch knows. */
  async #snapshot(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'zebu-index-'));
    try {
      const env = { GIT_INDEX_FILE: join(folder, 'index') };
      const head = (await this.#find('HEAD'))?.commit;
      if (head !== undefined) await this.#ok(['read-tree', 'HEAD'], { env });
      const top = await this.#ok(['rev-parse', '--show-toplevel']);
      await this.#ok(['-C', top, 'add', '--all'], { env });
      const tree = await this.#ok(['write-tree'], { env });
      const identity = {
        GIT_AUTHOR_NAME: 'zebu',
        GIT_AUTHOR_EMAIL: 'zebu',
        GIT_COMMITTER_NAME: 'zebu',
        GIT_COMMITTER_EMAIL: 'zebu',
      };
      const parents = head === undefined ? [] : ['-p', head];
      return await this.#ok(['commit-tree', tree, ...parents, '-m', 'working tree'], { env: identity });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  #findWanted(wanted: Exclude<WantedRef, { kind: 'dirty' }>): Promise<Found | undefined> {
    const { kind, name } = wanted;
    if (kind === 'tag') return this.#find(`refs/tags/${name}`);
    if (kind === 'commit') return /^[0-9a-f]{4,40}$/i.test(name) ? this.#find(name) : Promise.resolve(undefined);
    return this.#find(`refs/heads/${name}`).then((own) => own ?? this.#find(`refs/remotes/origin/${name}`));
  }

  /** @throws REF_UNKNOWN, GIT_MISSING */
  async resolve(wanted: WantedRef): Promise<Resolved> {
    if (wanted.kind === 'dirty') {
      const prefix = await this.#place();
      const commit = await this.#snapshot();
      return { prefix, target: { commit, ref: 'working tree', kind: 'dirty', subject: 'working tree' } };
    }
    const [prefix, found] = await Promise.all([this.#place(), this.#findWanted(wanted)]);
    if (found === undefined) throw await this.#unknown(wanted.kind, wanted.name);
    const { commit, subject } = found;
    const ref = wanted.kind === 'commit' ? commit.slice(0, 12) : wanted.name;
    return { prefix, target: { commit, ref, kind: wanted.kind, subject: subject.slice(0, 200) } };
  }

  async contents(commit: string): Promise<Contents> {
    const tree = await this.#ok(['ls-tree', '-r', '-z', '--full-tree', commit]);
    const entries = tree.split('\0');
    const pathOf = (entry: string): string => entry.slice(entry.indexOf('\t') + 1);
    const paths = new Set(entries.map(pathOf));
    const submodules = entries.filter((entry) => entry.startsWith('160000 ')).map(pathOf);
    const has = (path: string): boolean => paths.has(path);
    if (![...paths].some((path) => /(^|\/)\.gitattributes$/.test(path))) return { has, submodules, lfs: false };
    const { code } = await this.#run([
      'grep',
      '-q',
      '-E',
      '^[^#]*filter=lfs',
      commit,
      '--',
      ':(top,glob)**/.gitattributes',
    ]);
    return { has, submodules, lfs: code === 0 };
  }

  /**
   * Those of the commits that this repository has too: what the VM already has of ours.
   * @param commits a promise to have git started while the VM is asked; of one that fails none is known
   */
  async known(commits: readonly string[] | Promise<readonly string[]>): Promise<readonly string[]> {
    const stdin = Promise.resolve(commits).then((names) => names.map((name) => `${name}\n`).join(''));
    const text = await this.#ok(['cat-file', '--batch-check=%(objectname) %(objecttype)'], { stdin });
    return text.split('\n').flatMap((line) => (line.endsWith(' commit') ? [line.split(' ')[0] ?? ''] : []));
  }

  /** The objects of `commit` that are not reachable from `haves`, as a thin pack. */
  pack(commit: string, haves: readonly string[]): { readonly stream: Readable; readonly done: Promise<void> } {
    const child = this.#spawn(['pack-objects', '--revs', '--thin', '--stdout', '--delta-base-offset', '--quiet']);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.on('error', () => {});
    child.stdin.end([commit, ...haves.map((have) => `^${have}`), ''].join('\n'));
    const done = new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) =>
        code === 0
          ? resolve()
          : reject(new ZebuError('GIT_MISSING', `git pack-objects failed: ${stderr.trim().split('\n').at(-1) ?? ''}`)),
      );
    });
    done.catch(() => {});
    return { stream: child.stdout, done };
  }

  /** The same in memory. */
  async packed(commit: string, haves: readonly string[]): Promise<Buffer> {
    const { stream, done } = this.pack(commit, haves);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    await done;
    return Buffer.concat(chunks);
  }

  /** How a commit of this repository differs from the live one; undefined when the live one is not in it. */
  async between(live: string, target: string): Promise<CommitRange | undefined> {
    if ((await this.known([live])).length === 0) return undefined;
    const counts = await this.#ok(['rev-list', '--left-right', '--count', `${live}...${target}`]);
    const [behind = 0, ahead = 0] = counts.split(/\s+/).map(Number);
    const log = await this.#ok(['log', `--max-count=${LOGGED}`, '--format=%H %s', `${live}..${target}`]);
    const files = await this.#ok(['diff-tree', '-r', '-z', '--no-commit-id', '--name-only', live, target]);
    return {
      ahead,
      behind,
      commits: log
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => ({ commit: line.slice(0, 40), subject: line.slice(41, 241) })),
      files: files.split('\0').filter((path) => path !== ''),
    };
  }

  /** For the history: who deploys. */
  async userName(): Promise<string> {
    const { stdout } = await this.#run(['config', 'user.name']);
    return stdout.trim();
  }
}
