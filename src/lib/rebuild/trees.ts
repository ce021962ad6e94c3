import { createHash } from 'node:crypto';
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

/** Folders that are brought over: all of them while the app runs, what has changed since once it is stopped, and a look whether that was all. */

export interface Machines {
  readonly from: SshSession;
  readonly to: SshSession;
}

const LOOK_MS = 900_000;

/** Where tar notes what it has sent; a name of its own for each folder. */
const listOf = (app: string, path: string): string =>
  `/var/tmp/zebu-rebuild-${app}/${createHash('sha256').update(path).digest('hex').slice(0, 16)}`;

/** The folder in the new machine: that of a volume is where Docker there says. */
async function targetOf(context: Context, to: SshSession, { path, volume }: Tree): Promise<string> {
  if (volume === undefined) return path;
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
  const values = { from: tree.path, list: listOf(context.config.app.name, tree.path), whole: whole ? 1 : 0 };
  const without = tree.without.map((each) => `--exclude=./${each}`);
  const options = ['--anchored', '--no-wildcards-match-slash', ...without];
  const send = variables(values) + sh`set -- ${options}` + `\n${SEND}`;
  const take = variables({ to: await targetOf(context, to, tree), whole: whole ? 1 : 0 }) + TAKE;
  return pipe(
    context,
    tree.what,
    { from: { session: from, line: rootLine(send) }, to: { session: to, line: rootLine(take) } },
    // 1: files changed while they were read. Those are sent once more.
    { onBytes, fine: still ? [0] : [0, 1] },
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

async function look(context: Context, session: SshSession, at: string, without: readonly string[]): Promise<string> {
  const left = without.flatMap((name, index) => [...(index === 0 ? [] : ['-o']), '-path', `./${name}`]);
  const expression = left.length === 0 ? '' : commandLine(['(', ...left, ')', '-prune', '-o']);
  const line = rootLine(`${variables({ at })}set -- ${expression}\n${LIST}`);
  const { code, stdout, stderr } = await session.exec({ line }, { signal: context.signal, timeoutMs: LOOK_MS });
  if (code !== 0 || !/^[0-9a-f]{64}\n$/.test(stdout))
    throw new ZebuError(
      'VM_NOT_READY',
      `What is in ${at} could not be looked at: ${stderr.trim().split('\n').at(-1) ?? ''}`,
    );
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
    const [here, there] = await Promise.all([
      look(context, from, tree.path, tree.without),
      look(context, to, await targetOf(context, to, tree), tree.without),
    ]);
    if (here !== there) found.push(tree);
  }
  return found;
}
