import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PullVm } from '../../support/pull-vm.js';
import { standIns } from '../../support/shells.js';

describe('a look at a repository', { timeout: 60_000 }, () => {
  let vm: PullVm;
  beforeEach(() => {
    vm = new PullVm();
  });
  afterEach(() => vm.remove());
  const stateOf = (now = ''): string => {
    const { state = '', ref = '' } = vm.look(now);
    return `${state} ${ref}`.trim();
  };

  it('orders the highest version that is signed, and says so', () => {
    expect(stateOf()).toBe('nothing');
    vm.release('v1.2');
    vm.release('v1.10');
    vm.release('v1.10-rc.1');
    vm.release('other-9');
    expect(vm.look()).toMatchObject({ state: 'ordered', ref: 'v1.10', commit: vm.git('rev-parse', 'HEAD') });
    expect(vm.read('pull/state/order')).toBe(`v1.10\n${vm.git('rev-parse', 'v1.10')}\n`);
    expect(vm.events()).toEqual([]);
  });

  it('leaves alone what is live, and orders what comes after it', () => {
    vm.release('v1.0');
    vm.deployed('v1.0');
    expect(stateOf()).toBe('live v1.0');
    expect(vm.order()).toBeUndefined();
    vm.commit();
    vm.release('v1.1');
    expect(stateOf()).toBe('ordered v1.1');
    expect(vm.order()).toBe('v1.1');
  });

  it('knows what has just gone live before the books are closed', () => {
    vm.release('v1.0');
    vm.deployed('v1.0');
    const books = vm.read('releases.jsonl');
    writeFileSync(join(vm.base, 'releases.jsonl'), '');
    writeFileSync(
      join(vm.base, 'current/plan'),
      `project=shop\nrecord='${books.trim().replace(/^{|,"verdict".*/g, '')}'\n`,
    );
    expect(stateOf()).toBe('live v1.0');
    expect(vm.order()).toBeUndefined();
  });

  it.each<[string, (vm: PullVm) => void]>([
    ['unsigned', (to) => to.release('v1.1', '-a')],
    [
      'unsigned',
      (to) => {
        to.git('tag', 'v1.1');
        to.push('v1.1');
      },
    ],
    [
      'other-signer',
      (to) => {
        to.sign('theirs');
        to.release('v1.1');
      },
    ],
    [
      'renamed',
      (to) => {
        to.git('tag', '-s', '-m', 'x', 'v1.0.5');
        to.push('refs/tags/v1.0.5:refs/tags/v1.1');
      },
    ],
    [
      'not-a-commit',
      (to) => {
        to.git('tag', '-s', '-m', 'inner', 'inner');
        to.git('tag', '-s', '-m', 'outer', 'v1.1', 'inner');
        to.push('v1.1');
      },
    ],
    [
      'plan-changed',
      (to) => {
        to.commit({ 'zebu.yml': 'app: {name: other}\n' });
        to.release('v1.1');
      },
    ],
    [
      'compose-missing',
      (to) => {
        to.git('rm', '-q', 'compose.yml');
        to.git('commit', '-q', '-m', 'gone');
        to.release('v1.1');
      },
    ],
    [
      'submodules',
      (to) => {
        to.git('update-index', '--add', '--cacheinfo', `160000,${to.git('rev-parse', 'HEAD')},modules/other`);
        to.git('commit', '-q', '-m', 'module');
        to.release('v1.1');
      },
    ],
    [
      'lfs',
      (to) => {
        to.commit({
          '.gitattributes': '*.bin filter=lfs\n',
          'big one.bin': 'version https://git-lfs.github.com/spec/v1\n',
        });
        to.release('v1.1');
      },
    ],
  ])('refuses what is %s, records it and tells it once', (cause, push) => {
    vm.release('v1.0');
    vm.deployed('v1.0');
    vm.commit();
    push(vm);
    expect(stateOf()).toBe('refused v1.1');
    expect(stateOf()).toBe('refused v1.1');
    expect(vm.order()).toBeUndefined();
    expect(vm.events()).toEqual([`pull-refused v1.1 ${cause}`]);
    expect(vm.read('pull/state/refused.jsonl').trim().split('\n')).toHaveLength(1);
    // What is right after it is none the worse.
    vm.sign('mine');
    vm.commit({ 'zebu.yml': 'app: {name: shop}\n', 'compose.yml': 'services: {}\n', '.gitattributes': '' });
    vm.git('rm', '-q', '--cached', '--ignore-unmatch', 'modules/other');
    vm.commit({ x: '1' });
    vm.release('v1.2');
    expect(stateOf()).toBe('ordered v1.2');
  });

  it('does not take a signed message with another tag in front for the tag', () => {
    const commit = vm.git('rev-parse', 'HEAD');
    vm.release('v1.0');
    const evil = vm.commit({ evil: 'yes' });
    const text = vm.git('cat-file', 'tag', 'v1.0').replace(commit, evil).replace('tag v1.0', 'tag v6.6');
    writeFileSync(join(vm.folder, 'object'), `${text}\n`);
    const oid = vm.git('hash-object', '-t', 'tag', '-w', join(vm.folder, 'object'));
    vm.git('update-ref', 'refs/tags/v6.6', oid);
    vm.push('v6.6');
    expect(stateOf()).toBe('ordered v1.0');
    expect(vm.events()).toEqual(['pull-refused v6.6 other-signer']);
  });

  it('takes OpenPGP signatures of a key that is named, and of no other', () => {
    const home = join(vm.folder, 'gpg');
    mkdirSync(home, { mode: 0o700 });
    for (const who of ['good', 'bad'])
      vm.run(
        'gpg',
        '--batch',
        '--quiet',
        '--passphrase',
        '',
        '--quick-gen-key',
        `${who}@example.org`,
        'ed25519',
        'sign',
        'never',
      );
    const armored = vm.run('gpg', '--armor', '--export', 'good@example.org');
    const trusted = join(vm.base, 'pull/gnupg');
    writeFileSync(join(trusted, 'gpg.conf'), 'trust-model always\nno-auto-key-retrieve\nno-autostart\n');
    writeFileSync(join(vm.folder, 'good.asc'), armored);
    vm.run(
      'gpg',
      '--homedir',
      trusted,
      '--batch',
      '--quiet',
      '--no-autostart',
      '--import',
      join(vm.folder, 'good.asc'),
    );
    vm.enable({}, { openpgp: armored });
    vm.git('config', 'gpg.format', 'openpgp');
    vm.git('config', 'user.signingKey', 'bad@example.org');
    vm.release('v1.1');
    expect(stateOf()).toBe('refused v1.1');
    expect(vm.events()).toEqual(['pull-refused v1.1 other-signer']);
    vm.git('config', 'user.signingKey', 'good@example.org');
    vm.release('v1.2');
    expect(stateOf()).toBe('ordered v1.2');
    vm.run('gpgconf', '--homedir', home, '--kill', 'all');
  });

  it('refuses a tag that was moved since it was seen, live or not', () => {
    vm.release('v1.0');
    vm.deployed('v1.0');
    vm.look();
    vm.commit();
    vm.git('tag', '-f', '-s', '-m', 'v1.0', 'v1.0');
    vm.push('--force', 'v1.0');
    expect(stateOf()).toBe('live v1.0');
    expect(vm.events()).toEqual(['pull-refused v1.0 moved']);
    vm.release('v1.1');
    expect(stateOf()).toBe('ordered v1.1');
    vm.commit();
    vm.git('tag', '-f', '-s', '-m', 'v1.1', 'v1.1');
    vm.push('--force', 'v1.1');
    vm.order();
    expect(stateOf()).toBe('refused v1.1');
    expect(stateOf()).toBe('refused v1.1');
    expect(vm.order()).toBeUndefined();
    expect(vm.events()).toEqual(['pull-refused v1.0 moved', 'pull-refused v1.1 moved']);
  });

  it('does not go back to what is older than what is live, whatever it is called', () => {
    vm.release('v1.0');
    vm.commit();
    vm.git('tag', '-s', '-m', 'x', 'v1.1');
    vm.deployed('v1.1');
    expect(stateOf()).toBe('refused v1.0');
    expect(stateOf()).toBe('refused v1.0');
    expect(vm.events()).toEqual(['pull-refused v1.0 older']);
  });

  it('compares with a commit that is live and no tag by what came before what', () => {
    vm.release('v1.0');
    vm.commit();
    vm.push('main');
    vm.run('git', 'clone', '-q', '--bare', vm.origin, join(vm.base, 'repo.git'));
    vm.deployed('main', 'live', { kind: 'branch' });
    expect(stateOf()).toBe('refused v1.0');
    expect(vm.events()).toEqual(['pull-refused v1.0 older']);
  });

  it('does not deploy while the VM lacks a declared secret, says which, and goes on when it has it', () => {
    vm.enable({}, { needs: ['PASSWORD', 'PEPPER'] });
    writeFileSync(join(vm.base, 'shared/secrets/1.env'), "PASSWORD='x'\n");
    vm.release('v1.0');
    expect(vm.look()).toMatchObject({
      state: 'refused',
      why: expect.stringContaining('no value for PEPPER:') as string,
    });
    writeFileSync(join(vm.base, 'shared/secrets/2.env'), "PASSWORD='x'\nPEPPER='y'\n");
    expect(stateOf()).toBe('ordered v1.0');
    expect(vm.events()).toEqual(['pull-refused v1.0 secret-missing']);
  });

  it('tries what failed again only when somebody asks, or something newer comes', () => {
    vm.release('v1.0');
    vm.deployed('v1.0');
    vm.commit();
    vm.release('v1.1');
    vm.deployed('v1.1', 'restored', { cause: 'probe-failed' });
    expect(vm.look()).toMatchObject({ state: 'failed', why: expect.stringContaining('probe-failed') as string });
    expect(vm.order()).toBeUndefined();
    expect(stateOf('now')).toBe('ordered v1.1');
    vm.order();
    vm.commit();
    vm.release('v1.2');
    expect(stateOf()).toBe('ordered v1.2');
  });

  it('has what failed within its probation for failed', () => {
    vm.release('v1.0');
    vm.deployed('v1.0');
    const before = vm.currentId();
    vm.commit();
    vm.release('v1.1');
    vm.deployed('v1.1');
    vm.deployed('v1.1', 'restored', { mode: 'probation', cause: 'probation' });
    vm.current(before);
    expect(vm.look()).toMatchObject({ state: 'failed', why: expect.stringContaining('probation') as string });
    expect(stateOf('now')).toBe('ordered v1.1');
  });

  it('tries again what was interrupted, and not for ever', () => {
    vm.release('v1.0');
    for (const _ of [1, 2, 3]) vm.deployed('v1.0', 'refused', { cause: 'interrupted' });
    expect(stateOf()).toBe('ordered v1.0');
    vm.deployed('v1.0', 'refused', { cause: 'interrupted' });
    expect(stateOf()).toBe('failed v1.0');
  });

  it('leaves what a rollback left until something newer comes', () => {
    vm.release('v1.0');
    vm.deployed('v1.0');
    const [first = ''] = vm.read('releases.jsonl').match(/2026[^"]*/) ?? [];
    vm.commit();
    vm.release('v1.1');
    vm.deployed('v1.1');
    vm.current(first);
    expect(stateOf()).toBe('left v1.1');
    expect(stateOf('now')).toBe('left v1.1');
    expect(vm.order()).toBeUndefined();
    vm.commit();
    vm.release('v1.2');
    expect(stateOf()).toBe('ordered v1.2');
  });

  it('gives up on what cannot be started three times', () => {
    vm.release('v1.0');
    writeFileSync(join(vm.base, 'pull/state/tried'), `${vm.git('rev-parse', 'HEAD')} 3\n`);
    expect(stateOf()).toBe('failed v1.0');
    expect(stateOf('now')).toBe('ordered v1.0');
  });

  it('orders nothing while another run is at work', () => {
    vm.release('v1.0');
    writeFileSync(join(vm.base, 'lock'), '');
    const holder = spawnSync('sh', ['-c', `flock -n '${vm.base}/lock' sleep 30 >/dev/null 2>&1 & echo $!`], {
      encoding: 'utf8',
    });
    spawnSync('sleep', ['0.3']);
    expect(stateOf()).toBe('busy v1.0');
    spawnSync('sh', ['-c', `kill $(cat /proc/${holder.stdout.trim()}/task/*/children) ${holder.stdout.trim()}`]);
  });

  it('asks once, and a server that is away ever less often; it is told once, and once that it is back', () => {
    vm.release('v1.0');
    vm.look();
    const state = join(vm.base, 'pull/state');
    standIns(join(vm.folder, 'bin'), {
      git: `case "$*" in *ls-remote*) echo asked >>'${vm.folder}/asked' ;; esac; exec /usr/bin/git "$@"`,
    });
    renameSync(vm.origin, `${vm.origin}.away`);
    // A look each minute: what was written down is so much longer ago.
    const minute = (): void => {
      vm.look('', { PATH: join(vm.folder, 'bin') });
      const [cause = '', since, times, told, next] = vm.read('pull/state/trouble').trim().split(' ');
      if (cause !== '')
        writeFileSync(join(state, 'trouble'), [cause, Number(since) - 60, times, told, Number(next) - 60].join(' '));
    };
    rmSync(join(state, 'order'), { force: true });
    writeFileSync(join(state, 'answered'), '');
    for (let minutes = 0; minutes < 20; minutes++) minute();
    const asked = spawnSync('grep', ['-c', 'asked', join(vm.folder, 'asked')], { encoding: 'utf8' }).stdout.trim();
    expect(Number(asked)).toBeLessThanOrEqual(5);
    expect(vm.events()).toEqual(['pull-away not-found']);
    renameSync(`${vm.origin}.away`, vm.origin);
    for (let minutes = 0; minutes < 20; minutes++) minute();
    expect(vm.events()).toEqual(['pull-away not-found', 'pull-back']);
    expect(existsSync(join(state, 'order'))).toBe(true);
  });

  it.each([
    ['@@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@\nHost key verification failed.', 'host-key-changed'],
    ['git@example.org: Permission denied (publickey).', 'key-refused'],
    ["fatal: Authentication failed for 'https://example.org/x/'", 'key-refused'],
    ["fatal: unable to access 'https://x/': SSL certificate problem: self-signed certificate", 'untrusted'],
    ['ERROR: Repository not found.', 'not-found'],
    ['ssh: connect to host example.org port 22: Connection timed out', 'away'],
  ])('tells what is in the way: %s', (words, cause) => {
    writeFileSync(join(vm.folder, 'words'), words);
    standIns(join(vm.folder, 'bin'), {
      git: `case "$*" in *ls-remote*) cat '${vm.folder}/words' >&2; exit 128 ;; esac; exec /usr/bin/git "$@"`,
    });
    writeFileSync(join(vm.base, 'pull/state/answered'), '');
    expect(vm.look('', { PATH: join(vm.folder, 'bin') })).toMatchObject({ state: cause });
    // What will not pass by itself is told at once, a server that is away after five minutes.
    expect(vm.events()).toEqual(cause === 'away' ? [] : [`pull-away ${cause}`]);
  });

  it('has no use for names that are no versions, and runs none of them', () => {
    const mark = join(vm.folder, 'ran');
    // Half of these git itself does not let anybody make; a server can say what it likes.
    const names = [
      `v1.2.3;touch\${IFS}${mark}`,
      `v9.9$(touch${mark})`,
      'v9`id`',
      "v9'x",
      'v9"x',
      'v9|x',
      'v9&x',
      'v8.0..1',
      'v٣',
    ];
    vm.release('v1.0');
    const oid = vm.git('rev-parse', 'v1.0');
    const lines = [
      ...names.map((name) => `${oid}\trefs/tags/${name}`),
      `${oid}\trefs/tags/v1.2.3; touch ${mark}`,
      `${oid}\trefs/heads/v7.0`,
      `--upload-pack=touch\trefs/tags/v7.1`,
      `${oid}\trefs/tags/-v7.2`,
      `${oid.slice(0, 39)}\trefs/tags/v7.3`,
      `${oid}\trefs/tags/v1.0`,
    ];
    writeFileSync(join(vm.folder, 'lines'), `${lines.join('\n')}\n`);
    standIns(join(vm.folder, 'bin'), {
      git: `case "$*" in *ls-remote*) exec cat '${vm.folder}/lines' ;; esac; exec /usr/bin/git "$@"`,
    });
    vm.enable({ tags: '*' });
    expect(vm.look('', { PATH: join(vm.folder, 'bin') })).toMatchObject({ state: 'ordered', ref: 'v1.0' });
    for (const name of names) {
      try {
        vm.git('update-ref', `refs/tags/${name}`, oid);
        vm.push(`refs/tags/${name}`);
      } catch {
        // git has rules of its own.
      }
    }
    expect(stateOf()).toBe('ordered v1.0');
    expect(existsSync(mark)).toBe(false);
  });

  it('is not misled by what files are called', () => {
    const mark = join(vm.folder, 'ran');
    const names = [`$(touch ${mark})`, `a"b\\c`, 'line\nbreak', '-rf', 'x;y', `\`touch ${mark}\``, ': filter: lfs'];
    vm.commit(Object.fromEntries(names.map((name) => [`deep/${name.replaceAll('/', '_')}`, 'x'])));
    vm.release('v1.0');
    expect(stateOf()).toBe('ordered v1.0');
    vm.commit({ '.gitattributes': 'deep/* filter=lfs\n' });
    vm.release('v1.1');
    expect(stateOf()).toBe('refused v1.1');
    expect(() => vm.events()).not.toThrow();
    expect(vm.read('pull/state/refused.jsonl').trim().split('\n')).toHaveLength(1);
    expect(existsSync(mark)).toBe(false);
  });

  describe('at a branch', () => {
    beforeEach(() => vm.enable({ branch: 'main' }));

    it('takes a signed commit that goes on from the one before, and no other', () => {
      vm.commit(undefined, '-S');
      vm.push('main');
      expect(stateOf()).toBe('ordered main');
      vm.order();
      vm.commit();
      vm.push('main');
      expect(stateOf()).toBe('refused main');
      vm.git('reset', '-q', '--hard', 'HEAD~2');
      vm.commit({ other: 'way' }, '-S');
      vm.push('--force', 'main');
      expect(stateOf()).toBe('refused main');
      expect(stateOf()).toBe('refused main');
      expect(vm.order()).toBeUndefined();
      expect(vm.events()).toEqual(['pull-refused main unsigned', 'pull-refused main forced']);
    });

    it('knows another signer', () => {
      vm.sign('theirs');
      vm.commit(undefined, '-S');
      vm.push('main');
      expect(stateOf()).toBe('refused main');
      expect(vm.events()).toEqual(['pull-refused main other-signer']);
    });
  });

  it('takes anybody’s word where that was said aloud', () => {
    vm.enable({ signed_by: 'none' });
    vm.git('tag', 'v1.0');
    vm.push('v1.0');
    expect(stateOf()).toBe('ordered v1.0');
  });

  it('keeps secrets out of what it records, and of what it says', () => {
    writeFileSync(join(vm.base, 'shared/secrets/1.env'), "TOKEN='hunter2-canary'\n");
    standIns(join(vm.folder, 'bin'), {
      git: `case "$*" in *ls-remote*) echo 'fatal: Authentication failed with hunter2-canary' >&2; exit 128 ;; esac; exec /usr/bin/git "$@"`,
    });
    writeFileSync(join(vm.base, 'pull/state/answered'), '');
    const said = vm.look('', { PATH: join(vm.folder, 'bin') });
    expect(JSON.stringify(said) + vm.said + vm.read('pull/state/last') + vm.read('events/events.jsonl')).not.toContain(
      'hunter2',
    );
  });

  it('has no use for a keyring beside those that were named', () => {
    copyFileSync(join(vm.folder, 'theirs.pub'), join(vm.base, 'pull/state/signers'));
    vm.sign('theirs');
    vm.release('v1.0');
    expect(stateOf()).toBe('refused v1.0');
  });
});
