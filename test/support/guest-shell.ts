import { spawn } from 'node:child_process';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { started } from './starter.js';

export interface Shell {
  /** stdout of a command line; throws when it fails. */
  run(line: string): string;
  /** The same while this process goes on, for what it has to answer meanwhile. */
  later(line: string): Promise<string>;
}

/** How tests exchange keys: what OpenSSH prefers takes five times as long to start, most of it the processor's, at either end. */
export const QUICK_EXCHANGE = 'KexAlgorithms=curve25519-sha256';

const OPTIONS = [
  ...['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'ConnectTimeout=20'],
  QUICK_EXCHANGE,
];

const argvOf = (target: readonly string[], line: string): readonly string[] => [
  '-F',
  'none',
  ...OPTIONS.flatMap((option) => ['-o', option]),
  ...target,
  line,
];

function sshLater(target: readonly string[], line: string): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn('ssh', argvOf(target, line), { stdio: ['ignore', 'pipe', 'pipe'], timeout: 600_000 });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', fail);
    child.on('close', (code) => {
      if (code === 0) done(stdout.trim());
      else fail(new Error(`${line}: exit status ${code ?? 'none'}: ${stderr}`));
    });
  });
}

function ssh(target: readonly string[], line: string): string {
  const { status, stdout, stderr } = started('ssh', argvOf(target, line), { seconds: 300 });
  if (status !== 0) throw new Error(`${line}: exit status ${status ?? 'none'}: ${stderr}`);
  return stdout.trim();
}

/** The lab's Proxmox host, as root: `qm stop 100`. */
export function hostShell(lab: LabReport): Shell {
  const target = ['-p', String(lab.ssh.port), '-i', lab.ssh.identityFile, `root@${lab.ssh.host}`];
  return { run: (line) => ssh(target, line), later: (line) => sshLater(target, line) };
}

/** A guest as its deploy user, beside zebu's own connections. */
export function guestShell(host: string, identityFile: string): Shell {
  const target = ['-i', identityFile, `deploy@${host}`];
  return { run: (line) => ssh(target, line), later: (line) => sshLater(target, line) };
}

/** Of what a line may be, 128 KiB, a part that leaves room for the rest of it. */
const PIECE = 90_000;

/** Puts bytes into a file of a guest, in pieces. */
export async function put(guest: Shell, content: Buffer, file: string): Promise<void> {
  await guest.later(`: >${file}`);
  for (let at = 0; at < content.length; at += PIECE) {
    const piece = content.subarray(at, at + PIECE).toString('base64');
    await guest.later(`printf %s ${piece} | base64 -d >>${file}`);
  }
}
