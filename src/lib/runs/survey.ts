import { ZebuError } from '@zebu/kit';
import type { RemoteProcess, SshSession } from '@zebu/kit/ssh';
import { parseStore, type SecretStore } from '../app-folder/secrets/versions.js';
import type { AppLayout } from '../app-folder/layout.js';
import { WAITING } from './launch.js';
import { holdRunner, surveyScript } from './programs/index.js';
import { parseSums, type Sums } from './programs/sums.js';
import { lastLine } from '../guest/lines.js';

/** What the VM has of the app before anything is sent. */
export interface Survey {
  readonly haves: readonly string[];
  readonly secrets: SecretStore;
  readonly current: string | null;
  readonly holder: string | undefined;
  readonly sums: Sums;
  /** Ids of the certificates of the front proxy that are there, and of the one that the newest release went live with. */
  readonly certificates: readonly string[];
  readonly certificateInForce: string | undefined;
  /** What the VM starts by itself: unit → digest of it. */
  readonly units: ReadonlyMap<string, string>;
}

export function parseSurvey(stdout: string): Survey {
  const lines = stdout.split('\n');
  const pairs = lines.flatMap((line) => {
    const cut = line.indexOf('=');
    return cut > 0 ? [[line.slice(0, cut), line.slice(cut + 1)] as const] : [];
  });
  const all = (key: string): readonly string[] => pairs.filter(([name]) => name === key).map(([, value]) => value);
  const current = all('current')[0]?.split('/').at(-1);
  return {
    haves: [...new Set(all('have').filter((sha) => /^[0-9a-f]{40}$/.test(sha)))],
    secrets: parseStore(stdout),
    current: current === undefined || current === '' ? null : current,
    holder: all('holder')[0],
    sums: parseSums(lines),
    certificates: all('certificate'),
    certificateInForce: all('certificate-in-force')[0],
    units: new Map(all('unit').map((text) => [text.slice(0, text.indexOf(' ')), text.slice(text.indexOf(' ') + 1)])),
  };
}

const SURVEY_MS = 120_000;

/** Begins the line behind what a survey says, with its exit status. */
const MARK = 'surveyed=';

const notSurveyed = (stderr: string): ZebuError =>
  new ZebuError('VM_NOT_READY', `The VM could not be asked what it has: ${lastLine(stderr)}`);

export async function survey(session: SshSession, layout: AppLayout, signal: AbortSignal): Promise<Survey> {
  const { code, stdout, stderr } = await session.exec({ line: surveyScript(layout) }, { signal, timeoutMs: SURVEY_MS });
  if (code !== 0) throw notSurveyed(stderr);
  return parseSurvey(stdout);
}

/** What a process prints up to a line that begins with the mark, and the rest of that line; undefined where it ends before. */
async function untilMark(
  { stream, ended }: RemoteProcess,
  mark: string,
): Promise<{ readonly before: string; readonly rest: string } | undefined> {
  let text = '';
  const found = new Promise<{ before: string; rest: string }>((resolve) => {
    const take = (): void => {
      for (let chunk = stream.read() as string | null; chunk !== null; chunk = stream.read() as string | null)
        text += chunk;
      const at = `\n${text}`.indexOf(`\n${mark}`);
      const end = text.indexOf('\n', at);
      if (at === -1 || end === -1) return;
      // What comes behind it is for whoever reads on.
      stream.off('readable', take);
      if (end + 1 < text.length) stream.unshift(text.slice(end + 1), 'utf8');
      resolve({ before: text.slice(0, at), rest: text.slice(at + mark.length, end) });
    };
    stream.setEncoding('utf8').on('readable', take);
  });
  return Promise.race([found, ended.then(() => undefined)]);
}

/** A shell in the VM that has told what there is, and waits for a script, see `launch`. */
export interface SurveyedShell {
  readonly found: Survey;
  readonly opened: RemoteProcess;
}

/**
 * The same by a shell that waits for a script afterwards: one channel in place of two, and the script costs no round trip of its own.
 * A shell that is not needed ends with the connection.
 */
export async function surveyThenWait(
  session: SshSession,
  layout: AppLayout,
  signal: AbortSignal,
): Promise<SurveyedShell> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    const seconds = SURVEY_MS / 1000;
    late.abort(new ZebuError('UNREACHABLE', `${session.where} did not finish a command within ${seconds} s`));
  }, SURVEY_MS);
  try {
    const held = holdRunner(layout);
    const line = `${held}\n(\n${surveyScript(layout)}) </dev/null; echo "${MARK}$?"\n${WAITING}`;
    const opened = await session.stream({ line }, { signal: AbortSignal.any([signal, late.signal]) });
    let stderr = '';
    const hear = (text: string): void => void (stderr += text);
    opened.stderr.setEncoding('utf8').on('data', hear);
    const said = await untilMark(opened, MARK);
    if (said?.rest !== '0') {
      opened.stream.end();
      await opened.ended;
      throw notSurveyed(stderr);
    }
    opened.stderr.off('data', hear);
    return { found: parseSurvey(said.before), opened };
  } finally {
    clearTimeout(timer);
  }
}
