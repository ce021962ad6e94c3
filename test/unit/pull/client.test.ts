import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { keyPage, parseAddress } from '../../../src/lib/pull/address.js';
import {
  hostKeySources,
  knownLines,
  pinnedHostKeys,
  resolveAlias,
  type HostKeySources,
} from '../../../src/lib/pull/host-keys.js';
import { planSum, planSumOf } from '../../../src/lib/pull/plan-sum.js';
import { parsePull } from '../../../src/lib/pull/read.js';
import { readSigner, readSigners } from '../../../src/lib/pull/signers.js';
import { enabledLines, statusLines } from '../../../src/lib/pull/text.js';
import VERSION from '../../../src/lib/pull/version.awk';
import { configSchema } from '../../../src/lib/config/schema.js';
import { inEachShell, runIn } from '../../support/shells.js';

describe('the address of a repository', () => {
  it.each([
    [
      'git@github.com:me/shop.git',
      { scheme: 'ssh', host: 'github.com', user: 'git', path: 'me/shop', port: undefined },
    ],
    ['github.com:me/shop', { scheme: 'ssh', host: 'github.com', user: 'git', path: 'me/shop' }],
    [
      'ssh://gitea@git.example.org:2222/me/shop.git',
      { scheme: 'ssh', host: 'git.example.org', port: 2222, user: 'gitea' },
    ],
    ['https://gitlab.com/me/shop.git', { scheme: 'https', host: 'gitlab.com', path: 'me/shop' }],
    ['https://[2001:db8::1]:8443/shop.git', { scheme: 'https', host: '2001:db8::1', port: 8443 }],
  ])('%s', (text, parts) => {
    expect(parseAddress(text)).toMatchObject({ url: text, ...parts });
  });

  it.each([
    ['/srv/shop.git', 'a path of this machine'],
    ['../shop', 'a path of this machine'],
    ['file:///srv/shop.git', 'none of ssh and https'],
    ['ext::sh -c id', 'no address'],
    ['ext::sh', 'a path of this machine'],
    ['--upload-pack=id', 'no address'],
    ['-oProxyCommand=id:x', 'no address'],
    ['https://me:hunter2@example.org/x.git', 'pull.secret'],
    ['https://hunter2@example.org/x.git', 'pull.secret'],
    ['https://me:hunter2@example.org/a b.git', 'no address'],
  ])('is refused as %s', (text, why) => {
    expect(() => parseAddress(text)).toThrow(why);
    expect(() => parseAddress(text)).not.toThrow('hunter2');
  });

  it('leads to where a deploy key is added', () => {
    expect(keyPage(parseAddress('git@github.com:me/shop.git'))).toBe('https://github.com/me/shop/settings/keys/new');
    expect(keyPage(parseAddress('git@git.example.org:me/shop.git'))).toBeUndefined();
  });
});

