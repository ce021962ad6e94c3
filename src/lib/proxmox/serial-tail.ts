import { PassThrough } from 'node:stream';
import { variables, type HostShell } from '@zebu/kit';
import type { Vmid } from './ids.js';
import LISTEN from './listen.sh';

/** Proxmox does not record the output of a serial port: whoever wants its last lines has to listen from before. */
export interface SerialTail {
  /** The last lines so far. */
  lines(): readonly string[];
  stop(): void;
}

const KEPT_LINES = 15;

/** Nothing a terminal would act on. */
function plain(text: string): string {
  return text.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]|[^\t\n -\uffff]/g, '');
}

/**
 * A command for the host that prints what the port says, and ends when its standard input does: with the connection at
 * the latest. A port takes one listener at a time, so that none may stay behind.
 */
export function listenArgv(vmid: Vmid): readonly string[] {
  return ['sh', '-c', variables({ socket: `/var/run/qemu-server/${vmid}.serial0` }) + LISTEN];
}

/**
 * Listens to the serial port of a VM on the host it runs on, until `stop`.
 * @returns what it heard is empty when the VM has no port, there is no socat, or somebody else listens
 */
export function tailSerial(shell: HostShell, vmid: Vmid): SerialTail {
  const end = new PassThrough();
  let heard = '';
  const onStdout = (text: string): void => {
    heard = (heard + text).slice(-16_384);
  };
  // No failure of its own: it only adds to the error that the caller is about to report.
  shell.exec(listenArgv(vmid), { stdin: end, onStdout }).catch(() => {});
  return {
    lines: () =>
      plain(heard)
        .split('\n')
        .map((line) => line.trimEnd())
        .filter((line) => line !== '')
        .slice(-KEPT_LINES),
    stop: () => void end.end(),
  };
}
