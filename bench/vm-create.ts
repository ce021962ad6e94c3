/** How much of `vm:create` is zebu's own: wall time without the tasks of Proxmox and the boot of the guest. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabReport } from '../plugins/lab/src/instance/up.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const AIM_SECONDS = 5;

interface Task {
  readonly type: string;
  readonly id: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

interface Measured {
  readonly wall: number;
  readonly tasks: number;
  readonly boot: number;
  /** Milliseconds of each request. */
  readonly requests: readonly number[];
  /** What zebu itself says of its steps, slowest first. */
  readonly steps: readonly string[];
}

/** What tells that a guest has booted: cloud-init's result, the SSH daemon, the Docker engine. */
const BOOTED = ['/run/cloud-init/result.json', '/run/sshd.pid', '/run/docker.pid'];

function zebu(args: readonly string[], cwd: string): { stdout: string; stderr: string; seconds: number } {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${root}bin/run.js`, ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ZEBU_STATE_DIR: join(cwd, 'state') },
  });
  if (status !== 0) throw new Error(`zebu ${args.join(' ')} ended with ${status}: ${stdout}\n${stderr}`);
  return { stdout, stderr, seconds: (performance.now() - started) / 1000 };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const resultOf = <Result>(stdout: string): Result => (JSON.parse(stdout) as { result: Result }).result;

function configuration(lab: LabReport, transport: 'api' | 'ssh'): string {
  const proxmox =
    transport === 'api'
      ? { host: lab.api.host, port: lab.api.port, fingerprint: lab.api.fingerprint, token_file: lab.api.tokenFile }
      : {
          host: lab.ssh.host,
          port: lab.ssh.port,
          user: lab.ssh.user,
          identity_file: lab.ssh.identityFile,
          known_hosts: lab.ssh.knownHostsFile,
        };
  // YAML is a superset of JSON.
  return JSON.stringify({
    app: { name: 'bench' },
    proxmox: { transport, ...proxmox },
    vm: {
      memory_mb: 512,
      disk_gb: 10,
      identity_file: './id_ed25519',
      image: { url: lab.image.url, checksum: `sha256:${lab.image.sha256 ?? ''}` },
    },
  });
}

function measure(cwd: string, labState: string): Measured {
  const { stdout, stderr, seconds: wall } = zebu(['vm:create', '--json', '--debug'], cwd);
  const { vmid } = resultOf<{ vmid: number }>(stdout);
  const { tasks } = JSON.parse(readFileSync(join(labState, 'state.json'), 'utf8')) as { tasks: Task[] };
  const own = tasks.filter(
    (task) => (task.id === String(vmid) && task.type !== 'qmdestroy') || task.type === 'download',
  );
  // Ids are used again: of each type only the newest is of this run.
  const newest = [...new Map(own.toReversed().map((task) => [task.type, task])).values()];
  const started = newest.find((task) => task.type === 'qmstart')?.endedAt ?? Number.NaN;
  const stamps = zebu(['vm:ssh', '--json', '--', 'stat', '-L', '-c', '%.Y', ...BOOTED], cwd);
  const booted = Math.max(...resultOf<{ stdout: string }>(stamps.stdout).stdout.trim().split('\n').map(Number)) * 1000;
  const requests = [...stderr.matchAll(/^debug: [A-Z]+ \S+ (?:ok|failed) (\d+) ms$/gm)].map(([, ms]) => Number(ms));
  const steps = [...stderr.matchAll(/^- (.*)\n(?:(?!- ).*\n)*? {2}ok.*\(([\d.]+) s\)$/gm)]
    .toSorted(([, , a], [, , b]) => Number(b) - Number(a))
    .map(([, title, seconds]) => `${seconds} s ${title}`);
  zebu(['vm:destroy', '--yes'], cwd);
  return {
    wall,
    tasks: newest.reduce((sum, task) => sum + (task.endedAt - task.startedAt), 0) / 1000,
    boot: Math.max(0, booted - started) / 1000,
    requests,
    steps,
  };
}

/** @param rounds of each transport; one before them fetches the image, which a run downloads once and for all */
export function benchVmCreate(rounds: number): void {
  const cwd = mkdtempSync(join(tmpdir(), 'zebu-bench-vm-'));
  const labState = join(cwd, 'lab');
  const flags = ['--name', 'bench', '--state-dir', labState];
  try {
    const lab = resultOf<LabReport>(zebu(['lab:up', ...flags, '--guests', 'namespace', '--json'], cwd).stdout);
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(cwd, 'id_ed25519')]);
    console.log(`\nvm:create on a namespace guest, best of ${rounds}: wall = tasks of Proxmox + boot + zebu's own`);
    for (const transport of ['api', 'ssh'] as const) {
      writeFileSync(join(cwd, 'zebu.yml'), configuration(lab, transport));
      if (transport === 'api') measure(cwd, labState);
      const runs = Array.from({ length: rounds }, () => measure(cwd, labState));
      const own = ({ wall, tasks, boot }: Measured): number => wall - tasks - boot;
      const best = runs.reduce((a, b) => (own(a) <= own(b) ? a : b));
      const show = (seconds: number): string => `${seconds.toFixed(1)} s`;
      console.log(
        `${transport.padEnd(4)} wall ${show(best.wall)}  tasks ${show(best.tasks)}  boot ${show(best.boot)}  own ${show(own(best))}` +
          `  aim <= ${AIM_SECONDS} s  ${own(best) <= AIM_SECONDS ? 'met' : 'MISSED'}` +
          `  ${best.requests.length} requests, ${sum(best.requests).toFixed(0)} ms of waiting for their answers`,
      );
      for (const step of best.steps.slice(0, 4)) console.log(`       ${step}`);
    }
  } finally {
    spawnSync(process.execPath, [`${root}bin/run.js`, 'lab:down', ...flags], { cwd });
    rmSync(cwd, { recursive: true, force: true });
  }
}
