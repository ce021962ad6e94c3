import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path/posix';
import { commandLine, sh, variables, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context/context.js';
import { formatBytes } from '../ui/units.js';
import type { StepReport } from '../ui/steps.js';
import LIST from './list-tree.sh';
import { pipe } from './pipe.js';
import { rootLine } from './root-line.js';
import SEND from './send-tree.sh';
import type { Tree } from './survey.js';
import TAKE from './take-tree.sh';
import VOLUME from './volume.sh';
import { lastLine } from '../guest/lines.js';

/** Folders that are brought over: all of them while the app runs, what has changed since once it is stopped, and a look whether that was all. */

export interface Machines {
  readonly from: SshSession;
  readonly to: SshSession;
}

const LOOK_MS = 900_000;

/** Before anything is written, or read: old files are removed first, and all names are read before the first is sent. */
const STILL_MS = 1_800_000;

/** How long a folder may take that is sent once more as a whole, with nobody served. */
const AGAIN_MS = 180_000;

/** Of a line of which nothing is known yet: bytes a second. */
const SLOW = 1_000_000;

/** Where tar notes what it has sent, in the old machine. */
const listsOf = (app: string): string => `/var/tmp/zebu-rebuild-${app}`;

/** A name of its own for each folder. */
const listOf = (app: string, path: string): string =>
  `${listsOf(app)}/${createHash('sha256').update(path).digest('hex').slice(0, 16)}`;

/** Removes these notes, which have the names of all files: also of one that was interrupted. */
export async function forgetLists({ config }: Context, from: SshSession): Promise<void> {
  const line = rootLine(sh`rm -rf ${listsOf(config.app.name)}`);
  await from.exec({ line }, { signal: AbortSignal.timeout(20_000), timeoutMs: 20_000 }).catch(() => undefined);
}

/** The folder that is read, and the one file in it where that is all. */
const sourceOf = ({ path, file }: Tree): { readonly folder: string; readonly only: string } =>
  file === true ? { folder: dirname(path), only: basename(path) } : { folder: path, only: '' };

/** The folder in the new machine: that of a volume is where Docker there says. */
async function targetOf(context: Context, to: SshSession, tree: Tree): Promise<string> {
  const { volume } = tree;
  if (volume === undefined) return sourceOf(tree).folder;
  const labels = Object.entries(volume.labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
  const line = variables({ name: volume.name }) + sh`set -- ${labels}` + `\n${VOLUME}`;
  const { code, stdout, stderr } = await to.exec({ line }, { signal: context.signal, timeoutMs: 120_000 });
  if (code !== 0 || !stdout.startsWith('/'))
    throw new ZebuError('VM_NOT_READY', `The volume ${volume.name} could not be made in the new VM: ${stderr.trim()}`);
  return stdout.trim();
}

async function sendOne(
  context: Context,
  { from, to }: Machines,
  tree: Tree,
  {
    whole,
    still,
    onBytes,
  }: { readonly whole: boolean; readonly still: boolean; readonly onBytes: (bytes: number) => void },
): Promise<number> {
  const { folder, only } = sourceOf(tree);
  const values = { from: folder, only, list: listOf(context.config.app.name, tree.path), whole: whole ? 1 : 0 };
  const without = tree.without.map((each) => `--exclude=./${each}`);
  const options = ['--anchored', '--no-wildcards-match-slash', ...without];
  const send = variables(values) + sh`set -- ${options}` + `\n${SEND}`;
  const take = variables({ to: await targetOf(context, to, tree), only, whole: whole ? 1 : 0 }) + TAKE;
  return pipe(
    context,
    tree.what,
    { from: { session: from, line: rootLine(send) }, to: { session: to, line: rootLine(take) } },
    // 1: files changed while they were read. Those are sent once more.
    { onBytes, fine: still ? [0] : [0, 1], stillMs: STILL_MS },
  );
}

/** Sends folders, one after another. @returns bytes that went over the line */
export async function sendTrees(
  context: Context,
  machines: Machines,
  trees: readonly Tree[],
  options: { readonly whole: boolean; readonly still: boolean },
  report: StepReport,
): Promise<number> {
  const all = trees.reduce((sum, tree) => sum + tree.bytes, 0);
  let before = 0;
  let sent = 0;
  for (const tree of trees) {
    const onBytes = (bytes: number): void => {
      const text = `${tree.what}: ${formatBytes(bytes)}`;
      if (options.whole) report.update(text, Math.min(1, all === 0 ? 0 : (before + Math.min(bytes, tree.bytes)) / all));
      else report.update(text);
    };
    sent += await sendOne(context, machines, tree, { ...options, onBytes });
    before += tree.bytes;
  }
  return sent;
}

async function look(
  context: Context,
  session: SshSession,
  at: string,
  { only, without }: { readonly only: string; readonly without: readonly string[] },
): Promise<string> {
  const left = without.flatMap((name, index) => [...(index === 0 ? [] : ['-o']), '-path', `./${name}`]);
  const expression = left.length === 0 ? '' : commandLine(['(', ...left, ')', '-prune', '-o']);
  const line = rootLine(`${variables({ at, only })}set -- ${expression}\n${LIST}`);
  const { code, stdout, stderr } = await session.exec({ line }, { signal: context.signal, timeoutMs: LOOK_MS });
  if (code !== 0 || !/^[0-9a-f]{64}\n$/.test(stdout))
    throw new ZebuError('VM_NOT_READY', `What is in ${at} could not be looked at: ${lastLine(stderr)}`);
  return stdout;
}

/** Those of which the two machines have not the same. */
export async function differing(
  context: Context,
  { from, to }: Machines,
  trees: readonly Tree[],
): Promise<readonly Tree[]> {
  const found: Tree[] = [];
  for (const tree of trees) {
    const { folder, only } = sourceOf(tree);
    const { without } = tree;
    const [here, there] = await Promise.all([
      look(context, from, folder, { only, without }),
      look(context, to, await targetOf(context, to, tree), { only, without }),
    ]);
    if (here !== there) found.push(tree);
  }
  return found;
}

/**
 * A folder that is not the same is sent once more as a whole, and nobody is served meanwhile: so that is not begun where it takes long.
 * @param rate bytes a second, as they went before; undefined where too little did @throws VM_NOT_READY
 */
export function requireShort(trees: readonly Tree[], rate: number | undefined): void {
  const bytes = trees.reduce((sum, tree) => sum + tree.bytes, 0);
  const ms = (bytes / (rate ?? SLOW)) * 1000;
  if (ms <= AGAIN_MS) return;
  throw new ZebuError(
    'VM_NOT_READY',
    `${trees.map(({ what }) => what).join(', ')}: not the same in the new VM, and sending ${formatBytes(bytes)} once more would take ${Math.round(ms / 60_000)} minutes with nobody served`,
    {
      hint: 'Something wrote into it in a way that leaves no trace in the times of files: try again when less is going on.',
    },
  );
}
