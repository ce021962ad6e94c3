/** What a client has the VM do before the runner: receive it, the plan and the secrets, and hand over. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appLayout } from '../../../src/lib/app-folder/layout.js';
import { toReleaseId } from '../../../src/lib/app-folder/release-id.js';
import { CHANGED_STATUS } from '../../../src/lib/app-folder/statuses.js';
import { holdRunner, receiveScript, rollbackScript } from '../../../src/lib/runs/programs/index.js';
import { sumOf } from '../../../src/lib/runs/programs/sums.js';
import type { Start } from '../../../src/lib/runs/programs/start.js';
import { writeScript } from '../../../src/lib/secrets/store.js';
import { runIn, standIns, vmShells, type ShellRun } from '../../support/shells.js';

/** That of busybox reads on from where it is told to stop; what Debian and Ubuntu have does not. */
const HEAD = 'head() { dd bs=1 count="$2" 2>/dev/null; }\n';
const RUNNER = 'printf "%s\\n" "$@"\n';
const ID = toReleaseId('20261126T120000Z-abcdef0');

describe.each(vmShells())('what is sent, in $name', { timeout: 60_000 }, (shell) => {
  let folder: string;
  let base: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'zebu-sent-'));
    base = join(folder, 'shop');
    standIns(join(folder, 'bin'), { sudo: 'exit 1', sync: '' });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const layout = (): Start['layout'] => ({ ...appLayout('shop'), base });
  const run = (script: string, input: string): ShellRun =>
    runIn(shell, (shell.name === 'busybox' ? HEAD : '') + script, { input, env: { PATH: join(folder, 'bin') } });
  const start = (more: Partial<Start> = {}): Start => ({
    layout: layout(),
    id: ID,
    run: ID,
    mode: 'deploy',
    holder: '{"who":"ann"}',
    lockWait: 0,
    over: null,
    runner: { values: { runner_size: RUNNER.length, runner_sum: '' } },
    ...more,
  });
  /** Everything but what a power cut needs is told; that is there already. */
  const receive = (plan: string, bundle: string, more: Partial<Start> = {}, tokens = '', pem = ''): string =>
    receiveScript({
      ...start(more),
      commit: 'c0ffee',
      pack: true,
      tokensSize: tokens.length,
      certificate: pem === '' ? undefined : { id: 'c0ffee', size: pem.length },
      plan,
      secretsSize: bundle.length,
      secretsVersion: 0,
      sums: new Map(),
      user: 'debian',
    }).replaceAll('/opt/zebu/recover', `${folder}/recover`);
  const BUNDLE = `key\n{"by":"ann"}\nA='1'\nB='2'\n`;
  const asked = ({ stdout }: ShellRun): readonly string[] => stdout.trim().split('\n');

  it('is put in its place, and the runner started with the commit, the pack and the new version', () => {
    const done = run(receive('plan', BUNDLE), `${RUNNER}${BUNDLE}`);
    expect(done.stderr).toBe('');
    expect(asked(done)).toEqual(['start', 'deploy', base, ID, ID, 'c0ffee', '1', '1.env']);
    const plan = join(base, '.incoming/plan');
    expect([readFileSync(plan, 'utf8'), statSync(plan).mode & 0o777]).toEqual(['plan', 0o644]);
    // Containers of any user look into the files of a release, and into nothing else of it.
    const modes = ['.incoming', '.incoming/tree'].map((each) => (statSync(join(base, each)).mode & 0o777).toString(8));
    expect(modes).toEqual(['700', '755']);
    expect(readFileSync(join(base, 'shared/secrets/1.env'), 'utf8')).toBe(`A='1'\nB='2'\n`);
    expect(readFileSync(join(base, 'holder'), 'utf8')).toBe('{"who":"ann"}');
    expect(readFileSync(join(folder, 'recover'), 'utf8')).toMatch(/^#!\/bin\/sh\n[\s\S]*runner" recover/);
  });

  it('has tokens for registries among the secrets, for this run and nobody else', () => {
    const tokens = `1='token'\n`;
    const done = run(receive('plan', BUNDLE, {}, tokens), `${RUNNER}${BUNDLE}${tokens}`);
    expect([done.code, done.stderr]).toEqual([0, '']);
    const file = join(base, `shared/secrets/registries-${ID}.env`);
    expect(readFileSync(file, 'utf8')).toBe(tokens);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(asked(done).at(-1)).toBe('1.env');
  });

  it('has the certificate of the front proxy behind them, for its owner alone in folders that the proxy looks into', () => {
    const done = run(receive('plan', '', {}, '', 'chain and key'), `${RUNNER}chain and key`);
    expect([done.code, done.stderr]).toEqual([0, '']);
    const mode = (path: string): string => (statSync(join(base, path)).mode & 0o777).toString(8);
    expect(readFileSync(join(base, 'shared/proxy/config/tls/c0ffee.pem'), 'utf8')).toBe('chain and key');
    expect(mode('shared/proxy/config/tls/c0ffee.pem')).toBe('600');
    expect([mode('shared/proxy/config'), mode('shared/proxy/config/tls')]).toEqual(['755', '700']);
    // Half of one is none.
    expect(
      run(receive('plan', '', { run: toReleaseId('20261126T120001Z-abcdef0') }, '', 'x'.repeat(50)), `${RUNNER}chain`)
        .code,
    ).toBe(1);
    expect(readFileSync(join(base, 'shared/proxy/config/tls/c0ffee.pem'), 'utf8')).toBe('chain and key');
  });

  it('is without secrets the version in force, which the runner finds', () => {
    expect(asked(run(receive('plan', ''), RUNNER))).toEqual(['start', 'deploy', base, ID, ID, 'c0ffee', '1']);
  });

  it('is no runner where the VM has the same, and a conflict where it has another by now', () => {
    mkdirSync(base);
    writeFileSync(join(base, 'runner'), RUNNER);
    const known = (text: string): Partial<Start> => ({
      runner: { values: { runner_size: 0, runner_sum: sumOf(text) } },
    });
    expect(run(receive('plan', '', known('other')), '').code).toBe(CHANGED_STATUS);
    expect(asked(run(receive('plan', '', known(RUNNER)), ''))).toContain('c0ffee');
  });

  it('is not read once more where the shell that told its digest has it open, unless there is another one by now', () => {
    mkdirSync(base);
    writeFileSync(join(base, 'runner'), RUNNER);
    // The digest is that of nothing: whoever reads the file finds another one.
    const seen: Partial<Start> = { runner: { values: { runner_size: 0, runner_sum: '' } } };
    const hold = `${holdRunner(layout())}\n`;
    expect(asked(run(hold + receive('plan', '', seen), ''))).toContain('c0ffee');
    const later = { ...seen, run: toReleaseId('20261126T120001Z-abcdef0') };
    const replaced = `cp ${base}/runner ${base}/other; mv ${base}/other ${base}/runner\n`;
    expect(run(hold + replaced + receive('plan', '', later), '').code).toBe(CHANGED_STATUS);
    rmSync(join(base, 'runner'));
    expect(run(hold + receive('plan', '', later), '').code).toBe(CHANGED_STATUS);
  });

  it('is of a rollback the release that is there, or refused', () => {
    const back = rollbackScript(start({ mode: 'rollback', run: toReleaseId('20261126T120001Z-abcdef0') }));
    expect(run(back, RUNNER)).toMatchObject({ code: 66, stdout: 'missing\n' });
    mkdirSync(join(base, 'releases', ID), { recursive: true });
    writeFileSync(join(base, 'releases', ID, 'plan'), '');
    expect(asked(run(back, RUNNER))).toEqual(['start', 'rollback', base, ID, '20261126T120001Z-abcdef0']);
  });

  it('is of secrets alone a version over the one it was compared with, by name, and the oldest go', () => {
    const write = (bundle: string, expected: number): ShellRun =>
      run(writeScript(layout(), '{}', 0, bundle.length, expected), bundle);
    expect(write(BUNDLE, 0).code).toBe(0);
    expect(write(`key2\n{}\n-A\nB='3'\nC='4'\n`, 1).code).toBe(0);
    expect(readFileSync(join(base, 'shared/secrets/2.env'), 'utf8')).toBe(`B='3'\nC='4'\n`);
    expect(readFileSync(join(base, 'shared/secrets/key'), 'utf8')).toBe('key\n');
    expect(write(BUNDLE, 1).code).toBe(CHANGED_STATUS);
    for (let n = 2; n < 12; n++) expect(write(BUNDLE, n).code).toBe(0);
    const kept = readdirSync(join(base, 'shared/secrets')).filter((name) => name.endsWith('.env'));
    expect(kept).toHaveLength(10);
    expect(kept).not.toContain('2.env');
    expect(readdirSync(base)).not.toContain('holder');
  });
});
