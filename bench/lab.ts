/** What the benchmarks that need a VM share: a lab of their own with guests that start in seconds. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabReport } from '../plugins/lab/src/instance/results.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs zebu, which must succeed.
 * @param checkout whose build is run, this one's unless told otherwise
 */
export function zebu(
  args: readonly string[],
  cwd: string,
  checkout = root,
): { stdout: string; stderr: string; seconds: number } {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(checkout, 'bin/run.js'), ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ZEBU_STATE_DIR: join(cwd, 'state') },
  });
  if (status !== 0) throw new Error(`zebu ${args.join(' ')} ended with ${status}: ${stdout}\n${stderr}`);
  return { stdout, stderr, seconds: (performance.now() - started) / 1000 };
}

export const resultOf = <Result>(stdout: string): Result => (JSON.parse(stdout) as { result: Result }).result;

/** A zebu.yml for a VM in the lab; `more` is merged over it section by section. */
export function configuration(
  lab: LabReport,
  transport: 'api' | 'ssh',
  more: Readonly<Record<string, unknown>> = {},
): string {
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
    ...more,
  });
}

/**
 * Brings a lab up, and takes it down whatever happens.
 * @param work is given the lab, a folder with a key `id_ed25519`, and the lab's state folder
 * @param more arguments of lab:up
 */
export async function inLab(
  work: (lab: LabReport, cwd: string, labState: string) => Promise<void> | void,
  more: readonly string[] = [],
): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), 'zebu-bench-'));
  const labState = join(cwd, 'lab');
  const flags = ['--name', 'bench', '--state-dir', labState];
  try {
    const lab = resultOf<LabReport>(zebu(['lab:up', ...flags, '--guests', 'namespace', '--json', ...more], cwd).stdout);
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(cwd, 'id_ed25519')]);
    await work(lab, cwd, labState);
  } finally {
    spawnSync(process.execPath, [`${root}bin/run.js`, 'lab:down', ...flags], { cwd });
    rmSync(cwd, { recursive: true, force: true });
  }
}
