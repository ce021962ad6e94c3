import { interrupted, isZebuError, sh, ZebuError } from '@zebu/kit';
import * as z from 'zod';
import type { Context } from '../context/context.js';
import { timeLimit } from '../context/time-limit.js';
import { agentAnswer, isFrozen } from '../proxmox/agent-answer.js';
import { retryUntil, type AgentTarget } from '../proxmox/agent.js';
import { agentExecAnswer } from '../proxmox/answers.js';
import { transportsWithShell } from '../providers/registry.js';
import { findAppVm, type AppVm } from './app-vm.js';
import { parseAnswer } from '../proxmox/parse.js';
import { says } from '../proxmox/said.js';
import type { GuestRun } from './results.js';
import { lastLine } from '../guest/lines.js';

/** Commands in the VM through the hypervisor and its guest agent: the way in when SSH or the network is dead. */

/** Of `input-data`, in characters. */
const STDIN_LIMIT = 65_536;
const FIRST_POLL_MS = 60;
const LAST_POLL_MS = 1000;

const number = z.coerce.number();
const flag = z.union([z.boolean(), number.transform((value) => value !== 0)]);

const statusAnswer = z.object({
  exited: flag,
  exitcode: number.optional(),
  signal: number.optional(),
  'out-data': z.string().default(''),
  'err-data': z.string().default(''),
  'out-truncated': flag.default(false),
  'err-truncated': flag.default(false),
});

/**
 * What the agent is told to start. It goes through the VM's shell, which says at once that there is no such program; told
 * of it directly, Proxmox answers after five seconds with a broken pipe. Each word stays one word.
 */
export function guestArgv(command: readonly string[], encodedStdin: boolean): readonly string[] {
  const script = encodedStdin ? sh`base64 -d | "$@"` : sh`exec "$@"`;
  return ['/bin/sh', '-c', script, 'sh', ...command];
}

/** Text goes as it is; everything else as base64, since Proxmox would take its bytes for characters. @throws USAGE */
export function guestStdin(data: Buffer): { readonly text: string; readonly encoded: boolean } {
  const plain = data.every((byte) => byte < 0x80 && byte !== 0);
  const text = data.toString(plain ? 'latin1' : 'base64');
  if (text.length <= STDIN_LIMIT) return { text, encoded: !plain };
  const limit = plain ? '64 KiB' : '48 KiB when it is not plain ASCII';
  throw new ZebuError('USAGE', `Standard input has ${data.length} bytes; the guest agent takes ${limit}`, {
    hint: 'Larger files go over SSH: zebu vm:ssh -- sh -c "cat > file" < file',
  });
}

/** What Proxmox says of an agent that is not there, in words of what to do. */
function explainAgent(error: unknown, appVm: AppVm): unknown {
  if (!isZebuError(error)) return error;
  const { vmid } = appVm.vm;
  if (says(error, 'agent not configured')) {
    return new ZebuError('VM_NOT_READY', `VM ${vmid} has no guest agent configured`, {
      hint: 'zebu vm:apply turns it on; it takes a restart of the VM.',
      cause: error,
    });
  }
  if (says(error, 'agent silent')) {
    return new ZebuError('VM_NOT_READY', `The guest agent of VM ${vmid} does not answer`, {
      hint: 'Watch the VM with zebu vm:console --follow; zebu vm:restart --force is the last resort.',
      cause: error,
    });
  }
  return error.code === 'OUTCOME_UNKNOWN' ? startUnknown(vmid, error) : error;
}

function startUnknown(vmid: number, cause?: unknown): ZebuError {
  return new ZebuError('OUTCOME_UNKNOWN', `Proxmox did not say whether the command was started in VM ${vmid}`, {
    hint: 'It answers so when the VM has no /bin/sh, or was too busy. Look: zebu vm:exec -- ps aux',
    ...(cause === undefined ? {} : { cause }),
  });
}

function requireRunning({ vm, name }: AppVm): void {
  if (vm.status.status === 'running') return;
  throw new ZebuError('VM_NOT_RUNNING', `VM ${vm.vmid} (${name}) is ${vm.status.status}`, {
    hint: 'Start it: zebu vm:start',
  });
}

/** Standard input on a command line of the host would be seen in its process list: there `qm` reads it from a pipe. */
async function startOnHost(context: Context, appVm: AppVm, argv: readonly string[], stdin: Buffer): Promise<number> {
  const { hostShell, where } = await context.transport();
  if (hostShell === undefined) throw new Error('only a transport with a host shell starts commands there');
  const { vmid, node } = appVm.vm;
  const host = (await hostShell.exec(['hostname'], { signal: context.signal })).stdout.trim().split('.')[0];
  if (host !== node) {
    throw new ZebuError('VM_DIFFERS', `VM ${vmid} is on ${node}; standard input can only be passed through that node`, {
      hint: `Set proxmox.host to ${node}, or proxmox.transport to ${await transportsWithShell(context.oclif, false)}.`,
    });
  }
  const words = ['qm', 'guest', 'exec', String(vmid), '--synchronous', '0', '--pass-stdin', '1', '--', ...argv];
  const result = await hostShell.exec(words, { signal: context.signal, stdin });
  if (result.code !== 0) {
    const reason = lastLine(result.stderr);
    throw new ZebuError('PROXMOX_REFUSED', `qm guest exec on ${where} failed: ${reason}`);
  }
  return parseAnswer(agentExecAnswer, JSON.parse(result.stdout), 'qm guest exec').pid;
}

