/** What the benchmarks of deploys share: a small app in git, its VM, and what a person would type instead of zebu. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LabReport } from '../plugins/lab/src/instance/results.ts';
import { configuration, inLab, resultOf, zebu } from './lab.ts';

export const FILES: Readonly<Record<string, string>> = {
  'compose.yml': `services:
  web:
    build: .
    init: true
    ports: ["8080:8080"]
    healthcheck: { test: [CMD, /bin/busybox, wget, -q, -O, /dev/null, "http://127.0.0.1:8080/"], interval: 1s, timeout: 5s, start_period: 60s, start_interval: 500ms }
`,
  Dockerfile:
    'FROM scratch\nCOPY busybox /bin/busybox\nCOPY www /www\nCMD ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]\n',
  '.dockerignore': 'many\n',
  '.gitignore': 'busybox\nstate\nlab\nlaptop\nid_ed25519*\n',
};
export const HOOK = '.zebu/hooks/pre-build';

export interface App {
  readonly lab: LabReport;
  readonly cwd: string;
  /** The lab's own folder. */
  readonly labState: string;
  /** Address of the VM. */
  readonly ip: string;
  /** The `ssh` into it, without a command, over one shared connection. */
  readonly ssh: readonly string[];
  /** The same over a connection of its own. */
  readonly alone: readonly string[];
  /** The shared one into another VM. */
  connect(host: string, ...options: readonly string[]): readonly string[];
  /** Commits one changed file; returns its tag. */
  release(): string;
  git(...args: readonly string[]): string;
  /** `git push` over a connection of its own. */
  pushThrough(host: string, port: number): void;
  /** The commit by hand, over a connection that is shared and open. */
  byHand(): void;
  byZebu(tag: string, ...flags: readonly string[]): void;
}

export function run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

/** A VM with the app's first release in it, by zebu and by hand. */
export function inApp(work: (app: App) => Promise<void> | void): Promise<void> {
  return inLab(async (lab, cwd, labState) => {
    for (const [file, text] of Object.entries(FILES)) writeFileSync(join(cwd, file), text);
    mkdirSync(dirname(join(cwd, HOOK)), { recursive: true });
    copyFileSync(new URL('pre-build.sh', import.meta.url), join(cwd, HOOK));
    chmodSync(join(cwd, HOOK), 0o755);
    writeFileSync(join(cwd, 'zebu.yml'), configuration(lab, 'ssh'));
    zebu(['vm:create'], cwd);
    const { ip } = resultOf<{ ip: string }>(zebu(['vm:status', '--json'], cwd).stdout);

    const ssh = (host: string, port: number, ...more: readonly string[]): readonly string[] => {
      const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', ...more];
      const words = options.flatMap((option) => ['-o', option]);
      return ['ssh', '-F', 'none', '-i', `${cwd}/id_ed25519`, '-p', String(port), ...words, `deploy@${host}`];
    };
    const connect = (host: string, ...options: readonly string[]): readonly string[] =>
      ssh(host, 22, 'ControlMaster=auto', 'ControlPersist=600', ...options);
    const shared = connect(ip, `ControlPath=${cwd}/%h`);
    const git = (...args: readonly string[]): string =>
      run('git', ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.org', ...args], cwd, {
        GIT_SSH_COMMAND: connect('', `ControlPath=${cwd}/%h`).slice(0, -1).join(' '),
      });
    const sh = (script: string): void => {
      const [program = '', ...args] = shared;
      const { status, stderr } = spawnSync(program, [...args, 'sh -eu'], { input: script, encoding: 'utf8' });
      if (status !== 0) throw new Error(`by hand: ${stderr}`);
    };
    let number = 0;
    const app: App = {
      lab,
      cwd,
      labState,
      connect,
      ip,
      ssh: shared,
      alone: ssh(ip, 22),
      git,
      pushThrough: (host, port) => {
        const url = `deploy@${host}:hand.git`;
        run('git', ['push', '-q', url, 'HEAD:refs/heads/main'], cwd, {
          GIT_SSH_COMMAND: ssh(host, port).slice(0, -1).join(' '),
        });
      },
      release: () => {
        const tag = `v${++number}`;
        mkdirSync(join(cwd, 'www'), { recursive: true });
        writeFileSync(join(cwd, 'www/index.html'), `${tag}\n`);
        git('add', '-A');
        git('commit', '-q', '-m', tag);
        git('tag', tag);
        return tag;
      },
      byHand: () => {
        git('push', '-q', 'vm', 'HEAD:refs/heads/main');
        sh(`git --git-dir=$HOME/hand.git --work-tree=$HOME/hand checkout -q -f main
cd ~/hand && cp "$(command -v busybox)" busybox
docker compose -p bench --progress quiet build && docker compose -p bench --progress quiet up -d --wait`);
      },
      byZebu: (tag, ...flags) => void zebu(['app:deploy', '--tag', tag, ...flags], cwd),
    };
    git('init', '-q', '-b', 'main');
    sh('git init -q --bare ~/hand.git; mkdir -p ~/hand');
    git('remote', 'add', 'vm', `deploy@${ip}:hand.git`);
    // The first of each makes what later ones find.
    app.byZebu(app.release());
    app.release();
    app.byHand();
    await work(app);
    zebu(['vm:destroy', '--yes'], cwd);
  });
}

/** Runs a script in the VM as the deploy user. */
export function inVm(app: App, script: string): void {
  const [program = '', ...args] = app.ssh;
  const { status, stderr } = spawnSync(program, [...args, 'sh -eu'], { input: script, encoding: 'utf8' });
  if (status !== 0) throw new Error(`in the VM: ${stderr}`);
}

/** Seconds. */
export async function timed(work: () => Promise<void> | void): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
