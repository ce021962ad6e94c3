/** A second VM as the machine of a person who has Docker's client: what `DOCKER_HOST=ssh://` costs over the same wire. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from './app.ts';
import { configuration, resultOf, zebu } from './lab.ts';

export interface Laptop {
  /** Takes over the newest commit of the app. */
  pull(): void;
  /** `docker compose up --build --wait` on the app's VM; the connection is shared and stays open. */
  up(): void;
}

export function openLaptop(app: App): Laptop {
  const cwd = join(app.cwd, 'laptop');
  mkdirSync(cwd);
  const key = join(cwd, 'id_ed25519');
  copyFileSync(join(app.cwd, 'id_ed25519'), key);
  copyFileSync(join(app.cwd, 'id_ed25519.pub'), `${key}.pub`);
  writeFileSync(join(cwd, 'zebu.yml'), configuration(app.lab, 'ssh', { app: { name: 'laptop' } }));
  zebu(['vm:create'], cwd);
  const { ip } = resultOf<{ ip: string }>(zebu(['vm:status', '--json'], cwd).stdout);
  const [program = '', ...args] = app.connect(ip, `ControlPath=${cwd}/ssh`);
  const sh = (script: string): void => {
    const { status, stderr } = spawnSync(program, [...args, 'sh -eu'], { input: script, encoding: 'utf8' });
    if (status !== 0) throw new Error(`on the laptop: ${stderr}`);
  };
  spawnSync('scp', [
    '-F',
    'none',
    '-q',
    '-i',
    key,
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    key,
    `deploy@${ip}:.ssh/id_ed25519`,
  ]);
  sh(`cat >~/.ssh/config <<END
Host *
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
  ControlMaster auto
  ControlPath ~/.ssh/%h
  ControlPersist 600
END
git init -q --bare ~/app.git; mkdir -p ~/app`);
  app.git('remote', 'add', 'laptop', `deploy@${ip}:app.git`);
  return {
    pull: () => {
      app.git('push', '-q', 'laptop', 'HEAD:refs/heads/main');
      sh(
        'git --git-dir=$HOME/app.git --work-tree=$HOME/app checkout -q -f main; cp "$(command -v busybox)" ~/app/busybox',
      );
    },
    up: () =>
      sh(
        `cd ~/app && DOCKER_HOST=ssh://deploy@${app.ip} docker compose -p bench --progress quiet up -d --build --wait`,
      ),
  };
}
