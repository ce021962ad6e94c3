/** How much of `vm:create` is zebu's own: wall time without the tasks of Proxmox and the boot of the guest. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const AIM_SECONDS = 5;

interface Lab {
  readonly api: {
    readonly host: string;
    readonly port: number;
    readonly fingerprint: string;
    readonly tokenFile: string;
  };
  readonly ssh: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly identityFile: string;
    readonly knownHostsFile: string;
  };
  readonly image: { readonly url: string; readonly sha256: string };
}

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
  readonly requests: number;
  /** Milliseconds, of all requests that were no task. */
  readonly asking: number;
}

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

const resultOf = <Result>(stdout: string): Result => (JSON.parse(stdout) as { result: Result }).result;

function configuration(lab: Lab, transport: 'api' | 'ssh'): string {
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
      image: { url: lab.image.url, checksum: `sha256:${lab.image.sha256}` },
    },
  });
}

function measure(cwd: string, labState: string): Measured {
  const { stdout, stderr, seconds: wall } = zebu(['vm:create', '--json', '--debug'], cwd);
  const { vmid } = resultOf<{ vmid: number }>(stdout);
  const { tasks } = JSON.parse(readFileSync(join(labState, 'state.json'), 'utf8')) as { tasks: Task[] };
  const own = tasks.filter((task) => task.id === String(vmid) && task.type !== 'qmdestroy');
  // Ids are used again: of each type only the newest is of this run.
  const newest = [...new Map(own.toReversed().map((task) => [task.type, task])).values()];
  const started = newest.find((task) => task.type === 'qmstart')?.endedAt ?? Number.NaN;
  const stamp = zebu(['vm:ssh', '--json', '--', 'stat', '-c', '%.Y', '/var/lib/cloud/instance/boot-finished'], cwd);
  const booted = Number(resultOf<{ stdout: string }>(stamp.stdout).stdout) * 1000;
  const requests = [...stderr.matchAll(/^debug: ([A-Z]+) \S+ (?:ok|failed) (\d+) ms$/gm)];
  zebu(['vm:destroy', '--yes'], cwd);
  return {
    wall,
    tasks: newest.reduce((sum, task) => sum + (task.endedAt - task.startedAt), 0) / 1000,
    boot: Math.max(0, booted - started) / 1000,
    requests: requests.length,
    asking: requests.filter(([, method]) => method === 'GET').reduce((sum, [, , ms]) => sum + Number(ms), 0),
  };
}

/** @param rounds of each transport; one before them fetches the image, which a run downloads once and for all */
export function benchVmCreate(rounds: number): void {
  const cwd = mkdtempSync(join(tmpdir(), 'zebu-bench-vm-'));
  const labState = join(cwd, 'lab');
  const flags = ['--name', 'bench', '--state-dir', labState];
  try {
    const lab = resultOf<Lab>(zebu(['lab:up', ...flags, '--guests', 'namespace', '--json'], cwd).stdout);
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
          `  ${best.requests} requests, ${(best.asking / best.requests).toFixed(0)} ms of reading each`,
      );
    }
  } finally {
    spawnSync(process.execPath, [`${root}bin/run.js`, 'lab:down', ...flags], { cwd });
    rmSync(cwd, { recursive: true, force: true });
  }
}
