import { PassThrough } from 'node:stream';
import { sh, type HostShell } from '@zebu/kit';
import type { Vmid } from './ids.js';

/** Proxmox keeps no record of what a serial port said, so who wants the end of it has to listen while it comes. */
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
 * Listens to the serial port of a VM on the host it runs on. A port takes one listener at a time, so this one ends when
 * its standard input does: with `stop`, and with the connection.
 * @returns what it heard is empty when the VM has no port, there is no socat, or somebody else listens
 */
export function tailSerial(shell: HostShell, vmid: Vmid): SerialTail {
  const socket = `/var/run/qemu-server/${vmid}.serial0`;
  const script = sh`socat -u ${`UNIX-CONNECT:${socket}`} STDOUT 2>/dev/null </dev/null & cat >/dev/null; kill $!`;
  const end = new PassThrough();
  let heard = '';
  const onStdout = (text: string): void => {
    heard = (heard + text).slice(-16_384);
  };
  // What it could not hear is no reason to fail: the reason is being looked for already.
  shell.exec(['sh', '-c', script], { stdin: end, onStdout }).catch(() => {});
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
