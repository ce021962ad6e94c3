/**
 * A whole deploy against what a person would write by hand, on the same guest in the same run: `git push` and one `ssh` that
 * checks out, builds and starts, over a connection that is open already; and it waits for health, as a deploy does.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configuration, inLab, resultOf, zebu } from './lab.ts';

const AIM = 1.15;

const FILES: Readonly<Record<string, string>> = {
  'compose.yml': `services:
  web:
    build: .
    init: true
    ports: ["8080:8080"]
    healthcheck: { test: [CMD, /bin/busybox, wget, -q, -O, /dev/null, "http://127.0.0.1:8080/"], interval: 1s, timeout: 5s, start_period: 60s, start_interval: 500ms }
`,
  Dockerfile:
    'FROM scratch\nCOPY busybox /bin/busybox\nCOPY www /www\nCMD ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]\n',
  '.gitignore': 'busybox\nstate\nlab\nid_ed25519*\n',
};

function run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

function timed(work: () => void): number {
  const started = performance.now();
  work();
  return (performance.now() - started) / 1000;
}

/** @param rounds of each, one after the other in turn */
export function benchDeploy(rounds: number): void {
  inLab((lab, cwd) => {
    for (const [file, text] of Object.entries(FILES)) writeFileSync(join(cwd, file), text);
    const git = (...args: string[]): string =>
      run('git', ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.org', ...args], cwd, {
        GIT_SSH_COMMAND: ssh,
      });
    let number = 0;
    const release = (): string => {
      const tag = `v${++number}`;
      mkdirSync(join(cwd, 'www'), { recursive: true });
      writeFileSync(join(cwd, 'www/index.html'), `${tag}\n`);
      git('add', '-A');
      git('commit', '-q', '-m', tag);
      git('tag', tag);
      return tag;
    };
    writeFileSync(join(cwd, 'zebu.yml'), configuration(lab, 'ssh'));
    const hook = join(cwd, '.zebu/hooks/pre-build');
    mkdirSync(dirname(hook), { recursive: true });
    writeFileSync(hook, '#!/bin/sh\nexec cp "$(command -v busybox)" busybox\n');
    chmodSync(hook, 0o755);

    zebu(['vm:create'], cwd);
    const { ip } = resultOf<{ ip: string }>(zebu(['vm:status', '--json'], cwd).stdout);
    const options = [
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'LogLevel=ERROR',
      'ControlMaster=auto',
    ];
    const shared = [...options, `ControlPath=${cwd}/ssh`, 'ControlPersist=600'].flatMap((option) => ['-o', option]);
    const ssh = ['ssh', '-F', 'none', '-i', `${cwd}/id_ed25519`, ...shared].join(' ');
    const sh = (script: string): void => {
      const { status, stderr } = spawnSync('sh', ['-c', `exec ${ssh} deploy@${ip} sh -eu`], {
        input: script,
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`by hand: ${stderr}`);
    };

    git('init', '-q', '-b', 'main');
    sh('git init -q --bare ~/hand.git; mkdir -p ~/hand');
    git('remote', 'add', 'vm', `deploy@${ip}:hand.git`);
    const byHand = (): void => {
      git('push', '-q', 'vm', 'HEAD:refs/heads/main');
      sh(`git --git-dir=$HOME/hand.git --work-tree=$HOME/hand checkout -q -f main
cd ~/hand && cp "$(command -v busybox)" busybox
docker compose -p bench --progress quiet build && docker compose -p bench --progress quiet up -d --wait`);
    };
    const byZebu = (tag: string): void => void zebu(['app:deploy', '--tag', tag], cwd);

    // The first of each makes what later ones find.
    byZebu(release());
    release();
    byHand();
    const hand: number[] = [];
    const own: number[] = [];
    for (let round = 0; round < rounds; round++) {
      release();
      hand.push(timed(byHand));
      const tag = release();
      own.push(timed(() => byZebu(tag)));
    }
    const ratio = median(own) / median(hand);
    const show = (values: readonly number[]): string =>
      `${median(values).toFixed(1)} s  min ${Math.min(...values).toFixed(1)} s`;
    console.log(`\nDeploy of one changed file, one service, ${rounds} rounds in turn (median)`);
    console.log(`git push && ssh docker compose build && up -d --wait   ${show(hand)}  1.00x`);
    console.log(
      `zebu app:deploy                                        ${show(own)}  ${ratio.toFixed(2)}x  aim <= ${AIM}x  ${ratio <= AIM ? 'met' : 'MISSED'}`,
    );
    zebu(['vm:destroy', '--yes'], cwd);
  });
}
