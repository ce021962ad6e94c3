import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { objectsDamaged } from '../../../src/lib/app-folder/lock.js';
import { DAMAGED_STATUS } from '../../../src/lib/app-folder/statuses.js';
import RECEIVE from '../../../src/lib/runner/receive.sh';
import { runIn, vmShells } from '../../support/shells.js';

describe.each(vmShells())('what was sent, in $name', { timeout: 60_000 }, (shell) => {
  let base: string;
  let commit: string;
  let blob: string;
  const git = (...args: readonly string[]): string => {
    const { stdout, stderr, status } = spawnSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      cwd: join(base, 'work'),
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, expect.any(String)]);
    return stdout.trim();
  };
  const start = (wanted: string): number | null =>
    runIn(shell, `. ./runner </dev/null`, {
      cwd: base,
      args: ['start', 'deploy', '.', 'r1', 'r1', wanted, '0', '1.env'],
    }).code;

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'zebu-receive-'));
    for (const each of ['releases', 'journals', 'shared/secrets', '.incoming', 'work'])
      mkdirSync(join(base, each), { recursive: true });
    // What follows once it is received is not looked at here.
    writeFileSync(join(base, 'runner'), RECEIVE);
    git('init', '-q', '.');
    writeFileSync(join(base, 'work/file'), 'text\n');
    git('add', '-A');
    git('commit', '-qm', 'one');
    commit = git('rev-parse', 'HEAD');
    blob = git('rev-parse', 'HEAD:file');
    git('clone', '-q', '--bare', '--no-local', '.', '../repo.git');
  });
  afterEach(() => rmSync(base, { recursive: true }));

  it('is looked at when it cannot be used: damaged objects go, to be sent anew', () => {
    const pack = join(base, 'repo.git/objects/pack');
    spawnSync(
      'sh',
      [
        '-c',
        `mv ${pack}/*.pack ../loose.pack && git --git-dir=repo.git unpack-objects -q <../loose.pack; rm -rf ../loose.pack ${pack}/*`,
      ],
      { cwd: base },
    );
    const file = join(base, `repo.git/objects/${blob.slice(0, 2)}/${blob.slice(2)}`);
    expect(existsSync(file)).toBe(true);
    rmSync(file);
    // As a power cut leaves it.
    writeFileSync(file, '');
    const token = join(base, 'shared/secrets/registries-r1.env');
    writeFileSync(token, "0='token'\n");
    expect(start(commit)).toBe(DAMAGED_STATUS);
    // No run will log out.
    expect(existsSync(token)).toBe(false);
    expect(existsSync(join(base, 'repo.git'))).toBe(false);
    expect(objectsDamaged()).toMatchObject({ code: 'VM_NOT_READY', hint: expect.stringContaining('again') as string });
  });

  it('costs nothing that is whole, when something else was wrong', () => {
    expect(start('a'.repeat(40))).toBe(1);
    expect(existsSync(join(base, 'repo.git'))).toBe(true);
    expect(existsSync(join(base, 'releases/r1/plan'))).toBe(false);
  });
});
