import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ZebuError } from '@zebu/kit';
import { expand } from '../../../config/expand.js';
import { mismatches, SCRIPT_FILES, UPSTREAM, type FoundPin } from './pin.js';

/** Where the files come from: upstream, a mirror of it, or a folder on this machine. */
export type ScriptSource =
  | { readonly kind: 'url'; readonly base: string; readonly shown: string }
  | { readonly kind: 'folder'; readonly folder: string; readonly shown: string };

const TIMEOUT_MS = 20_000;
/** The largest file is 50 KB; what is much larger is something else. */
const LARGEST = 1024 * 1024;

/** @param configured `vm.script.source`: undefined is upstream itself */
export function scriptSource(configured: string | undefined, root: string): ScriptSource {
  if (configured === undefined) return { kind: 'url', base: UPSTREAM.raw, shown: UPSTREAM.repository };
  if (/^https?:\/\//.test(configured))
    return { kind: 'url', base: configured.replace(/(?<!\/)\/+$/, ''), shown: configured };
  return { kind: 'folder', folder: expand(configured, root), shown: configured };
}

/** Whether the source can be asked for one commit or another; a folder or a plain mirror only has what it has. */
export function hasCommits(source: ScriptSource): source is ScriptSource & { kind: 'url' } {
  return source.kind === 'url' && source.base.includes('{ref}');
}

async function download(url: string, signal: AbortSignal): Promise<Buffer> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new ZebuError('UNREACHABLE', `${url} cannot be fetched: ${reasonOf(error)}`, {
      hint: 'The community script is needed to create the VM. Without a way to it: set vm.script.source to a mirror or a folder, or vm.provisioner to cloud-image.',
      cause: error,
    });
  }
  if (!response.ok) {
    throw new ZebuError('UNREACHABLE', `${url} answers ${response.status} ${response.statusText}`.trimEnd(), {
      hint: 'Is vm.script.source right, and does the commit of the pin exist there?',
    });
  }
  const content = Buffer.from(await response.arrayBuffer());
  if (content.length > LARGEST) throw new ZebuError('SCRIPT_CHANGED', `${url} is ${content.length} bytes long`);
  return content;
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}

async function readLocal(source: ScriptSource & { kind: 'folder' }, path: string): Promise<Buffer> {
  try {
    return await readFile(join(source.folder, path));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new ZebuError('CONFIG_INVALID', `vm.script.source: ${join(source.shown, path)} cannot be read (${code})`, {
      hint: `It must be a copy of ${UPSTREAM.repository}, at least of its files ${SCRIPT_FILES.join(', ')}.`,
      cause: error,
    });
  }
}

/**
 * The files of one version, not checked yet.
 * @throws UNREACHABLE, CONFIG_INVALID
 */
export async function readScript(
  source: ScriptSource,
  ref: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await Promise.all(
    SCRIPT_FILES.map(async (path): Promise<readonly [string, Buffer]> => {
      if (source.kind === 'folder') return [path, await readLocal(source, path)];
      return [path, await download(`${source.base.replace('{ref}', ref)}/${path}`, signal)];
    }),
  );
  return new Map(entries);
}

/**
 * The pinned files, checked: nothing that was not recorded gets past here.
 * @throws SCRIPT_CHANGED, UNREACHABLE, CONFIG_INVALID
 */
export async function pinnedScript(
  source: ScriptSource,
  { pin, where }: FoundPin,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Buffer>> {
  const files = await readScript(source, pin.commit ?? UPSTREAM.branch, signal);
  const wrong = mismatches(pin, files);
  if (wrong.length === 0) return files;
  throw new ZebuError(
    'SCRIPT_CHANGED',
    `${wrong.join(', ')} from ${source.shown} ${wrong.length === 1 ? 'is' : 'are'} not what ${where} records; nothing was run`,
    {
      hint: 'See what changed with `zebu vm:script`, and record it with `zebu vm:script --update` if you trust it.',
      details: { files: wrong },
    },
  );
}
