import { ZebuError, type Sensitive } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { author } from '../app-folder/author.js';
import { appLayout } from '../app-folder/layout.js';
import { notDeployed, dockerSilent } from '../app-folder/status.js';
import { MISSING_STATUS } from '../app-folder/statuses.js';
import { dataSettings } from '../config/data-settings.js';
import type { Context } from '../context/context.js';
import { dataPackages, dumpSettings } from '../dumps/settings.js';
import { dumpProgram, type DumpProgram } from '../dumps/shell.js';
import { bringPackages } from '../guest/units.js';
import { parseData, type SeenData } from './read.js';
import { eachLine, lastLine } from '../guest/lines.js';
import { FROM_INPUT } from '../guest/from-input.js';

/** Seconds that a person waits for another dump, or a run, to end. */
const WAIT = 600;
/** Beyond what everything in it may take. */
const SLACK_MS = 120_000;
const LIST_MS = 240_000;
const PACKAGES_MS = 420_000;

export interface Told {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Of a line `key=value` of it, the first. */
export const valueOf = (text: string, key: string): string | undefined =>
  new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1];

/** Why it failed; undefined where it did not. */
export const reasonOf = ({ code, stdout }: Told): string | undefined =>
  valueOf(stdout, 'reason') ?? (code === 0 ? undefined : `it ended with exit status ${String(code)}`);

/** @param onLine lines as they come */
export async function runDumps(
  session: SshSession,
  context: Context,
  action: DumpProgram['action'],
  options: {
    readonly offsite?: boolean;
    readonly asked?: string;
    readonly word?: Sensitive;
    readonly onLine?: (line: string) => void;
  } = {},
): Promise<Told> {
  const { config, signal } = context;
  const { name } = config.app;
  const settings = dataSettings(config);
  // A VM that was deployed to before zebu.yml asked for it, or made while no mirror answered, has not all that dumps need.
  if (action !== 'forget-lent' && (action !== 'list' || options.offsite === true))
    await bringPackages(session, dataPackages(config), { io: context.io, signal, timeoutMs: PACKAGES_MS });
  const script = dumpProgram({
    project: name,
    base: appLayout(name).base,
    settings: dumpSettings(config),
    action,
    why: 'manual',
    ...author(context, ''),
    offsite: options.offsite === true,
    ...(options.asked === undefined ? {} : { asked: options.asked }),
    ...(options.word === undefined ? {} : { word: options.word.reveal() }),
    wait: WAIT,
  });
  // Each of its stores, and what is copied, may take as long as it may.
  const limit = (settings.timeout * 8 + WAIT * 2) * 1000 + SLACK_MS;
  let stdout = '';
  const take = eachLine((line) => options.onLine?.(line));
  const { code, stderr } = await session.exec(
    { line: FROM_INPUT },
    {
      signal,
      stdin: script,
      timeoutMs: action === 'list' ? LIST_MS : limit,
      onStdout: (chunk) => {
        const text = String(chunk);
        stdout += text;
        take(text);
      },
    },
  );
  if (code === MISSING_STATUS) throw notDeployed(name);
  return { code, stdout, stderr };
}

/** What there is of the data. @throws APP_MISSING, DOCKER_MISSING, VM_NOT_READY */
export async function seeData(
  session: SshSession,
  context: Context,
  options: { readonly offsite: boolean },
): Promise<SeenData> {
  const { code, stdout, stderr } = await runDumps(session, context, 'list', options);
  if (/^cause=docker-silent$/m.test(stdout)) throw dockerSilent(stderr);
  if (code !== 0)
    throw new ZebuError('VM_NOT_READY', `The VM could not be asked what dumps it has: ${lastLine(stderr)}`);
  return parseData(stdout);
}
