import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
  existsSync,
  appendFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { variables } from '@zebu/kit';
import { configSchema } from '../../src/lib/config/schema.js';
import { planSumOf } from '../../src/lib/pull/plan-sum.js';
import { POLL_PROGRAM } from '../../src/lib/pull/units.js';
import { readSigner } from '../../src/lib/pull/signers.js';
import { settingsFile, type Enabling } from '../../src/lib/pull/enabled.js';
import { RUN_FOLDER } from './run-folder.js';
import { allShells, runIn, type ShellRun } from './shells.js';
import { startedWell } from './starter.js';

let runs = 0;

/** Runs a program in each shell of a VM in turn: what runs several times runs in all of them. */
export function inTurn(program: string, options: Parameters<typeof runIn>[2] = {}): ShellRun {
  const shells = allShells();
  const shell = shells[runs++ % shells.length];
  if (shell === undefined) throw new Error('there is a shell');
  return runIn(shell, program, options);
}

/** Everything of an app's folder that a look at a repository needs, and a repository with somebody who pushes to it. */
export class PullVm {
  readonly folder = mkdtempSync(join(tmpdir(), 'zebu-pull-'));
  readonly base = join(this.folder, 'shop');
  readonly origin = join(this.folder, 'origin.git');
  readonly work = join(this.folder, 'work');
  #home = join(this.folder, 'home');

  constructor() {
    const first = join(RUN_FOLDER, `zebu-pull-first-${process.pid}`);
    if (!existsSync(first)) {
      this.#make();
      this.#copy(this.folder, first);
    } else this.#copy(first, this.folder);
    this.enable();
  }

