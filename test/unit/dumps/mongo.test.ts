import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import MONGO from '../../../src/lib/dumps/in-container/mongo.sh';
import { runIn, standIns, vmShells } from '../../support/shells.js';

/**
 * The official image, as its page has it: MONGO_INITDB_ROOT_USERNAME and _PASSWORD, each also as a file; the user is in `admin`. Of the
 * tools: `--archive` without a file is standard output, or input; a password on the command line is asked for in their own words
 * to be in a file that `--config` names. No server is asked here: it is in no package of Debian.
 */
const TOOL = (name: string): string => `{ printf '%s\\n' ${name} "$@"; echo; } >>"$SAID/calls"
while [ $# -gt 0 ]; do [ "$1" != --config ] || { cat "$2" >"$SAID/config"; stat -c %a "$2" >"$SAID/mode"; echo "$2" >"$SAID/file"; }; shift; done
if [ ${name} = mongorestore ]; then cat >"$SAID/input"; else printf archive; fi
exit "\${STATUS:-0}"`;

describe.each(vmShells())('MongoDB, in $name', (shell) => {
  const run = (action: string, env: Readonly<Record<string, string>> = {}) => {
    const folder = mkdtempSync(join(tmpdir(), 'zebu-mongo-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    standIns(folder, { mongodump: TOOL('mongodump'), mongorestore: TOOL('mongorestore') });
    const path = shell.path === '' ? folder : `${folder}:${shell.path}`;
    const ran = runIn({ ...shell, path }, MONGO, {
      args: [action],
      env: { SAID: folder, TMPDIR: folder, MONGO_INITDB_ROOT_USERNAME: '', MONGO_INITDB_ROOT_PASSWORD: '', ...env },
      input: 'the archive',
    });
    const said = (file: string): string => readFileSync(join(folder, file), 'utf8');
    return { ...ran, said, calls: said('calls').trim().split('\n'), folder };
  };
  const USER = { MONGO_INITDB_ROOT_USERNAME: 'root', MONGO_INITDB_ROOT_PASSWORD: String.raw`a"b\c'd $e` };

  it('is dumped as an archive of all databases, to standard output', () => {
    const { stdout, calls } = run('dump');
    expect(stdout).toBe('archive');
    expect(calls).toEqual(['mongodump', '--quiet', '--archive']);
  });

  it('is asked as the user of the image, with the password in a file that is gone afterwards', () => {
    const { calls, said } = run('dump', USER);
    expect(calls).toEqual([
      'mongodump',
      '--quiet',
      '--config',
      said('file').trim(),
      '--username',
      'root',
      '--authenticationDatabase',
      'admin',
      '--archive',
    ]);
    // YAML, in double quotes.
    expect(said('config')).toBe(String.raw`password: "a\"b\\c'd $e"` + '\n');
    expect(said('mode').trim()).toBe('600');
    expect(() => readFileSync(said('file').trim())).toThrow(/ENOENT/);
  });

  it('takes both from files, as secrets of Compose are', () => {
    const folder = mkdtempSync(join(tmpdir(), 'zebu-mongo-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    standIns(folder, {});
    const files = { user: join(folder, 'user'), password: join(folder, 'password') };
    runIn(shell, 'printf admin >"$1"; printf secret >"$2"', { args: [files.user, files.password] });
    const { calls, said } = run('dump', {
      MONGO_INITDB_ROOT_USERNAME_FILE: files.user,
      MONGO_INITDB_ROOT_PASSWORD_FILE: files.password,
    });
    expect(calls).toContain('admin');
    expect(said('config')).toBe('password: "secret"\n');
  });

  it('is restored from standard input, without its users, which the image makes', () => {
    const { calls, said } = run('fill', USER);
    expect(said('input')).toBe('the archive');
    expect(calls.slice(-6)).toEqual([
      '--archive',
      '--drop',
      '--nsExclude',
      'admin.system.*',
      '--nsExclude',
      'config.system.*',
    ]);
  });

  it('ends as the tool does', () => {
    expect(run('dump', { ...USER, STATUS: '3' }).code).toBe(3);
  });
});