describe('the host key of a git server', () => {
  const sources = (answers: Readonly<Record<string, string>>, more: Partial<HostKeySources> = {}): HostKeySources => ({
    run: async (program, args) => answers[[program, ...args].find((word) => word in answers) ?? ''],
    fetch: () => Promise.reject(new Error('no network')),
    signal: new AbortController().signal,
    ...more,
  });

  it('is the one this machine knows, under the plain name, whatever else is in the line', () => {
    const text =
      '# Host x found: line 3\n|1|abc=|def= ssh-ed25519 AAAAC3Nz\n@cert-authority *.x ssh-rsa AAAAB3Nz c\n@revoked x ssh-rsa AAAAbad\n';
    expect(knownLines(text, 'x')).toEqual(['x ssh-ed25519 AAAAC3Nz', '@cert-authority x ssh-rsa AAAAB3Nz']);
  });

  it('is found with its port, by ssh-keygen itself', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zebu-known-'));
    const home = process.env['HOME'];
    try {
      spawnSync('mkdir', ['-p', join(folder, '.ssh')]);
      writeFileSync(
        join(folder, '.ssh/known_hosts'),
        '[git.test]:2222 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFjw\ngit.test ssh-ed25519 AAAAother\n',
      );
      spawnSync('ssh-keygen', ['-H', '-f', join(folder, '.ssh/known_hosts')]);
      process.env['HOME'] = folder;
      const real = hostKeySources(new AbortController().signal);
      const { text } = await pinnedHostKeys(parseAddress('ssh://git@git.test:2222/x.git'), real);
      expect(text).toBe('[git.test]:2222 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFjw\n');
    } finally {
      process.env['HOME'] = home;
      rmSync(folder, { recursive: true });
    }
  });

  it('of GitHub is what GitHub publishes, where this machine knows none', async () => {
    const github = parseAddress('git@github.com:me/shop.git');
    const answer = (body: unknown): Partial<HostKeySources> => ({ fetch: () => Promise.resolve(Response.json(body)) });
    const published = sources({}, answer({ ssh_keys: ['ssh-ed25519 AAAAC3Nz', 'ssh-rsa AAAAB3Nz'] }));
    expect(await pinnedHostKeys(github, published)).toEqual({
      text: 'github.com ssh-ed25519 AAAAC3Nz\ngithub.com ssh-rsa AAAAB3Nz\n',
      from: 'https://api.github.com/meta',
    });
    for (const bad of [{}, { ssh_keys: [] }, { ssh_keys: ['x\ny z'] }])
      await expect(pinnedHostKeys(github, sources({}, answer(bad)))).rejects.toMatchObject({
        code: 'HOST_KEY_UNKNOWN',
      });
  });

  it('is never asked of the server', async () => {
    const asked: string[] = [];
    const none = sources({}, { run: async (program) => void asked.push(program) });
    await expect(pinnedHostKeys(parseAddress('git@git.test:x.git'), none)).rejects.toMatchObject({
      code: 'HOST_KEY_UNKNOWN',
      hint: expect.stringContaining('git ls-remote git@git.test:x.git') as string,
    });
    expect(new Set(asked)).toEqual(new Set(['ssh-keygen']));
  });

  it('is that of the host behind an alias of ~/.ssh/config, which the VM does not know', async () => {
    const said = 'user git\nhostname git.example.org\nport 2222\n';
    expect(await resolveAlias(parseAddress('git@work:me/shop.git'), sources({ '-G': said }))).toMatchObject({
      url: 'ssh://git@git.example.org:2222/me/shop.git',
      host: 'git.example.org',
    });
    // Below the home folder there, where there is no slash at its beginning.
    const own = parseAddress('git@work:repos/shop');
    expect(await resolveAlias(own, sources({ '-G': 'hostname 192.0.2.9\nport 22\n' }))).toMatchObject({
      url: 'git@192.0.2.9:repos/shop',
      host: '192.0.2.9',
    });
    const same = parseAddress('git@github.com:me/shop.git');
    expect(await resolveAlias(same, sources({ '-G': 'hostname github.com\nport 22\n' }))).toBe(same);
  });
});

