/** The machine of somebody who begins: an empty home, a key that opens the host, a checkout of zebu, the app's repository. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { LabReport } from '../../../plugins/lab/src/instance/results.js';
import { ROOT } from '../cli.js';
import { cacheImage, standInFor } from '../community-script.js';
import { git } from '../project.js';

export interface Home {
  readonly folder: string;
  /** All of it: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** A clone of the sample app with its `.env`, at v1.0.0. @returns its folder */
  clone(name: string): string;
  /** What runs a program in it. @param folder where it starts */
  within(folder: string, ...argv: readonly string[]): readonly string[];
  remove(): void;
}

/** `ssh root@pve` opens the lab, as README asks of a host. */
function hostAccess(folder: string, { ssh }: LabReport): void {
  const at = (name: string): string => join(folder, '.ssh', name);
  mkdirSync(at(''), { mode: 0o700 });
  writeFileSync(at('id_ed25519'), readFileSync(ssh.identityFile), { mode: 0o600 });
  const { stdout } = spawnSync('ssh-keygen', ['-y', '-f', at('id_ed25519')]);
  writeFileSync(at('id_ed25519.pub'), stdout);
  cpSync(ssh.knownHostsFile, at('known_hosts'));
  writeFileSync(at('config'), `Host pve\n  HostName ${ssh.host}\n  Port ${ssh.port}\n`);
}

/** Node and npm, and nothing of this checkout. */
function programs(folder: string): string {
  const bin = join(folder, '..', 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  for (const name of ['npm', 'npx']) symlinkSync(`${ROOT}node_modules/npm/bin/${name}-cli.js`, join(bin, name));
  return bin;
}

/** @param lab one with namespace guests; it gets what the community script would have downloaded */
export function emptyHome(lab: LabReport): Home {
  const top = mkdtempSync(join(tmpdir(), 'zebu-first-hour-'));
  const folder = join(top, 'home');
  mkdirSync(folder);
  hostAccess(folder, lab);
  cacheImage(lab);
  const { username, homedir } = userInfo();
  const passwd = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => (line.startsWith(`${username}:`) ? line.replace(`:${homedir}:`, `:${folder}:`) : line));
  writeFileSync(join(top, 'passwd'), passwd.join('\n'));
  const local = join(folder, '.local');
  return {
    folder,
    env: {
      HOME: folder,
      PATH: [join(local, 'bin'), programs(folder), '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(':'),
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      SHELL: '/bin/bash',
      NPM_CONFIG_PREFIX: local,
      NO_UPDATE_NOTIFIER: '1',
      NPM_CONFIG_UPDATE_NOTIFIER: 'false',
      // The lab's host has no way out: a stand-in for the community script, and nobody to ask for sums of its image.
      ZEBU_VM_SCRIPT_SOURCE: join(folder, 'upstream'),
      ZEBU_VM_SCRIPT_ALLOW_UNVERIFIED_IMAGE: 'true',
    },
    clone: (name) => {
      const clone = join(folder, name);
      cpSync(join(ROOT, 'examples', 'shop'), clone, { recursive: true });
      rmSync(join(clone, 'zebu.yml'));
      standInFor(clone);
      git(clone, 'init', '-q', '-b', 'main');
      git(clone, 'add', '-A');
      git(clone, 'commit', '-qm', 'A shop window');
      git(clone, 'tag', 'v1.0.0');
      writeFileSync(join(clone, '.env'), 'API_KEY=4f9a1c07be52d86e3370\n', { mode: 0o600 });
      return clone;
    },
    within: (from, ...argv) => [
      'unshare',
      '--mount',
      'sh',
      join(ROOT, 'test/support/first-hour/enter.sh'),
      join(top, 'passwd'),
      from,
      ...argv,
    ],
    remove: () => rmSync(top, { recursive: true, force: true }),
  };
}
