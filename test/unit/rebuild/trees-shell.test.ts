/** A folder from one place to another, by the very scripts, with what the second pass takes away. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { variables } from '@zebu/kit';
import ENABLE from '../../../src/lib/rebuild/enable-units.sh';
import LIST from '../../../src/lib/rebuild/list-tree.sh';
import SEND from '../../../src/lib/rebuild/send-tree.sh';
import TAKE from '../../../src/lib/rebuild/take-tree.sh';
import { gnuShells, runIn, standIns } from '../../support/shells.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'zebu-trees-'));
  for (const folder of ['from', 'to']) mkdirSync(join(root, folder));
});
afterEach(() => rmSync(root, { recursive: true }));

const at = (...parts: readonly string[]): string => join(root, ...parts);

describe.each(gnuShells())('what is brought over, in $name', { timeout: 60_000 }, (shell) => {
  function bring(whole: boolean, only = '', options: readonly string[] = []): number | null {
    const send = variables({ from: at('from'), only, list: at('lists/one'), whole: whole ? 1 : 0 });
    const take = variables({ to: at('to'), only, whole: whole ? 1 : 0 });
    writeFileSync(at('send'), send + SEND);
    writeFileSync(at('take'), take + TAKE);
    const script = `(sh "$0/send" "$@") | (sh "$0/take")`;
    return spawnSync('sh', ['-c', script, root, ...options]).status;
  }
  const look = (folder: string, only = ''): string => {
    const { code, stdout } = runIn(shell, variables({ at: at(folder), only }) + LIST);
    expect(code).toBe(0);
    return stdout;
  };

  it('is all of a folder, then what has changed', () => {
    writeFileSync(at('from/a'), '1');
    writeFileSync(at('from/b'), '1');
    writeFileSync(at('to/old'), '1');
    expect(bring(true)).toBe(0);
    expect(readdirSync(at('to')).toSorted()).toEqual(['a', 'b']);
    rmSync(at('from/a'));
    writeFileSync(at('from/c'), '1');
    expect(look('to')).not.toBe(look('from'));
    expect(bring(false)).toBe(0);
    expect(readdirSync(at('to')).toSorted()).toEqual(['b', 'c']);
    expect(look('to')).toBe(look('from'));
  });

  // So the note of the units is written after it.
  it('takes away also what is left out of it', () => {
    writeFileSync(at('from/a'), '1');
    bring(true);
    writeFileSync(at('to/rebuild-units'), 'x');
    expect(bring(false, '', ['--exclude=./rebuild-units'])).toBe(0);
    expect(existsSync(at('to/rebuild-units'))).toBe(false);
  });

  it('is a single file, and nothing beside it is touched', () => {
    for (const whole of [true, false]) {
      writeFileSync(at('from/foo.conf'), `whole ${whole}`);
      writeFileSync(at('from/beside'), '1');
      writeFileSync(at('to/other'), '1');
      expect(bring(whole, 'foo.conf')).toBe(0);
      expect(readdirSync(at('to')).toSorted()).toEqual(['foo.conf', 'other']);
      expect(readFileSync(at('to/foo.conf'), 'utf8')).toBe(`whole ${whole}`);
      expect(look('to', 'foo.conf')).toBe(look('from', 'foo.conf'));
    }
    writeFileSync(at('to/foo.conf'), 'longer than that');
    expect(look('to', 'foo.conf')).not.toBe(look('from', 'foo.conf'));
  });

  it.runIf(spawnSync('setcap', ['-h']).status === 0 && process.getuid?.() === 0)('keeps what a program may do', () => {
    writeFileSync(at('from/program'), '#!/bin/sh\n', { mode: 0o755 });
    expect(spawnSync('setcap', ['cap_net_bind_service=ep', at('from/program')]).status).toBe(0);
    expect(bring(true)).toBe(0);
    expect(spawnSync('getcap', [at('to/program')], { encoding: 'utf8' }).stdout).toContain('cap_net_bind_service');
  });
});

describe.each(gnuShells())('units of the machine before, in $name', { timeout: 60_000 }, (shell) => {
  const enable = (): number | null =>
    runIn(shell, variables({ note: at('note'), systemd: root }) + ENABLE, { env: { PATH: at('bin') } }).code;
  beforeEach(() =>
    standIns(at('bin'), { systemctl: `echo "$*" >>'${root}/asked'; [ "$2" != --now ] || [ "$3" != bad.timer ]` }),
  );
  const asked = (): readonly string[] => readFileSync(at('asked'), 'utf8').trim().split('\n');

  it('are all started, those of pulling too', () => {
    writeFileSync(at('note'), 'zebu-watch@shop.timer\nzebu-pull@shop.timer\nzebu-x@shop.service\n');
    expect(enable()).toBe(0);
    expect(asked()).toEqual([
      'daemon-reload',
      'enable --now zebu-watch@shop.timer',
      'enable --now zebu-pull@shop.timer',
      'enable zebu-x@shop.service',
    ]);
    expect(existsSync(at('note'))).toBe(false);
  });

  it('are started also when one of them is not, which is said', () => {
    writeFileSync(at('note'), 'bad.timer\ngood.timer\n');
    expect(enable()).toBe(1);
    expect(asked()).toContain('enable --now good.timer');
    expect(existsSync(at('note'))).toBe(true);
  });
});
