import { commandLine, variables, ZebuError } from '@zebu/kit';
import { printable } from '@zebu/kit/core';
import type { Context } from '../context/context.js';
import { streamLines } from '../guest/lines.js';
import { openGuest } from '../guest/session.js';
import { maskValues } from '../app-folder/secrets/masks.js';
import LOGS from './logs.sh';
import { LogPainter, parseLogLine, type Containers } from './log-lines.js';
import { checkServices, notDeployed } from '../app-folder/missing.js';
import type { LogLine } from './results.js';

export interface LogOptions {
  readonly services: readonly string[];
  readonly follow: boolean;
  /** Docker's notation: `10m`, `2026-11-24T05:00:00`. */
  readonly since: string | undefined;
  /** Lines a service; undefined for all. */
  readonly tail: number | undefined;
  readonly timestamps: boolean;
  /** Only lines it matches. */
  readonly grep: RegExp | undefined;
}

/** What is shown of the past when following without a limit. */
const FOLLOW_TAIL = 100;

/**
 * First the containers, a `name service` a line, those whose log cannot be read, and an empty line; then what they print, until the end of
 * time when following. One round trip. Secret values are taken out there, since this side does not know them.
 */
export function logsScript(project: string, options: LogOptions): string {
  const { follow, since, timestamps, services } = options;
  const tail = options.tail ?? (follow && since === undefined ? FOLLOW_TAIL : undefined);
  const words = [
    ...(follow ? ['--follow'] : []),
    ...(since === undefined ? [] : ['--since', since]),
    ...(tail === undefined ? [] : ['--tail', String(tail)]),
    ...(timestamps ? ['--timestamps'] : []),
    '--no-color',
    ...services,
  ];
  return variables({ project, ...maskValues(project) }) + `set -- ${commandLine(words)}\n` + LOGS;
}

/** Before the driver of a service whose log cannot be read, in the lines before the empty one. */
const UNREADABLE = '=';

/** The lines before the empty one. */
export function parseContainers(lines: readonly string[], project: string): Containers {
  return new Map(
    lines.flatMap((line) => {
      if (line.startsWith(UNREADABLE)) return [];
      const [name = '', service = ''] = line.split(' ');
      return [[name.startsWith(`${project}-`) ? name.slice(project.length + 1) : name, service] as const];
    }),
  );
}

/** Of the same lines, why some of the services are silent: a line for each, of those that are wanted. */
export function silentServices(lines: readonly string[], wanted: readonly string[]): readonly string[] {
  const drivers = new Map(
    lines.flatMap((line) => {
      const [mark, service = '', driver = ''] = line.split(' ');
      return mark === UNREADABLE ? [[service, driver] as const] : [];
    }),
  );
  return [...drivers].flatMap(([service, driver]) =>
    wanted.length > 0 && !wanted.includes(service)
      ? []
      : [
          driver === 'none'
            ? `${service} has no log: its logging driver is none (\`logging\` in the Compose file)`
            : `The log of ${service} is where its logging driver ${driver} sends it: Docker keeps no copy, as \`cache-disabled\` says`,
        ],
  );
}

/** @throws USAGE */
export function toRegExp(text: string, ignoreCase: boolean): RegExp {
  try {
    return new RegExp(text, ignoreCase ? 'i' : '');
  } catch (error) {
    throw new ZebuError('USAGE', `--grep: ${(error as Error).message}`, {
      hint: 'It is a JavaScript regular expression; put a backslash before . ( ) [ ] { } + * ? ^ $ | that are meant literally.',
      cause: error,
    });
  }
}

/**
 * A moment as Docker takes it: a duration back (`90s`, `10m`, `2h`, `3d`), or a date and time, which without a zone is
 * meant in the zone of this machine and not of the VM.
 * @throws USAGE
 */
export function toSince(text: string): string {
  const parts = [...text.matchAll(/(?<!\d)(\d+)([smhd])/g)];
  if (parts.length > 0 && parts.map(([part]) => part).join('') === text) {
    const factor: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
    const seconds = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (factor[unit ?? ''] ?? 0), 0);
    return `${seconds}s`;
  }
  const moment = /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text) : new Date(Number.NaN);
  if (!Number.isNaN(moment.getTime())) return moment.toISOString();
  throw new ZebuError('USAGE', `--since: \`${text}\` is no time`, {
    hint: 'As in 90s, 10m, 2h, 3d, 2026-11-24, 2026-11-24T05:00:00.',
  });
}

function checkContainers(context: Context, containers: Containers, wanted: readonly string[]): void {
  if (containers.size === 0) throw notDeployed(context.config.app.name);
  checkServices(
    wanted,
    [...containers.values()].map((service) => ({ service })),
  );
}

/**
 * Streams the logs of the app's containers to stdout: text for people, or one LogLine as JSON a line. Nothing is
 * collected, and a slow reader slows the source.
 * @throws APP_MISSING, SERVICE_UNKNOWN
 */
export async function streamLogs(context: Context, options: LogOptions): Promise<void> {
  const { io, signal, config } = context;
  const { session } = await openGuest(context);
  const { name } = config.app;
  const timestamps = options.timestamps || io.json;
  const header: string[] = [];
  let containers: Containers | undefined;
  let painter: LogPainter | undefined;
  const chosen = (lines: readonly string[]): readonly LogLine[] =>
    lines
      .flatMap((text) => printable(text).split('\n'))
      .map((text) => parseLogLine(text, containers ?? new Map(), timestamps))
      .filter(({ line }) => options.grep === undefined || options.grep.test(line));
  const show = async (lines: readonly LogLine[]): Promise<void> =>
    io.flow(io.json ? lines : lines.map((each) => painter?.paint(each) ?? printable(each.line)));
  const { code, stderr } = await streamLines(
    session,
    logsScript(name, { ...options, timestamps }),
    signal,
    async (lines) => {
      let rest = lines;
      if (containers === undefined) {
        const end = lines.indexOf('');
        header.push(...(end < 0 ? lines : lines.slice(0, end)));
        if (end < 0) return;
        containers = parseContainers(header, name);
        checkContainers(context, containers, options.services);
        for (const why of silentServices(header, options.services)) io.warn(why);
        const wanted = [...containers].filter(
          ([, service]) => options.services.length === 0 || options.services.includes(service),
        );
        painter = new LogPainter(new Map(wanted), io.color, options.grep);
        rest = lines.slice(end + 1);
      }
      if (rest.length > 0) await show(chosen(rest));
    },
  );
  if (code === 0) return;
  throw new ZebuError('VM_NOT_READY', `The logs cannot be read: ${stderr.split('\n').at(-1) ?? ''}`, {
    hint: 'See zebu app:status.',
  });
}
