import { spawn } from 'node:child_process';
import { commandLine, ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { locateGuest } from './address.js';
import { hostAsJump } from './session.js';
import type { SshRun } from './results.js';

/**
 * Hands the terminal over to `ssh`. Each word of a command stays one word in the VM.
 * @throws UNREACHABLE when there is no ssh on this machine
 */
export async function runOpenssh(context: Context, command: readonly string[]): Promise<SshRun> {
  const address = await locateGuest(context);
  const [jump, { opensshArgs }] = await Promise.all([hostAsJump(context), import('@zebu/kit/ssh')]);
  const args = [...opensshArgs({ ...address, jump }), ...(command.length === 0 ? [] : [commandLine(command)])];
  const capture = context.io.json;
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', args, { stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit' });
    const output = { stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'there is no ssh on this machine' : error.message;
      reject(
        new ZebuError('UNREACHABLE', `Cannot run ssh: ${reason}`, {
          hint: 'Install the OpenSSH client.',
          cause: error,
        }),
      );
    });
    child.once('close', (code, signal) =>
      resolve({ exit: code ?? (signal === null ? 1 : 130), host: address.host, ...output }),
    );
  });
}
