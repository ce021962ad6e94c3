import { isZebuError, ZebuError } from '@zebu/kit';
import { isForbidden, lockHint, pveForbidden } from '@zebu/kit/core';
import { taskLogAnswer } from './answers.js';
import type { ProxmoxClient } from './client.js';
import { parseUpid, type Upid } from './ids.js';
import { parseAnswer } from './parse.js';

/** Why a task of Proxmox failed: its end says it shortly or not at all, its log says it. */

/** A log may be that of a backup of many hours; the reason is at its end. */
const PAGE = 500;
const PAGES = 40;
/** Of a log, for `--json`. */
const KEPT_LINES = 20;
/** In the message, which is read as one line. */
const TOLD_LINES = 3;
const LINE_LENGTH = 300;

export const taskPath = (upid: Upid): string => `/nodes/${parseUpid(upid)?.node ?? ''}/tasks/${upid}`;

/** Logs have what programs print for terminals. */
function plain(line: string): string {
  const text = line
    .replaceAll(/\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return text.length > LINE_LENGTH ? `${text.slice(0, LINE_LENGTH - 1)}…` : text;
}

/** All lines of a task's log that are worth reading, oldest first; none when it cannot be read. */
export async function taskLog(client: ProxmoxClient, upid: Upid): Promise<readonly string[]> {
  let lines: readonly string[] = [];
  try {
    for (let page = 0, start = 0; page < PAGES; page++, start += PAGE) {
      const data = await client.request('GET', `${taskPath(upid)}/log`, { start, limit: PAGE });
      const rows = parseAnswer(taskLogAnswer, data, 'a task log');
      // Of the early lines only warnings and errors are kept; of the others the last ones are enough.
      lines = [
        ...lines.filter((line) => ERROR.test(line) || WARNING.test(line)).slice(-KEPT_LINES),
        ...rows.map(({ t }) => plain(t)),
      ];
      if (rows.length < PAGE) break;
    }
  } catch {
    // How the task ended is known already; its log is a courtesy.
  }
  return lines.filter((line) => line !== '');
}

/** Lines of migrations have the time before it. */
const ERROR = /^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d )?ERROR: /;
const WARNING = /^WARN(?:ING)?: /;
const END = /^TASK (?:ERROR|WARNINGS): /;
/** What tells how far it was, not why it ended. */
const PROGRESS =
  /^(?:INFO: |progress \d|transferred |generating cloud-init ISO|new volume ID is |Formatting |map '|rescan volumes|(?:scsi|virtio|sata|ide|efidisk|drive-)\S*: transferred)/;

/** Exit texts that only say that something else failed, without the reason. */
const SAYS_NOTHING =
  /exit(?:ed)?(?: with)?(?: code| status)? -?\d+|job errors|got signal|timeout|interrupt|unexpected status|aborted|problems|failed$/i;

export function warningsIn(log: readonly string[]): readonly string[] {
  return log.filter((line) => WARNING.test(line));
}

/**
 * The lines of a log that say why a task failed: errors, else the last lines before its end where that says nothing
 * itself; warnings behind them.
 * @param exit how Proxmox says the task ended
 */
export function reasonsIn(log: readonly string[], exit: string): readonly string[] {
  const told = (line: string): string => line.replace(ERROR, '').replace(END, '');
  const errors = log.filter((line) => ERROR.test(line));
  const before = log.filter((line) => ![ERROR, WARNING, END, PROGRESS].some((kind) => kind.test(line)));
  const causes = errors.length > 0 ? errors : SAYS_NOTHING.test(exit) ? before.slice(-TOLD_LINES) : [];
  const ends = log.filter((line) => END.test(line) && told(line) !== exit && !/^TASK WARNINGS/.test(line));
  const lines = [...causes, ...ends, ...warningsIn(log)].map(told).filter((line) => !exit.includes(line));
  return [...new Set(lines)].slice(0, TOLD_LINES);
}

export interface FailedTask {
  readonly upid: Upid;
  /** How Proxmox says it ended, such as `start failed: QEMU exited with code 1`. */
  readonly exit: string;
}

/**
 * The error of a task that failed.
 * @param label what was being done: `starting VM 100`
 * @param opening of the message, where it was not Proxmox itself that failed
 * @returns PROXMOX_FORBIDDEN where the task was refused something, as for a request; else TASK_FAILED
 */
export async function taskFailure(
  client: ProxmoxClient,
  { upid, exit }: FailedTask,
  label: string,
  opening = `Proxmox failed ${label}`,
): Promise<ZebuError> {
  const log = await taskLog(client, upid);
  const details = { upid, exitstatus: exit, log: log.slice(-KEPT_LINES) };
  const reasons = reasonsIn(log, exit);
  const refusal = [exit, ...log.filter((line) => ERROR.test(line))].find(isForbidden);
  if (refusal !== undefined) return pveForbidden(label, refusal.replace(ERROR, ''), details);
  const because = reasons.length === 0 ? '' : `; its log says: ${reasons.join('; ')}`;
  return new ZebuError('TASK_FAILED', `${opening}: ${exit}${because}`, { hint: lockHint(exit), details });
}

/**
 * How Proxmox says that a task ended, of the error that came of it. The message has more in it than that, so nothing is
 * to be looked for there.
 * @returns undefined when the error is none of a task
 */
export function taskExit(error: unknown): string | undefined {
  if (!isZebuError(error)) return undefined;
  const exit = error.details?.['exitstatus'];
  return typeof exit === 'string' ? exit : undefined;
}