  #make(): void {
    for (const each of ['home', 'shop/pull/state', 'shop/pull/gnupg', 'shop/shared/secrets'])
      mkdirSync(join(this.folder, each), { recursive: true, mode: 0o700 });
    for (const key of ['mine', 'theirs'])
      this.run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', `${key}@laptop`, '-f', join(this.folder, key));
    this.run('git', 'init', '-q', '--bare', '-b', 'main', this.origin);
    this.run('git', 'init', '-q', '-b', 'main', this.work);
    this.git('remote', 'add', 'origin', this.origin);
    this.sign('mine');
    this.commit({ 'zebu.yml': 'app: {name: shop}\n', 'compose.yml': 'services: {}\n' });
  }

  /** The first one of a worker is made by 14 programs, and the others are as it was then; what names its folder names theirs. */
  #copy(from: string, to: string): void {
    cpSync(from, to, { recursive: true, preserveTimestamps: true });
    const config = join(to, 'work/.git/config');
    writeFileSync(config, readFileSync(config, 'utf8').replaceAll(`${from}/`, `${to}/`));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  run(program: string, ...args: readonly string[]): string {
    const env = { ...process.env, HOME: this.#home, GIT_CONFIG_NOSYSTEM: '1', GNUPGHOME: join(this.folder, 'gpg') };
    return startedWell(program, args, { env }).trim();
  }

  git(...args: readonly string[]): string {
    const who = ['-c', 'user.name=me', '-c', 'user.email=me@example.org'];
    return this.run('git', '-C', this.work, ...who, ...args);
  }

  /** Whose key the next tags and commits are signed with. */
  sign(key: 'mine' | 'theirs'): void {
    this.git('config', 'gpg.format', 'ssh');
    this.git('config', 'user.signingKey', join(this.folder, key));
  }

  commit(
    files: Readonly<Record<string, string>> = { 'a file': `${Math.random()}` },
    ...flags: readonly string[]
  ): string {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(this.work, name, '..'), { recursive: true });
      writeFileSync(join(this.work, name), text);
    }
    this.git('add', '-A');
    this.git('commit', '-q', '-m', 'a change', ...flags);
    return this.git('rev-parse', 'HEAD');
  }

  /** A signed tag of the newest commit, pushed. @param flags instead of -s */
  release(name: string, ...flags: readonly string[]): void {
    this.git('tag', ...(flags.length === 0 ? ['-s'] : flags), '-m', name, name);
    this.push(`refs/tags/${name}`);
  }

  push(...refs: readonly string[]): void {
    this.git('push', '-q', 'origin', ...refs);
  }

  enable(more: Partial<Enabling['pull']> = {}, extra: Partial<Enabling> & { readonly openpgp?: string } = {}): void {
    const { openpgp = '', ...others } = extra;
    const pull = configSchema.parse({ app: { name: 'shop' }, pull: { signed_by: ['x'], every: 60, ...more } }).pull;
    if (pull === undefined) throw new Error('there is one');
    const { ssh, names } = readSigner(readFileSync(join(this.folder, 'mine.pub'), 'utf8'), 'mine.pub', 'zebu.yml');
    const text = readFileSync(join(this.work, 'zebu.yml'));
    const enabling: Enabling = {
      address: { url: this.origin, scheme: 'ssh', host: 'x', port: undefined, user: 'git', path: 'x' },
      pull,
      signers: { ssh: ssh.join('\n'), openpgp, names },
      unsigned: more.signed_by === 'none',
      hostKeys: undefined,
      authority: '',
      sum: { files: ['zebu.yml'], sum: planSumOf(new Map([['zebu.yml', text]])), changed: [] },
      plan: '',
      certificate: false,
      needs: [],
      composeFiles: ['compose.yml'],
      ...others,
    };
    // A repository of this machine, which nobody but a test has.
    const settings = settingsFile(enabling, new Date(0)).replace(/^scheme=.*$/m, 'scheme=file');
    writeFileSync(join(this.base, 'pull/settings'), settings);
    writeFileSync(join(this.base, 'pull/signers'), `${ssh.join('\n')}\n`);
  }

  /** As a deploy that ended writes it. */
  deployed(ref: string, verdict = 'live', { kind = 'tag', cause = '', mode = 'deploy' } = {}): void {
    const commit = this.git('rev-parse', `${ref}^{commit}`);
    const id = `20261129T1000${String(this.#count++).padStart(2, '0')}Z-${commit.slice(0, 7)}`;
    mkdirSync(join(this.base, 'releases', id), { recursive: true });
    const record = { id, ref, kind, commit, run: id, mode, verdict, cause };
    appendFileSync(join(this.base, 'releases.jsonl'), `${JSON.stringify(record)}\n`);
    if (verdict === 'live') this.current(id);
  }
  #count = 10;

  current(id: string): void {
    rmSync(join(this.base, 'current'), { force: true });
    symlinkSync(`releases/${id}`, join(this.base, 'current'));
  }

  currentId(): string {
    return basename(readlinkSync(join(this.base, 'current')));
  }

  /** One look. */
  look(now = '', env: NodeJS.ProcessEnv = {}): Readonly<Record<string, string>> {
    const program = variables({ app: 'shop', base: this.base, user: 'deploy' }) + POLL_PROGRAM;
    const { code, stdout, stderr } = inTurn(program, { args: now === '' ? [] : [now], env });
    this.said = stderr;
    if (code !== 0) throw new Error(`exit status ${code ?? 'none'}: ${stderr}`);
    return Object.fromEntries(
      stdout
        .split('\n')
        .flatMap((line) =>
          line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : [],
        ),
    );
  }
  said = '';

  read(path: string): string {
    const file = join(this.base, path);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** What was told of, newest last: `refused v1.2 unsigned`. */
  events(): readonly string[] {
    return this.read('events/events.jsonl')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, string>)
      .map(({ event, ref = '', cause = '' }) => [event, ref, cause].filter((each) => each !== '').join(' '));
  }

  /** The order that was left, and takes it away. */
  order(): string | undefined {
    const file = join(this.base, 'pull/state/order');
    if (!existsSync(file)) return undefined;
    const [ref] = readFileSync(file, 'utf8').split('\n');
    rmSync(file);
    return ref;
  }
}
