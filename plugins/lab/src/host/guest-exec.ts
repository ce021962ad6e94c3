import type { Work } from './commands.js';
import { Refused, type LocalParams } from './local-api.js';
import { pretty } from './perl-json.js';
import { ask, Died, type Host } from './program.js';
import { pause } from './start.js';

/** What `qm guest` prints of an answer: nothing when there is nothing in it. */
export function printAgentResult({ io }: Host, data: unknown): void {
  const result: unknown = (Object(data) as { result?: unknown }).result ?? data;
  if (result === undefined || result === null) return;
  if (typeof result === 'string' || typeof result === 'number') {
    const text = String(result).replace(/\n$/, '');
    if (text.trim() !== '') io.out(`${text}\n`);
  } else if (Array.isArray(result) || Object.keys(result).length > 0) io.out(pretty(result));
}

const LIMIT = 1024 * 1024;

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LIMIT) throw new Died(`'input-data' (STDIN) is limited to 1 MiB, aborting`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

interface ExecStatus {
  readonly exited: number;
}

/** `qm guest exec VMID [--synchronous 0] [--pass-stdin 1] [--timeout S] -- command …` */
export const guestExec: Work = async (host, params) => {
  const option = new Map(params);
  const vm = `/nodes/${host.node}/qemu/${option.get('vmid') ?? ''}`;
  const waits = option.get('synchronous') !== '0';
  if (option.has('timeout') && !waits)
    throw new Refused(400, 'Parameter verification failed.', { synchronous: "needs to be set for 'timeout'" });
  const input = option.get('pass-stdin') === '1' ? await standardInput() : undefined;
  const command: LocalParams = params
    .filter(([name]) => name === 'extra-args')
    .map(([, word]) => ['command', word] as const);
  const started = (await ask(host, 'POST', `${vm}/agent/exec`, [
    ...command,
    ...(input === undefined ? [] : [['input-data', input] as const]),
  ])) as { pid: number };
  let result: unknown = started;
  const seconds = Number(option.get('timeout') ?? 30);
  const until = seconds === 0 ? Infinity : Date.now() + seconds * 1000;
  while (waits && Date.now() < until) {
    const status = (await ask(host, 'GET', `${vm}/agent/exec-status`, [['pid', String(started.pid)]])) as ExecStatus;
    if (status.exited === 1) {
      result = status;
      break;
    }
    await pause(1000);
  }
  if (waits && result === started) host.io.err('timeout reached, returning pid\n');
  printAgentResult(host, result);
  return 0;
};
