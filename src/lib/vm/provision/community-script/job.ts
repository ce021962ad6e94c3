import { quote, sh, ZebuError, type HostShell } from '@zebu/kit';
import { parseFacts } from '../../../guest/facts.js';
import { dialogLines, type Dialog } from './dialogs.js';
import { COMPLETED, ENTER, JOB, QM, WHIPTAIL, WITHOUT_DOCKER } from './host-programs.js';
import { SCRIPT_FILES } from './pin.js';
import { rewriteSources } from './rewrite.js';
import PUT from './put.sh';
import { lastLine } from '../../../guest/lines.js';

/** What the run on the host is about; kept there, so that another zebu can take it up. */
export interface JobRequest {
  readonly vmid: number;
  readonly mac: string;
  readonly name: string;
  /** The VM gets them as soon as it is there. */
  readonly tags: string;
  /** Seconds until the script is ended. */
  readonly limit: number;
}

/** How the run ended, in the words of the supervisor. */
export interface JobResult {
  readonly good: boolean;
  readonly code: number;
  /** Why the answering program ended the script: a dialog `unknown`, asked `again`, or its `choice` not offered. */
  readonly stopped: 'again' | 'choice' | 'unknown' | undefined;
  readonly title: string;
  readonly text: string;
  readonly missing: readonly string[];
  readonly withoutDocker: boolean;
  /** The last steps of `qm` that failed, with their error. */
  readonly failures: readonly string[];
  /** The VM could not be removed again. */
  readonly left: boolean;
}

export type JobState =
  | { readonly state: 'none' }
  | { readonly state: 'died' | 'running'; readonly vmid: number; readonly mac: string }
  | { readonly state: 'ended'; readonly vmid: number; readonly mac: string; readonly result: JobResult };

/** One folder an app, for root alone. */
function jobFolder(app: string): string {
  return `/var/lib/zebu/vm-${app}`;
}

function requestFile(request: JobRequest): string {
  const lines = Object.entries({ ...request, completed: COMPLETED, without_docker: WITHOUT_DOCKER });
  return [...lines.map(([name, value]) => `${name}=${quote(String(value))}`), ''].join('\n');
}

function parseResult(facts: ReadonlyMap<string, string>, lines: readonly string[]): JobResult {
  const all = (name: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${name}=`)).map((line) => line.slice(name.length + 1).trim());
  const stopped = facts.get('stopped');
  return {
    good: facts.get('good') === 'yes',
    code: Number(facts.get('code') ?? '-1'),
    stopped: stopped === 'again' || stopped === 'choice' || stopped === 'unknown' ? stopped : undefined,
    title: facts.get('title') ?? '',
    text: facts.get('text') ?? '',
    missing: all('missing'),
    withoutDocker: facts.get('docker') === 'no',
    failures: all('qm'),
    left: facts.has('left'),
  };
}

export function parseState(stdout: string): JobState {
  const facts = parseFacts(stdout);
  const state = facts.get('state');
  const found = { vmid: Number(facts.get('vmid')), mac: (facts.get('mac') ?? '').toLowerCase() };
  if (state === 'running' || state === 'died') return { state, ...found };
  if (state === 'ended') return { state, ...found, result: parseResult(facts, stdout.split('\n')) };
  return { state: 'none' };
}

async function run(shell: HostShell, line: string, doing: string, stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await shell.exec(['sh', '-c', line], { stdin, timeoutMs: 120_000 });
  if (code === 0) return stdout;
  throw new ZebuError('SCRIPT_FAILED', `${doing} failed on the host: ${lastLine(stderr) || `status ${code}`}`);
}

export async function readJob(shell: HostShell, app: string): Promise<JobState> {
  const job = jobFolder(app);
  return parseState(
    await run(
      shell,
      sh`[ ! -e ${`${job}/request`} ] || exec sh ${`${job}/job`} state`,
      'Looking for a run of the community script',
    ),
  );
}

/** The files as one program that writes them, so that placing them takes one round trip. */
function archive(folder: string, files: readonly (readonly [path: string, content: string, mode: string])[]): string {
  const calls = files.map(([path, content, mode]) => {
    const base64 = Buffer.from(content).toString('base64').replaceAll(/.{76}/g, '$&\n');
    return `${sh`put ${`${folder}/${path}`} ${mode} <<'END'`}\n${base64}\nEND\n`;
  });
  return PUT + calls.join('');
}

/** Puts the checked files and our programs on the host; nothing is run yet. */
export async function placeJob(
  shell: HostShell,
  app: string,
  files: ReadonlyMap<string, Buffer>,
  request: JobRequest,
  dialogs: readonly Dialog[],
): Promise<void> {
  const job = jobFolder(app);
  const upstream = `${job}/upstream`;
  const text = archive(job, [
    ...SCRIPT_FILES.map((path): [string, string, string] => [
      `upstream/${path}`,
      rewriteSources(path, (files.get(path) ?? Buffer.alloc(0)).toString('utf8'), upstream),
      '0600',
    ]),
    ['dialogs', dialogLines(dialogs), '0600'],
    ['bin/whiptail', WHIPTAIL, '0700'],
    ['bin/qm', QM, '0700'],
    ['enter', ENTER, '0700'],
    ['job', JOB, '0700'],
    ['request.part', requestFile(request), '0600'],
  ]);
  // The request comes last, because a folder with a request is a run.
  const last = sh`printf 'qm=%s\n' "$(command -v qm)" >>${`${job}/request.part`} && mv ${`${job}/request.part`} ${`${job}/request`}`;
  await run(shell, sh`exec sh -s`, 'Placing the community script', `${text}${last}\n`);
}

export async function startJob(shell: HostShell, app: string): Promise<void> {
  await run(shell, sh`exec sh ${`${jobFolder(app)}/job`} start`, 'Starting the community script');
}

/** Resolves when the run has ended. An abort leaves it running. */
export async function followJob(
  shell: HostShell,
  app: string,
  signal: AbortSignal,
  onText: (text: string) => void,
): Promise<void> {
  await shell.exec(['sh', `${jobFolder(app)}/job`, 'follow'], { signal, onStdout: onText });
}

/** Removes the run's folder; with the VM, if it made one, when the run was no good. */
export async function discardJob(shell: HostShell, app: string, what: 'folder' | 'with-vm'): Promise<void> {
  const job = jobFolder(app);
  await run(
    shell,
    sh`[ ! -e ${`${job}/request`} ] || sh ${`${job}/job`} discard ${what} || exit 1; rm -rf ${job}; rmdir /var/lib/zebu 2>/dev/null; true`,
    'Cleaning up after the community script',
  );
}
