import { request } from 'node:http';
import { join } from 'node:path';
import { commandLine } from '../../plugins/kit/src/quote.js';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import type { FaultRequest } from '../../plugins/lab/src/pve/faults.js';
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

/** Trouble for the next requests or tasks that match. */
export async function addFault(lab: LabReport, fault: FaultRequest): Promise<void> {
  const body = JSON.stringify(fault);
  await new Promise<void>((resolve, reject) => {
    const sent = request(
      {
        socketPath: join(lab.stateDir, 'control.sock'),
        method: 'POST',
        path: '/lab/faults',
        headers: { 'content-type': 'application/json' },
      },
      (response) => {
        response.resume();
        response.once('end', () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`the lab answered ${response.statusCode}`)),
        );
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}