describe('who may release', () => {
  const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFjwT2xT1l9XqBz2n0Bb2Zc0V4hU2n4qv0m2V3wq0w9k';

  it('is a line of its own for ssh-keygen, with a name the history can show', () => {
    const { ssh, names } = readSigner(`${KEY} me on "my laptop", *\n`, 'x.pub', 'zebu.yml:3');
    expect(ssh).toEqual([`me-on-my-laptop namespaces="git" ${KEY}`]);
    expect(names[0]).toMatch(/^me-on-my-laptop SHA256:/);
    expect(readSigner(KEY, 'x.pub', '').ssh[0]).toMatch(/^key-\S{8} /);
  });

  it.each([
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n', 'is a private key'],
    ['-----BEGIN PGP PRIVATE KEY BLOCK-----\nhunter2\n', 'is a private key'],
    ['', 'holds no public key'],
    [`${KEY}\nand more\n`, 'holds no public key'],
  ])('is refused where it is %j', (text, why) => {
    expect(() => readSigner(text, 'keys/x', 'zebu.yml:3')).toThrow(`zebu.yml:3: \`pull.signed_by\`: keys/x ${why}`);
    expect(() => readSigner(text, 'keys/x', 'zebu.yml:3')).not.toThrow('hunter2');
  });

  it('is read from files below the folder of zebu.yml, and lines', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zebu-signers-'));
    try {
      writeFileSync(
        join(folder, 'r.asc'),
        'x\n-----BEGIN PGP PUBLIC KEY BLOCK-----\nabc\n-----END PGP PUBLIC KEY BLOCK-----\n',
      );
      const signers = await readSigners(['r.asc', `${KEY} me`, `${KEY} me`], folder, '');
      expect(signers.ssh).toBe(`me namespaces="git" ${KEY}\n`);
      expect(signers.openpgp).toMatch(/^-----BEGIN PGP PUBLIC KEY BLOCK-----\nabc\n/);
      await expect(readSigners(['gone.pub'], folder, 'zebu.yml:3')).rejects.toThrow('gone.pub cannot be read (ENOENT)');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has to be said, aloud where it is nobody', () => {
    const of = (pull: object) => configSchema.safeParse({ app: { name: 'shop' }, pull });
    expect(of({}).success).toBe(false);
    expect(of({ signed_by: [] }).success).toBe(false);
    expect(of({ signed_by: 'none' }).success).toBe(true);
    expect(of({ signed_by: 'none', tags: 'v*', branch: 'main' }).success).toBe(false);
    expect(of({ signed_by: 'none', secret: 'TOKEN' }).error?.issues[0]?.message).toContain('TOKEN is not declared');
  });
});

describe('the order of versions', () => {
  const sorted = (...names: readonly string[]): readonly string[] =>
    inEachShell(
      (shell) =>
        runIn(shell, `awk "$1" | LC_ALL=C sort -r | cut -f3`, {
          args: [VERSION],
          input: names.map((name) => `${'a'.repeat(40)}\trefs/tags/${name}\n`).join(''),
        }).stdout,
    )
      .trim()
      .split('\n');

  it('is that of semver, pre-releases before their release', () => {
    const right = [
      ...[
        'v10.0',
        'v2.0.0',
        'v2.0.0-rc.10',
        'v2.0.0-rc.9',
        'v2.0.0-rc',
        'v2.0.0-beta.11',
        'v2.0.0-beta.2',
        'v2.0.0-beta',
      ],
      ...[
        'v2.0.0-alpha.beta',
        'v2.0.0-alpha.1',
        'v2.0.0-alpha',
        'v2.0.0-1',
        'v1.10.1',
        'v1.10',
        'v1.9.99999999999999999999',
        'v1.9',
      ],
    ];
    expect(sorted(...right.toReversed())).toEqual(right);
    expect(sorted(...right.toSorted())).toEqual(right);
  });

  it('leaves out what is no version', () => {
    expect(sorted('v1', 'latest', 'v1.x', 'v1..2', 'v1.0-', 'nightly-2026', 'x'.repeat(201), 'v1;id')).toEqual([
      'nightly-2026',
      'v1',
    ]);
  });
});