async function start(
  context: Context,
  appVm: AppVm,
  command: readonly string[],
  stdin: Buffer | undefined,
): Promise<number> {
  const { client, vm } = appVm;
  const target = { client, node: vm.node, vmid: vm.vmid };
  const transport = await context.transport();
  if (stdin !== undefined && transport.hostShell !== undefined) {
    guestStdin(stdin);
    return agentAnswer(target, () => startOnHost(context, appVm, guestArgv(command, false), stdin)) as Promise<number>;
  }
  const input = stdin === undefined ? undefined : guestStdin(stdin);
  const data = await agentAnswer(target, () =>
    client.request('POST', `/nodes/${vm.node}/qemu/${vm.vmid}/agent/exec`, {
      command: guestArgv(command, input?.encoded === true),
      ...(input === undefined ? {} : { 'input-data': input.text }),
    }),
  );
  return parseAnswer(agentExecAnswer, data, 'the start of a command').pid;
}

export interface ExecOptions {
  readonly command: readonly string[];
  readonly stdin?: Buffer | undefined;
  /** Milliseconds until OUTCOME_UNKNOWN; the command goes on. */
  readonly timeoutMs: number;
}

/** Undefined while the VM's file systems are held: it is asked again. */
async function stateOf(target: AgentTarget, pid: number): Promise<z.infer<typeof statusAnswer> | undefined> {
  const { client, node, vmid } = target;
  try {
    const ask = (): Promise<unknown> => client.request('GET', `/nodes/${node}/qemu/${vmid}/agent/exec-status`, { pid });
    return parseAnswer(statusAnswer, await agentAnswer(target, ask), 'the state of a command');
  } catch (error) {
    if (!isFrozen(error)) throw error;
    return undefined;
  }
}

/**
 * Runs a command as root in the VM. Resolves for every exit status of the command.
 * @throws VM_MISSING, VM_NOT_RUNNING, VM_NOT_READY without an agent, OUTCOME_UNKNOWN when it still runs
 */
export async function execInVm(context: Context, appVm: AppVm, options: ExecOptions): Promise<GuestRun> {
  const { client, vm } = appVm;
  requireRunning(appVm);
  const { clock, signal, io } = context;
  // One for the start and for the end.
  const limit = timeLimit(options.timeoutMs, context);
  let said = false;
  const onWait = (): void => {
    if (!said) io.note(`A backup or snapshot holds the file systems of VM ${vm.vmid}: waiting for its end`);
    said = true;
  };
  let pid: number;
  try {
    pid = await retryUntil(
      { clock, signal, timeoutMs: options.timeoutMs, onWait },
      '',
      () => start(context, appVm, options.command, options.stdin),
      (last) => (isZebuError(last) ? last : startUnknown(vm.vmid)),
      isFrozen,
    );
  } catch (error) {
    throw explainAgent(error, appVm);
  }
  const shown = options.command[0] ?? '';
  const stillRuns = (why: string): ZebuError =>
    new ZebuError('OUTCOME_UNKNOWN', `${why}; ${shown} goes on in VM ${vm.vmid} as process ${pid}`, {
      hint: `End it with zebu vm:exec -- kill ${pid}; wait longer with --timeout.`,
      details: { pid },
    });
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 1.5, LAST_POLL_MS)) {
    if (context.signal.aborted) throw stillRuns('Interrupted');
    const target = { client, node: vm.node, vmid: vm.vmid };
    const status = await limit
      .within(() => stateOf(target, pid))
      .catch((error: unknown) => {
        throw context.signal.aborted ? stillRuns('Interrupted') : error;
      });
    if (status?.exited === true) {
      return {
        vmid: vm.vmid,
        node: vm.node,
        exit: status.exitcode ?? (status.signal === undefined ? 1 : 128 + status.signal),
        stdout: status['out-data'],
        stderr: status['err-data'],
        truncated: status['out-truncated'] || status['err-truncated'],
      };
    }
    if (limit.left() === 0) throw stillRuns(`Not done after ${Math.round(limit.spent() / 1000)} s`);
    await limit.sleep(pause).catch(() => undefined);
  }
}

/** `vm:exec`. @param appVm another VM than that of the app @throws USAGE without a command */
export async function execCommand(context: Context, options: ExecOptions, appVm?: AppVm): Promise<GuestRun> {
  if (options.command.length === 0) {
    throw new ZebuError('USAGE', 'There is no command to run', {
      hint: 'Such as zebu vm:exec -- systemctl status ssh',
    });
  }
  if (context.signal.aborted) throw interrupted();
  const run = await execInVm(context, appVm ?? (await findAppVm(context)), options);
  if (run.truncated) context.io.warn('The guest agent cut the output off: only its beginning is shown');
  return run;
}
