import { spawnSync } from 'node:child_process';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';

export interface Shell {
  /** stdout of a command line; throws when it fails. */
  run(line: string): string;
}

function ssh(target: readonly string[], line: string): string {
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'ConnectTimeout=20'];
  const { status, stdout, stderr } = spawnSync(
    'ssh',
    ['-F', 'none', ...options.flatMap((option) => ['-o', option]), ...target, line],
    { encoding: 'utf8', timeout: 300_000, maxBuffer: 1 << 28 },
  );
  if (status !== 0) throw new Error(`${line}: exit status ${status ?? 'none'}: ${stderr}`);
  return stdout.trim();
}

/** The lab's Proxmox host, as root: `qm stop 100`. */
export function hostShell(lab: LabReport): Shell {
  const target = ['-p', String(lab.ssh.port), '-i', lab.ssh.identityFile, `root@${lab.ssh.host}`];
  return { run: (line) => ssh(target, line) };
}

/** A guest as its deploy user, beside zebu's own connections. */
export function guestShell(host: string, identityFile: string): Shell {
  return { run: (line) => ssh(['-i', identityFile, `deploy@${host}`], line) };
}
