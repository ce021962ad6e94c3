import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isZebuError, ZebuError } from '@zebu/kit';
import type { Context } from '../../../context/context.js';
import { dialogDifferences } from './dialog-differences.js';
import { loadPin, mismatches, PIN_FILE, SCRIPT_FILES, sha256, UPSTREAM, type FoundPin } from './pin.js';
import { rewriteSources } from './rewrite.js';
import { hasCommits, readScript, scriptSource, type ScriptSource } from './source.js';
import type { ScriptPin, ScriptReview } from '../../results.js';

const TIMEOUT_MS = 20_000;

/** The commit upstream's branch is at; null when that cannot be told, and then the branch itself is read. */
async function headOf(source: ScriptSource, signal: AbortSignal): Promise<string | null> {
  if (!hasCommits(source) || source.base !== UPSTREAM.raw) return null;
  const response = await fetch(UPSTREAM.head, {
    headers: { accept: 'application/vnd.github.sha' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  }).catch(() => undefined);
  const text = response?.ok === true ? (await response.text()).trim() : '';
  return /^[0-9a-f]{40}$/.test(text) ? text : null;
}

async function write(folder: string, files: ReadonlyMap<string, Buffer>, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), files.get(path) ?? '');
  }
}

function gitDiff(cwd: string): Promise<string> {
  const args = ['diff', '--no-index', '--no-color', '--no-ext-diff', 'pinned', 'current'];
  return new Promise((resolve, reject) => {
    execFile('git', args, { cwd, maxBuffer: 16 * 1024 * 1024, timeout: TIMEOUT_MS }, (error, stdout) => {
      // 1: there are differences.
      if (error === null || error.code === 1) resolve(stdout);
      else if (error.code === 'ENOENT') reject(new ZebuError('GIT_MISSING', 'There is no git on this machine'));
      else reject(error instanceof Error ? error : new Error('git diff failed'));
    });
  });
}

/** The difference as git shows it, from two folders that last as long as it takes. */
async function diffOf(
  old: ReadonlyMap<string, Buffer>,
  now: ReadonlyMap<string, Buffer>,
  changed: readonly string[],
): Promise<string> {
  const top = await mkdtemp(join(tmpdir(), 'zebu-script-'));
  try {
    await write(join(top, 'pinned'), old, changed);
    await write(join(top, 'current'), now, changed);
    return await gitDiff(top);
  } finally {
    await rm(top, { recursive: true, force: true });
  }
}

/** The pinned files themselves, where the source still has them. */
async function pinnedFiles(
  source: ScriptSource,
  { pin }: FoundPin,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Buffer> | undefined> {
  if (!hasCommits(source) || pin.commit === null) return undefined;
  try {
    const files = await readScript(source, pin.commit, signal);
    return mismatches(pin, files).length === 0 ? files : undefined;
  } catch (error) {
    if (isZebuError(error) && error.code === 'UNREACHABLE') return undefined;
    throw error;
  }
}

interface Reviewed {
  readonly review: ScriptReview;
  readonly files: ReadonlyMap<string, Buffer>;
}

async function look(context: Context): Promise<Reviewed> {
  const { signal, root, config } = context;
  const found = await loadPin(root);
  const source = scriptSource(config.vm.script.source, root);
  const nothing = { pin: found.pin, pinnedBy: found.where, source: source.shown, recorded: false };
  let files: ReadonlyMap<string, Buffer>;
  const commit = await headOf(source, signal);
  try {
    files = await readScript(source, commit ?? UPSTREAM.branch, signal);
  } catch (error) {
    if (!isZebuError(error) || error.code !== 'UNREACHABLE') throw error;
    const review = {
      ...nothing,
      current: null,
      unreachable: error.message,
      changed: [],
      diff: null,
      differences: null,
    };
    return { review, files: new Map() };
  }
  const changed = mismatches(found.pin, files);
  const old = changed.length === 0 ? undefined : await pinnedFiles(source, found, signal);
  const sums = Object.fromEntries([...files].map(([path, content]) => [path, sha256(content)]));
  const review: ScriptReview = {
    ...nothing,
    current: { commit, files: sums },
    unreachable: null,
    changed,
    diff: old === undefined ? null : await diffOf(old, files, changed),
    differences: dialogDifferences(files),
  };
  return { review, files };
}

/** What is pinned, and what the source has now. Changes nothing. */
export async function reviewScript(context: Context): Promise<ScriptReview> {
  return (await look(context)).review;
}

/** A version whose questions zebu cannot answer would stop in the middle of every `vm:create`. */
function refuseDifferences(differences: readonly string[]): void {
  const [first, ...more] = differences;
  if (first === undefined) return;
  const others = more.length === 0 ? '' : `, and ${more.length} more`;
  throw new ZebuError(
    'SCRIPT_CHANGED',
    `Not recorded: this version asks what zebu has no answer for: ${first}${others}`,
    {
      hint: 'Stay with the pinned version until a zebu knows this one; vm.provisioner cloud-image needs no script.',
      details: { differences },
    },
  );
}

/**
 * Records what the source has now as the version to run, after it was shown.
 * @param options.confirm asks before anything is recorded
 * @param options.show prints the review before anything is asked
 * @throws NEEDS_CONFIRMATION, UNREACHABLE, SCRIPT_CHANGED when this zebu would not know how to run it
 */
export async function updateScript(
  context: Context,
  options: {
    readonly confirm: (what: string, name: string) => Promise<unknown>;
    readonly show: (review: ScriptReview) => void;
  },
): Promise<ScriptReview> {
  const { review, files } = await look(context);
  options.show(review);
  if (review.current === null) {
    throw new ZebuError('UNREACHABLE', `There is nothing to record: ${review.unreachable ?? ''}`, {
      hint: 'vm.script.source can name a mirror or a folder.',
    });
  }
  if (review.changed.length === 0) return review;
  for (const path of SCRIPT_FILES)
    rewriteSources(path, (files.get(path) ?? Buffer.alloc(0)).toString('utf8'), '/pinned');
  refuseDifferences(review.differences ?? []);
  const what = `This version would run as root on the Proxmox host`;
  await options.confirm(what, context.config.app.name);
  const pin: ScriptPin = {
    commit: review.current.commit,
    recorded: context.clock.now().toISOString().slice(0, 10),
    files: review.current.files,
  };
  await writeFile(join(context.root, PIN_FILE), `${JSON.stringify(pin, null, 2)}\n`);
  return { ...review, recorded: true };
}
