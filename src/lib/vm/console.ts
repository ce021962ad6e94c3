import { PassThrough } from 'node:stream';
import { isZebuError, ZebuError, type HostShell } from '@zebu/kit';
import { printable } from '@zebu/kit/core';
import type { Context } from '../context/context.js';
import { execInVm } from './exec.js';
import { findAppVm, type AppVm } from './app-vm.js';
import { listenArgv } from '../proxmox/serial-tail.js';
import LAST_LINES from './last-lines.sh';
import { transportsWithShell } from '../providers/registry.js';
import type { ConsoleOutput } from './results.js';

/** What the machine itself says: its journal through the guest agent, and its serial port live. */

/** Serial output as lines that leave the reader's terminal alone. */
export function consoleLines(onLine: (line: string) => void): { take(text: string): void; end(): void } {
  let rest = '';
  const say = (raw: string): void => {
    // A carriage return rewrites the line: what was there last is what would be seen.
    onLine(printable(raw.split('\r').findLast((part) => part !== '') ?? ''));
  };
  return {
    take: (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) say(line);
    },
    end: () => {
      if (rest !== '') say(rest);
      rest = '';
    },
  };
}

async function lastLines(context: Context, appVm: AppVm, count: number): Promise<readonly string[] | undefined> {
  try {
    const command = ['sh', '-c', LAST_LINES, 'sh', String(count)];
    const run = await execInVm(context, appVm, { command, timeoutMs: 20_000 });
    const lines: string[] = [];
    const reader = consoleLines((line) => lines.push(line));
    reader.take(run.stdout);
    reader.end();
    return lines;
  } catch (error) {
    if (isZebuError(error) && error.code === 'VM_NOT_READY') return undefined;
    throw error;
  }
}

/** @throws when there is no serial port, or no way to it */
async function serialShell(context: Context, appVm: AppVm): Promise<HostShell> {
  const { vm } = appVm;
  if (vm.config['serial0'] !== 'socket') {
    throw new ZebuError('VM_DIFFERS', `VM ${vm.vmid} has no serial port (serial0: socket)`, {
      hint: 'Only VMs whose kernel speaks there can be followed; zebu makes them so.',
    });
  }
  const { hostShell, where, id } = await context.transport();
  if (hostShell === undefined) {
    throw new ZebuError('CONFIG_INVALID', `The serial port cannot be followed over the transport ${id}`, {
      hint: `It is a socket on the Proxmox host: use proxmox.transport: ${await transportsWithShell(context.oclif, true)}, or the node's web interface (Console, xterm.js).`,
    });
  }
  const host = (await hostShell.exec(['hostname'], { signal: context.signal })).stdout.trim().split('.')[0];
  if (host === vm.node) return hostShell;
  throw new ZebuError(
    'VM_DIFFERS',
    `VM ${vm.vmid} is on ${vm.node}, and its serial port with it; ${where} is ${host ?? 'another node'}`,
    {
      hint: `Set proxmox.host to ${vm.node}.`,
    },
  );
}

async function follow(
  context: Context,
  appVm: AppVm,
  onLine: (line: string) => void,
  forMs: number | undefined,
): Promise<number> {
  const shell = await serialShell(context, appVm);
  let count = 0;
  const reader = consoleLines((line) => {
    count++;
    onLine(line);
  });
  const limit = forMs === undefined ? undefined : AbortSignal.timeout(forMs);
  const signal = limit === undefined ? context.signal : AbortSignal.any([context.signal, limit]);
  try {
    const { code, stderr } = await shell.exec(listenArgv(appVm.vm.vmid), {
      signal,
      // Open until we are done.
      stdin: new PassThrough(),
      onStdout: (text) => reader.take(text),
    });
    if (code !== 0) {
      throw new ZebuError(
        'PROXMOX_REFUSED',
        `The serial port of VM ${appVm.vm.vmid} cannot be read: ${stderr.trim()}`,
        {
          hint: 'Is the VM running, and nobody else at its console?',
        },
      );
    }
  } catch (error) {
    // Ctrl-C and the end of the given time are how following ends.
    if (!signal.aborted) throw error;
  }
  reader.end();
  return count;
}

export interface ConsoleOptions {
  /** Lines of the past. */
  readonly tail: number;
  readonly follow: boolean;
  /** Milliseconds to follow; without it until interrupted. */
  readonly forMs?: number | undefined;
  readonly onLine: (line: string) => void;
}

/** @throws VM_NOT_RUNNING; VM_NOT_READY when there is neither an agent nor anything to follow */
export async function showConsole(context: Context, options: ConsoleOptions): Promise<ConsoleOutput> {
  const appVm = await findAppVm(context);
  const { vm, name } = appVm;
  if (vm.status.status !== 'running') {
    throw new ZebuError('VM_NOT_RUNNING', `VM ${vm.vmid} (${name}) is ${vm.status.status}: it says nothing`, {
      hint: 'Start it: zebu vm:start',
    });
  }
  const lines = options.tail === 0 ? [] : await lastLines(context, appVm, options.tail);
  if (lines === undefined && !options.follow) {
    throw new ZebuError(
      'VM_NOT_READY',
      `The guest agent of VM ${vm.vmid} does not answer, and Proxmox keeps no record of its serial port`,
      {
        hint: 'zebu vm:console --follow shows what it says from now on.',
      },
    );
  }
  if (lines === undefined) context.io.warn('The guest agent does not answer: no lines of the past');
  for (const line of lines ?? []) options.onLine(line);
  let followed = 0;
  if (options.follow) {
    context.io.note(`-- serial port of VM ${vm.vmid} (${name}) on ${vm.node}; Ctrl-C ends`);
    followed = await follow(context, appVm, options.onLine, options.forMs);
  }
  return {
    vmid: vm.vmid,
    node: vm.node,
    source: lines === undefined || options.tail === 0 ? null : 'journal',
    lines: lines ?? [],
    followed,
  };
}
