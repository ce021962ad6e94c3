import { sh, variables, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context/context.js';
import { parseJournalLine } from '../runs/journal-events.js';
import { appLayout } from '../app-folder/layout.js';
import { listReleasesIn } from '../app/releases.js';
import type { Release } from '../app/results.js';
import { appStatusIn, notDeployed } from '../app-folder/status.js';
import { openGuest, type Guest } from '../guest/session.js';
import { setMasks } from '../app-folder/secrets/masks.js';
import type { Names } from '../redaction/names.js';
import LAST_JOURNAL from './last-journal.sh';
import VERSIONS from './versions.sh';
import { reasonOf, section, within, type Section } from './section.js';

const CONNECT_MS = 45_000;
const LOOK_MS = 20_000;
const RELEASES = 10;
/** The end of a journal says why. */
const JOURNAL_LINES = 400;

export const GUEST_PARTS = [
  ['app', 'App'],
  ['releases', 'The last releases'],
  ['journal', 'Journal of the last deploy'],
  ['docker', 'Docker in the VM'],
] as const;

const json = (value: unknown): string => JSON.stringify(value, null, 1);

/** Placeholders for somebody and their machine, also where else they are named. */
function anonymous<T extends { readonly who: string; readonly from: string }>(note: T, names: Names): T {
  names.learn('user', note.who);
  names.learn('host', note.from);
  return { ...note, who: names.of('user', note.who), from: names.of('host', note.from) };
}

/** Newest first, without the subjects of the commits, which are the app's own. */
export function releaseLines(releases: readonly Release[], names: Names): string {
  return releases
    .slice(0, RELEASES)
    .map(({ subject: _subject, ...release }) => JSON.stringify(anonymous(release, names)))
    .join('\n');
}

/** A journal as its lines, without the marks of a file that was cut. */
export function journalLines(text: string): string {
  return text
    .split('\n')
    .flatMap((line) => {
      const event = parseJournalLine(line);
      if (event === undefined) return line.startsWith('run=') ? [line] : [];
      if (event.kind === 'output') return [`  ${event.line}`];
      if (event.kind === 'step') return [`${event.step} ${event.state} ${event.detail}`.trimEnd()];
      return [`end ${event.verdict} at ${event.step || 'the start'}: ${event.reason}`];
    })
    .join('\n');
}

async function journal(session: SshSession, context: Context): Promise<string> {
  const { name } = context.config.app;
  const line = variables({ base: appLayout(name).base, lines: JOURNAL_LINES }) + LAST_JOURNAL;
  const { stdout } = await session.exec({ line }, { signal: context.signal });
  if (stdout === '') throw notDeployed(name);
  return journalLines(stdout);
}

async function docker(session: SshSession, { signal }: Context): Promise<string> {
  return (await session.exec({ line: VERSIONS }, { signal })).stdout.trimEnd();
}

/** Takes out what only the VM knows to be a secret: values of all versions, also those that this machine never had. */
async function masked(session: SshSession, context: Context, text: string): Promise<string> {
  const { name } = context.config.app;
  const line = setMasks(name) + sh`mask ${name}`;
  const { code, stdout } = await session.exec({ line }, { signal: context.signal, stdin: `${text}\n` });
  if (code !== 0) throw new ZebuError('VM_NOT_READY', 'The VM could not take its secrets out of it, so it is left out');
  return stdout.trimEnd();
}

/** The sections about the VM, over one connection; each has its own time limit and may fail alone. */
export async function guestSections(context: Context, names: Names): Promise<readonly Section[]> {
  let guest: Guest;
  try {
    guest = await within(context, CONNECT_MS, openGuest);
  } catch (error) {
    context.signal.throwIfAborted();
    return GUEST_PARTS.map(([id, title]) => ({ id, title, text: null, reason: reasonOf(error) }));
  }
  const { session, address } = guest;
  names.learn('host', address.host);
  const looks: Readonly<Record<(typeof GUEST_PARTS)[number][0], (bounded: Context) => Promise<string>>> = {
    app: async (bounded) => {
      const { last, deploying, ...status } = await appStatusIn(guest, bounded);
      const now = deploying === null ? null : anonymous(deploying, names);
      return json({ ...status, deploying: now, last: last?.id ?? null });
    },
    releases: async (bounded) => releaseLines(await listReleasesIn(session, bounded), names),
    journal: (bounded) => journal(session, bounded),
    docker: (bounded) => docker(session, bounded),
  };
  const found: Section[] = [];
  for (const [id, title] of GUEST_PARTS)
    found.push(
      await section(id, title, context.signal, () =>
        within(context, LOOK_MS, async (bounded) => masked(session, bounded, await looks[id](bounded))),
      ),
    );
  return found;
}
