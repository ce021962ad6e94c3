import type { Readable } from 'node:stream';
import { ZebuError } from '@zebu/kit';
import { nearest } from '@zebu/kit/core';
import { failed, GitProgram } from './git-program.js';
import { isSubmodule, parseEntries } from './entries.js';
import { saidBy, type Said } from './said.js';
import { unsentEnvFiles } from './unsent.js';

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

interface LoggedCommit {
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

interface Found {
  /** 40 hex digits. */
  readonly commit: string;
  /** First line of the message. */
  readonly subject: string;
}

/** A commit as it is sent. */
export interface SentCommit {
  /** 40 hex digits: the commit itself, or one made of it that has what a checkout here makes of it, see `selfContainedCommit`. */
  readonly commit: string;
  /** Those of the files that were asked for that are not part of it. */
  readonly lacking: readonly string[];
}

/** The local repository, through the `git` on this machine. */
export class LocalGit {
  readonly #git: GitProgram;
  readonly #said = new Map<string, Promise<Said>>();

  constructor(cwd: string, signal: AbortSignal) {
    this.#git = new GitProgram(cwd, signal);
  }

  /** The path of the working directory below the top of the repository, without slashes at the ends. @throws GIT_MISSING */
  async #place(): Promise<string> {
    const { prefix } = await this.#git.place();
    if (prefix !== undefined) return prefix;
    throw new ZebuError('GIT_MISSING', `${this.#git.cwd} is not in a git repository`, {
      hint: 'zebu deploys commits: git init && git commit.',
    });
  }

