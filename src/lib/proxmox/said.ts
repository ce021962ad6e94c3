import { isZebuError } from '@zebu/kit';
import { taskExit } from './task-failure.js';

/** Messages of Proxmox for conditions without a code. No other file looks at the text of its messages. */
const WORDS = {
  'agent not configured': /No QEMU guest agent configured/i,
  'agent silent': /guest agent is not running|got timeout/i,
  /** Of an agent that is not up yet: it does not answer, or whoever asks it lost the way to it. */
  'agent not yet': /guest agent is not running|got timeout|Agent error|Broken pipe|Connection timed out/i,
  'file missing': /No such file|failed to open/i,
  /** Proxmox checks that the VM runs before it asks the agent. */
  'not running': /\bVM \d+ (?:is )?not running\b/,
  /** The digest that was sent is not that of the current configuration: it was changed meanwhile. */
  'configuration changed': /detected modified configuration/,
  'configuration missing': /^Configuration file .* does not exist/,
  'would shrink': /shrinking disks is not supported/,
  /** Something else is done to the VM, or was and has left its lock. */
  locked: /\bis locked \(|can't lock file/,
  /** Of a template that VMs are linked to. */
  'base in use': /is still in use by linked clone/,
  /** Of a VM that was not when its removal was asked for. */
  'running meanwhile': /is running - destroy failed/,
  /** A disk lies where Proxmox copies none, or not of a running VM. */
  'no clone': /(?:full|linked) clone feature is not (?:supported|available)|not supported for drive/i,
  'snapshot missing': /^snapshot '.*' does not exist/,
  'not shut down': /powerdown failed|timeout/,
} as const;

/** Proxmox's own words in an error: how a task ended, the reason of a refusal, else the message; undefined for any other error. */
export function saidBy(error: unknown): string | undefined {
  if (!isZebuError(error)) return undefined;
  const reason = error.details?.['reason'];
  return taskExit(error) ?? (typeof reason === 'string' ? reason : error.message);
}

/** Whether Proxmox said so, in the error that came of it. */
export function says(error: unknown, fact: keyof typeof WORDS): boolean {
  const words = saidBy(error);
  return words !== undefined && WORDS[fact].test(words);
}

/** What vzdump calls the archive that it makes, in a line of its log: the last part of its volume id. */
export function archiveNamed(line: string): string | undefined {
  return /creating .*archive '(?:[^']*\/)?([^'/]+)'/.exec(line)?.[1];
}

/** The checksum of what was downloaded, where it is another one than was asked for. */
export function otherChecksum(error: unknown): string | undefined {
  return /checksum mismatch: got '([0-9a-f]+)'/.exec(taskExit(error) ?? '')?.[1];
}