describe('the sum of a plan', () => {
  it('is of the bytes that are committed, and says when they are others here', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zebu-sum-'));
    const git = (...args: readonly string[]) =>
      spawnSync('git', ['-C', folder, '-c', 'user.name=x', '-c', 'user.email=x', ...args], { encoding: 'utf8' });
    try {
      git('init', '-q');
      spawnSync('mkdir', [join(folder, 'app')]);
      const file = join(folder, 'app/zebu.yml');
      const { signal } = new AbortController();
      writeFileSync(file, 'app: {name: shop}\n');
      expect(await planSum([file], signal)).toMatchObject({ files: ['app/zebu.yml'], changed: ['app/zebu.yml'] });
      git('add', '-A');
      git('commit', '-q', '-m', 'x');
      const sum = planSumOf(new Map([['app/zebu.yml', 'app: {name: shop}\n']]));
      expect(await planSum([file], signal)).toEqual({ files: ['app/zebu.yml'], sum, changed: [] });
      git('config', 'core.autocrlf', 'true');
      writeFileSync(file, 'app: {name: shop}\r\n');
      expect(await planSum([file], signal)).toEqual({ files: ['app/zebu.yml'], sum, changed: [] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('what the VM says', () => {
  const SAID = [
    'enabled=1',
    'repository=git@github.com:me/shop.git',
    'mode=tags',
    'tags=v*',
    'branch=',
    'every=60',
    'plan_hash=abc',
    'unsigned=0',
    'signed_by=me SHA256:x, you SHA256:y',
    'enabled_at=2026-11-29T10:00:00.000Z',
    'key=ssh-ed25519 AAAA zebu pull of shop',
    'last_polled=1000',
    'last_state=refused',
    'last_ref=v1.1',
    'last_commit=',
    'last_why=v1.1 has no signature: git tag -s',
    'trouble=away 900 3 1 1100',
    'run=20261129T100000Z-abc1234',
    'refused={"t":990,"ref":"v1.1","oid":"aa","cause":"unsigned","commit":"","reason":"v1.1 has no signature: git tag -s"}',
    'refused={"t":995,"ref":"v1.2","o',
    'time=1030',
  ].join('\n');

  it('is read, and told in words', () => {
    const seen = parsePull(SAID);
    expect(seen).toMatchObject({
      signedBy: ['me SHA256:x', 'you SHA256:y'],
      looked: { at: 1000, state: 'refused', ref: 'v1.1', commit: null },
      trouble: { cause: 'away', since: 900, times: 3, next: 1100 },
      refused: [{ at: 990, object: 'aa', cause: 'unsigned' }],
    });
    if (seen === undefined) throw new Error('it is enabled');
    const { time, waiting: _, ...rest } = seen;
    const lines = statusLines(
      { app: 'shop', enabled: true, ...rest, planCurrent: false, units: [], systemd: true },
      time,
    );
    expect(lines).toEqual([
      'shop is deployed from git@github.com:me/shop.git: tags v*, every 60 s',
      'released by: me SHA256:x, you SHA256:y',
      'v1.1 has no signature: git tag -s (looked at 30 s ago)',
      'not reached since 1970-01-01 00:15 UTC, 3 times; asked again in 1 min 10 s',
      'zebu.yml here is not what was enabled: commits that have it are refused until zebu pull:enable',
      'last run: 20261129T100000Z-abc1234',
      'refused 1970-01-01 00:16 UTC, v1.1 (unsigned): v1.1 has no signature: git tag -s',
      'deploy key: ssh-ed25519 AAAA zebu pull of shop',
    ]);
  });

  it('is nothing where it is not enabled', () => {
    expect(parsePull('')).toBeUndefined();
  });

  it('ends with where the key is to be added, as long as it is not', () => {
    const enabled = {
      ...{
        app: 'shop',
        dryRun: false,
        repository: 'r',
        tags: 'v*',
        branch: null,
        every: 60,
        signedBy: [],
        planHash: '',
      },
      ...{ hostKeysFrom: null, key: 'ssh-ed25519 AAAA', keyPage: 'https://x/keys', steps: [] },
      looked: { at: 1, state: 'key-refused', ref: null, commit: null, why: 'not let in' },
    };
    expect(enabledLines({ ...enabled, accepted: false })).toEqual([
      'r does not let the VM in yet: not let in',
      'Add this key at https://x/keys, without write access:',
      'ssh-ed25519 AAAA',
    ]);
  });
});
