/** GitHub Actions: workflow commands, which the runner reads from both streams, and the files a step may write. */
import { appendFileSync, fstatSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import type { Printable } from './printable.js';

type Env = Readonly<Record<string, string | undefined>>;

export const inActions = (env: Env): boolean => env['GITHUB_ACTIONS'] === 'true';

const escapeData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** One workflow command and its line end, such as `::error file=zebu.yml,line=3::text`. A value that is to be masked stays itself. */
export function workflowCommand(
  name: string,
  message: string,
  properties: Readonly<Record<string, number | string | undefined>> = {},
): Printable {
  const given = Object.entries(properties)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => `${key}=${escapeProperty(String(value))}`)
    .join(',');
  return `::${name}${given === '' ? '' : ` ${given}`}::${escapeData(message)}\n` as Printable;
}

/**
 * Lines that the runner will not take for commands, whoever wrote them: a container could otherwise set outputs or hide
 * lines of the job that deploys it. A zero-width space is put into `::` at the start of one and `##[` anywhere.
 */
export function inert(text: Printable): Printable {
  return text
    .split('\n')
    .map((line) => line.replace(/^(\s*):(?=:)/, '$1:\u200B').replaceAll('##[', '#\u200B#['))
    .join('\n') as Printable;
}

/** Where a problem is, from an error's details, as paths of the repository are shown. */
export function annotationPlace(
  env: Env,
  cwd: string,
  details: Readonly<Record<string, unknown>> | undefined,
): { file?: string; line?: number } {
  const { file, line } = details ?? {};
  if (typeof file !== 'string') return {};
  const top = env['GITHUB_WORKSPACE'];
  // The details have paths of this machine; GitHub shows paths of the repository, with slashes.
  const paths = /^[A-Za-z]:/.test(cwd) ? win32 : posix;
  const within = top === undefined ? '..' : paths.relative(top, paths.resolve(cwd, file));
  const shown = within.startsWith('..') || paths.isAbsolute(within) ? file : within.replaceAll('\\', '/');
  return { file: shown, ...(typeof line === 'number' ? { line } : {}) };
}

/** A regular file keeps what is written to it; the command that hides a value from the log must not end up there. */
export function isRegularFile(fd: number | undefined): boolean {
  try {
    return fd !== undefined && fstatSync(fd).isFile();
  } catch {
    return false;
  }
}

/** What a step leaves for the steps after it and for the job's page. */
export interface CiReport {
  /** Values of `steps.<id>.outputs.*`. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Markdown. */
  readonly summary: string;
}

/** Appends to the files the runner names; quietly does nothing for those it does not. */
export function writeReport(env: Env, report: CiReport, clean: (text: string) => string): void {
  const { GITHUB_OUTPUT: outputs, GITHUB_STEP_SUMMARY: summary } = env;
  if (outputs) {
    const lines = Object.entries(report.outputs).map(([name, value]) => {
      // The runner's form for any value: no value can contain a mark that is made up for it.
      const mark = `zebu_${crypto.randomUUID()}`;
      return `${name}<<${mark}\n${clean(value)}\n${mark}\n`;
    });
    appendFileSync(outputs, lines.join(''));
  }
  if (summary) appendFileSync(summary, `${clean(report.summary)}\n`);
}
