import { commandLine } from '../../plugins/kit/src/quote.js';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { QUICK_EXCHANGE } from './guest-shell.js';
import { started } from './starter.js';

/** A command on the lab's node, as its administrator would type it. */
export function onHost(lab: LabReport, ...argv: readonly string[]): string {
  const { host, port, user, identityFile, knownHostsFile } = lab.ssh;
  const known = ['-o', `UserKnownHostsFile=${knownHostsFile}`, '-o', QUICK_EXCHANGE];
  const options = ['-i', identityFile, ...known, '-p', String(port)];
  const words = [...options, `${user}@${host}`, commandLine(argv)];
  const { status, stdout, stderr } = started('ssh', words);
  if (status !== 0) throw new Error(`${argv.join(' ')} on the node ended with ${status}: ${stderr}`);
  return stdout;
}