  #saidBy(commit: string): Promise<Said> {
    const said = this.#said.get(commit) ?? saidBy(this.#git, commit);
    this.#said.set(commit, said);
    return said;
  }

  async #find(name: string): Promise<Found | undefined> {
    const range = ['--max-count=1', '--format=%s', '--end-of-options', `${name}^{commit}`, '--'];
    const { code, stdout } = await this.#git.run(['rev-list', ...range]);
    const [line = '', subject = ''] = stdout.split('\n');
    return code === 0 ? { commit: line.slice('commit '.length), subject } : undefined;
  }

  async #names(kind: 'heads' | 'tags'): Promise<readonly string[]> {
    const text = await this.#git.ok(['for-each-ref', '--format=%(refname:strip=2)', `refs/${kind}`]);
    return text.split('\n').filter((name) => name !== '');
  }

  /** The tag that was made last; of several of the same second, the one with the highest version. @throws GIT_MISSING */
  async newestTag(): Promise<string | undefined> {
    await this.#place();
    const sorted = ['--sort=-version:refname', '--sort=-creatordate', '--count=1'];
    const text = await this.#git.ok(['for-each-ref', ...sorted, '--format=%(refname:strip=2)', 'refs/tags']);
    return text === '' ? undefined : text;
  }

  /** 40 hex digits of the commit that is checked out; undefined where there is none yet. */
  async head(): Promise<string | undefined> {
    return (await this.#find('HEAD'))?.commit;
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
  #snapshot(): Promise<string> {
    return this.#git.withIndex(async (env) => {
      const head = (await this.#find('HEAD'))?.commit;
      if (head !== undefined) await this.#git.ok(['read-tree', 'HEAD'], { env });
      const top = await this.#git.ok(['rev-parse', '--show-toplevel']);
      await this.#git.ok(['-C', top, 'add', '--all'], { env });
      const tree = await this.#git.ok(['write-tree'], { env });
      return this.#git.commitTree(tree, head === undefined ? [] : [head], 'working tree');
    });
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

  /**
   * The commit with all files that a checkout here has, as objects of this repository, since only those are sent.
   * @param wanted paths from the top of the repository that are to be part of it
   * @throws REPOSITORY_INCOMPLETE
   */
  async sentCommit({ commit, ref }: Target, wanted: readonly string[] = []): Promise<SentCommit> {
    const git = this.#git;
    // Asked each for itself: a list of all names is 8 MB where there are 100,000.
    const [submodules, { converts }, own] = await Promise.all([
      this.#submodules(commit),
      this.#saidBy(commit),
      git.convertsHere(),
    ]);
    const whole = !submodules && !converts && !own;
    const sent = whole ? commit : await (await import('./sent-commit.js')).selfContainedCommit(git, commit, ref);
    return { commit: sent, lacking: await this.#lacking(sent, wanted) };
  }

  async #submodules(commit: string): Promise<boolean> {
    // Folders and submodules, without the files.
    return parseEntries(await this.#git.exact(['ls-tree', '-r', '-d', '-z', '--full-tree', commit])).some(isSubmodule);
  }

  /** Those of the paths that are no file of the commit. */
  async #lacking(commit: string, wanted: readonly string[]): Promise<readonly string[]> {
    // Git takes one that leads out of the repository for a mistake.
    const within = wanted.filter((path) => !/^(?:\/|\.\.(?:\/|$))/.test(path));
    if (within.length === 0) return wanted;
    // Those that had to be read for something else are there.
    const said = await this.#said.get(commit);
    if (wanted.every((path) => said?.haveServices.has(path) === true)) return [];
    const args = ['--literal-pathspecs', 'ls-tree', '-z', '--full-tree', commit, '--', ...within];
    const files = parseEntries(await this.#git.exact(args)).filter(({ mode }) => /^1[02]/.test(mode));
    const there = new Set(files.map(({ path }) => path));
    return wanted.filter((path) => !there.has(path));
  }

  /**
   * Those of the commits that this repository has too: what the VM already has of ours.
   * @param commits a promise to have git started while the VM is asked; of one that fails none is known
   */
  async known(commits: readonly string[] | Promise<readonly string[]>): Promise<readonly string[]> {
    const stdin = Promise.resolve(commits).then((names) => names.map((name) => `${name}\n`).join(''));
    const text = await this.#git.ok(['cat-file', '--batch-check=%(objectname) %(objecttype)'], { stdin });
    return text.split('\n').flatMap((line) => (line.endsWith(' commit') ? [line.split(' ')[0] ?? ''] : []));
  }

  /** The objects of `commit` that are not reachable from `haves`, as a thin pack. */
  pack(commit: string, haves: readonly string[]): { readonly stream: Readable; readonly done: Promise<void> } {
    return this.#git.pack([commit, ...haves.map((have) => `^${have}`)], '--thin');
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
    const counts = await this.#git.ok(['rev-list', '--left-right', '--count', `${live}...${target}`]);
    const [behind = 0, ahead = 0] = counts.split(/\s+/).map(Number);
    const log = await this.#git.ok(['log', `--max-count=${LOGGED}`, '--format=%H %s', `${live}..${target}`]);
    const files = await this.#git.ok(['diff-tree', '-r', '-z', '--no-commit-id', '--name-only', live, target]);
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

  /**
   * Which of the names the YAML and env files of a commit say, as whole words, and whether its YAML asks for `.env` as a
   * whole (`env_file: .env`, or the file as a mount).
   */
  async mentions(commit: string, names: readonly string[]): Promise<{ named: ReadonlySet<string>; envFile: boolean }> {
    const yaml = [':(glob)**/*.yml', ':(glob)**/*.yaml'];
    const top = await this.#top();
    const words = names.flatMap((name) => ['-e', name]);
    const paths = [...yaml, ':(glob)**/*.env', ':(glob)**/.env*'];
    const [found, asks] = await Promise.all([
      top.run(['grep', '-I', '-h', '-o', '-w', '-F', ...words, commit, '--', ...paths]),
      top.run([
        'grep',
        '-I',
        '-q',
        '-E',
        String.raw`(^|[^A-Za-z0-9_.-])\.env([^A-Za-z0-9_.-]|$)`,
        commit,
        '--',
        ...yaml,
      ]),
    ]);
    return { named: new Set(found.stdout.split('\n').filter((name) => name !== '')), envFile: asks.code === 0 };
  }

  async #top(): Promise<GitProgram> {
    const { top, problem } = await this.#git.place();
    if (top === undefined) throw failed('rev-parse', problem);
    return this.#git.at(top);
  }

  /** Env files here that Compose files of the commit name, and that are not part of it; see `unsentEnvFiles`. */
  async unsent(commit: string, sent: readonly string[]): Promise<readonly string[]> {
    const [top, { namesEnvFiles }] = await Promise.all([this.#top(), this.#saidBy(commit)]);
    return namesEnvFiles ? unsentEnvFiles(top, commit, sent) : [];
  }

  /** For the history: who deploys. */
  userName(): Promise<string> {
    return this.#git.userName();
  }
}
