import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Context } from '../context/context.js';
import type { CopyKind } from '../proxmox/ownership.js';
import type { CopyNote } from './note.js';
import type { Place } from './remove.js';

/**
 * What this machine remembers of a copy that it has begun to make. A VM that is being restored has neither tags nor a name
 * until that is done, so that nothing else tells whose it is when its maker is killed.
 */

const memoSchema = z.object({
  vmid: z.number(),
  node: z.string(),
  pid: z.number(),
  /** Unix time in seconds. */
  since: z.number(),
  /** Of a clone, the VM that its task is about. */
  source: z.number().optional(),
  /** Of the task that makes it, once Proxmox has said so. */
  upid: z.string().optional(),
});
export type Memo = z.infer<typeof memoSchema>;

/** Of one that is begun now. */
export const newMemo = (
  { clock }: Context,
  { node, vmid }: Place,
  { maker: { pid } }: Pick<CopyNote, 'maker'>,
): Memo => ({
  vmid,
  node,
  pid,
  since: Math.floor(clock.now().getTime() / 1000),
});

/** Of a copy, or of the backup a rehearsal's copy is restored of: see passing-backup.ts. There `vmid` is the VM that is backed up. */
export type MemoKind = CopyKind | 'rehearsal-backup';

const folderOf = ({ stateDir }: Context): string => join(stateDir, 'copies');

/** Several may be made at once, each by a process of its own. */
const prefixOf = ({ config }: Context, kind: MemoKind): string => `${config.app.name}-${kind}-`;
const fileOf = (context: Context, kind: MemoKind, pid: number): string =>
  join(folderOf(context), `${prefixOf(context, kind)}${pid}.json`);

async function readMemo(file: string): Promise<Memo | undefined> {
  try {
    return memoSchema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

export async function readMemos(context: Context, kind: MemoKind): Promise<readonly Memo[]> {
  const names = await readdir(folderOf(context)).catch(() => []);
  const own = names.filter(
    (name) =>
      name.startsWith(prefixOf(context, kind)) && /^\d+[.]json$/.test(name.slice(prefixOf(context, kind).length)),
  );
  const memos = await Promise.all(own.map((name) => readMemo(join(folderOf(context), name))));
  return memos.filter((memo) => memo !== undefined);
}

export async function writeMemo(context: Context, kind: MemoKind, memo: Memo): Promise<void> {
  await mkdir(folderOf(context), { recursive: true, mode: 0o700 });
  const file = fileOf(context, kind, memo.pid);
  await writeFile(`${file}.new`, JSON.stringify(memo), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export async function forgetMemo(context: Context, kind: MemoKind, { pid }: Pick<Memo, 'pid'>): Promise<void> {
  await rm(fileOf(context, kind, pid), { force: true });
}
