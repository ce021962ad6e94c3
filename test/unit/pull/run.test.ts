import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { variables } from '@zebu/kit';
import { RUN_PROGRAM } from '../../../src/lib/pull/units.js';
import { inTurn, PullVm } from '../../support/pull-vm.js';

/** Takes what the real one takes, keeps it, and says that it went live. */
const RUNNER = `set -eu
[ "$1 $2 $7" = 'start deploy 1' ] || exit 1
base=$3 id=$4 run=$5 commit=$6
cd "$base"
if flock -n 8 8>>lock; then echo free >>started; else echo locked >>started; fi
git --git-dir=repo.git index-pack --stdin --fix-thin >/dev/null
mkdir -p "releases/$id"
cp .incoming/plan "releases/$id/plan"
cp holder "releases/$id/holder"
git --git-dir=repo.git update-ref "refs/zebu/$id" "$commit"
. "releases/$id/plan"
printf '{%s,"run":"%s","mode":"deploy","verdict":"live"}\\n' "$record" "$run" >>releases.jsonl
rm -f current
ln -s "releases/$id" current
echo "$commit" >sent
`;

describe('a release that was ordered', { timeout: 60_000 }, () => {
  let vm: PullVm;
  beforeEach(() => {
    vm = new PullVm();
    for (const each of ['releases', 'journals']) mkdirSync(join(vm.base, each));
    writeFileSync(join(vm.base, 'runner'), RUNNER);
    writeFileSync(
      join(vm.base, 'pull/plan'),
      "project=shop\nsettings_from=here\nsettings='A='\\''1'\\'''\nrecord='old'\n",
    );
  });
  afterEach(() => vm.remove());

  const program = (): string => variables({ app: 'shop', base: vm.base, user: 'deploy' }) + RUN_PROGRAM;
  const run = (): { code: number | null; stderr: string } => inTurn(program());
  const ordered = (name = 'v1.0'): void => {
    vm.release(name);
    expect(vm.look()['state']).toBe('ordered');
  };
  const records = (): readonly Record<string, string>[] =>
    vm
      .read('releases.jsonl')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, string>);

  it('is deployed under the lock, with a name in the books', () => {
    vm.commit({ x: '1' });
    vm.git('commit', '-q', '--allow-empty', '-m', `it's "quoted" \\ $(touch ${vm.folder}/ran)`);
    ordered();
    expect(run()).toMatchObject({ code: 0, stderr: '' });
    expect(vm.read('started')).toBe('locked\n');
    const [record] = records();
    const commit = vm.git('rev-parse', 'HEAD');
    expect(record).toMatchObject({
      ref: 'v1.0',
      kind: 'tag',
      commit,
      by: 'pull',
      who: 'mine@laptop',
      from: vm.origin,
      subject: `it's "quoted" \\ $(touch ${vm.folder}/ran)`,
    });
    expect(existsSync(join(vm.folder, 'ran'))).toBe(false);
    expect(vm.read('sent').trim()).toBe(commit);
    const plan = vm.read(`releases/${record?.['id'] ?? ''}/plan`);
    const env = inTurn(`${plan}printf '%s' "$release_env$settings_from$settings"`).stdout;
    expect(env).toBe(`ZEBU_REF='v1.0'\nZEBU_COMMIT='${commit}'\nZEBU_RELEASE='${record?.['id'] ?? ''}'\nhereA='1'`);
    expect(JSON.parse(vm.read(`releases/${record?.['id'] ?? ''}/holder`))).toMatchObject({
      by: 'pull',
      run: record?.['run'],
      commit,
    });
    expect(vm.read('pull/state/run').trim()).toBe(record?.['run']);
    // And that is the end of it.
    expect(vm.look()['state']).toBe('live');
    expect(run()).toMatchObject({ code: 0 });
    expect(records()).toHaveLength(1);
  });

  it('has the settings of what is live, once something is', () => {
    ordered();
    run();
    spawnSync('sleep', ['1']);
    vm.commit();
    ordered('v1.1');
    expect(run().code).toBe(0);
    const id = records().at(-1)?.['id'] ?? '';
    expect(inTurn(`${vm.read(`releases/${id}/plan`)}printf '%s' "$settings_from$settings"`).stdout).toBe('live');
  });

  it('is judged again by its signature, whoever wrote the order', () => {
    vm.sign('theirs');
    vm.release('v1.0');
    vm.look();
    const oid = vm.git('rev-parse', 'v1.0');
    const state = join(vm.base, 'pull/state');
    // Even where the looking part is in other hands, and can set up its repository as it likes.
    for (const [key, value] of [
      ['gpg.ssh.program', `touch ${vm.folder}/ran #`],
      ['core.fsmonitor', `touch ${vm.folder}/ran #`],
      ['alias.cat-file', `!touch ${vm.folder}/ran`],
      ['gpg.ssh.allowedSignersFile', join(vm.folder, 'theirs.pub')],
    ] as const)
      vm.run('git', '--git-dir', join(state, 'repo.git'), 'config', key, value);
    writeFileSync(join(state, 'order'), `v1.0\n${oid}\n\n`);
    expect(run()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not signed by one of pull.signed_by') as string,
    });
    expect(existsSync(join(vm.folder, 'ran'))).toBe(false);
    expect(vm.read('started')).toBe('');
  });

  it.each(['v1.0; touch $HOME/ran', '$(touch x)', '../../x y', ''])('is no order with the name %j', (name) => {
    vm.release('v1.0');
    writeFileSync(join(vm.base, 'pull/state/order'), `${name}\n${vm.git('rev-parse', 'v1.0')}\n\n`);
    expect(run().code).toBe(1);
    expect(vm.read('started')).toBe('');
  });

  it('comes to nothing where another is at work, or was first', () => {
    ordered();
    const holder = spawn('flock', [join(vm.base, 'lock'), 'sleep', '20'], { stdio: 'ignore', detached: true });
    writeFileSync(join(vm.base, 'holder'), '{}');
    spawnSync('sleep', ['0.3']);
    expect(run().code).toBe(0);
    process.kill(-(holder.pid ?? 0));
    expect(vm.read('started')).toBe('');
    spawnSync('sleep', ['0.3']);
    vm.look();
    vm.deployed('HEAD', 'live', { kind: 'branch' });
    writeFileSync(join(vm.base, 'current/plan'), '');
    expect(run().code).toBe(0);
    expect(vm.read('started')).toBe('');
  });

  it('is begun once, however many take it up', () => {
    ordered();
    const text = program();
    const two = `(${text.replaceAll('exit ', 'exit ')}) & (${text}) & wait`;
    inTurn(two);
    expect(vm.read('started')).toBe('locked\n');
  });

  it('is sent as it is checked out', () => {
    vm.commit({
      '.gitattributes': '*.bat text eol=crlf\n*.id ident\n',
      'a b.bat': 'one\ntwo\n',
      'x.id': '$Id$\n',
      '.gitignore': '*.bat\n',
    });
    vm.git('add', '-f', 'a b.bat');
    vm.git('commit', '-q', '--allow-empty', '-m', 'more');
    ordered();
    expect(run()).toMatchObject({ code: 0, stderr: '' });
    const sent = vm.read('sent').trim();
    const stored = join(vm.base, 'repo.git');
    expect(sent).not.toBe(vm.git('rev-parse', 'HEAD'));
    const show = (file: string): string =>
      spawnSync('git', ['--git-dir', stored, 'show', `${sent}:${file}`], { encoding: 'utf8' }).stdout;
    expect(show('a b.bat')).toBe('one\r\ntwo\r\n');
    expect(show('x.id')).toMatch(/^\$Id: [0-9a-f]{40} \$\n$/);
    expect(spawnSync('git', ['--git-dir', stored, 'rev-parse', `${sent}^`], { encoding: 'utf8' }).stdout.trim()).toBe(
      vm.git('rev-parse', 'HEAD'),
    );
    // What is kept is whole without what was fetched.
    expect(
      spawnSync('git', ['--git-dir', stored, 'fsck', '--connectivity-only'], { encoding: 'utf8' }).stderr,
    ).not.toMatch(/missing|error/);
  });

  it('that does not start is counted, so that it is not tried for ever', () => {
    writeFileSync(join(vm.base, 'runner'), 'echo no room >&2; exit 9\n');
    vm.release('v1.0');
    for (const _ of [1, 2, 3]) {
      expect(vm.look()['state']).toBe('ordered');
      expect(run()).toMatchObject({ code: 1, stderr: expect.stringContaining('could not be started (9)') as string });
      // The next has another name.
      spawnSync('sleep', ['1']);
    }
    expect(vm.look()['state']).toBe('failed');
    expect(vm.events()).toEqual(['pull-refused v1.0 not-started']);
  });

  it('knows nothing that is not signed where the app’s own repository has it already', () => {
    appendFileSync(join(vm.base, 'pull/state/seen'), '');
    vm.release('v1.0', '-a');
    vm.run('git', 'clone', '-q', '--bare', vm.origin, join(vm.base, 'repo.git'));
    writeFileSync(join(vm.base, 'pull/state/order'), `v1.0\n${vm.git('rev-parse', 'v1.0')}\n\n`);
    expect(run().code).toBe(1);
    expect(readFileSync(join(vm.base, 'pull/settings'), 'utf8')).toContain('unsigned=0');
  });
});
