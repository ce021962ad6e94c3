import { stripVTControlCharacters } from 'node:util';
import { sh, ZebuError } from '@zebu/kit';
import type { Context } from '../context.js';
import { openGuest } from '../guest/session.js';
import { LineSplitter } from './journal.js';
import { checkServices, notDeployed, surveyApp } from './status.js';

export interface LogOptions {
  readonly services: readonly string[];
  readonly follow: boolean;
  /** Docker's notation: `10m`, `2026-11-24T05:00:00`. */
  readonly since: string | undefined;
  /** Lines a service; undefined for all. */
  readonly tail: number | undefined;
  readonly timestamps: boolean;
}

export interface LogLine {
  readonly service: string;
  readonly line: string;
}

/** Compose's own prefix: `web-1  | text`. Control sequences are dropped: a log must not drive the reader's terminal. */
export function parseLogLine(raw: string): LogLine {
  const text = stripVTControlCharacters(raw);
  const [, service, line] = /^(\S+?)-\d+\s*\| ?(.*)$/.exec(text) ?? [];
  return service === undefined || line === undefined ? { service: '', line: text } : { service, line };
}

export function logsCommand(project: string, options: LogOptions): string {
  const words = [
    ...(options.follow ? ['--follow'] : []),
    ...(options.since === undefined ? [] : ['--since', options.since]),
    ...(options.tail === undefined ? [] : ['--tail', String(options.tail)]),
    ...(options.timestamps ? ['--timestamps'] : []),
    '--no-color',
    ...options.services,
  ];
  return sh`exec docker compose -p ${project} logs ${words}`;
}

/** Streams the logs of the app's containers, a line at a time; nothing is collected. @throws APP_MISSING, SERVICE_UNKNOWN */
export async function streamLogs(
  context: Context,
  options: LogOptions,
  onLine: (line: LogLine) => void,
): Promise<void> {
  const { session } = await openGuest(context);
  const { name } = context.config.app;
  if (options.services.length > 0) {
    const { services } = await surveyApp(session, context);
    if (services.length === 0) throw notDeployed(name);
    checkServices(options.services, services);
  }
  const lines = new LineSplitter();
  let any = false;
  const { code, stderr } = await session.exec(
    { line: logsCommand(name, options) },
    {
      signal: context.signal,
      onStdout: (chunk) => {
        for (const line of lines.push(chunk)) {
          any = true;
          onLine(parseLogLine(line));
        }
      },
    },
  );
  if (code !== 0)
    throw new ZebuError('APP_MISSING', `The logs cannot be read: ${stderr.trim().split('\n').at(-1) ?? ''}`, {
      hint: 'Is it deployed? zebu app:status',
    });
  if (!any && options.services.length === 0) {
    const { services } = await surveyApp(session, context);
    if (services.length === 0) throw notDeployed(name);
  }
}
