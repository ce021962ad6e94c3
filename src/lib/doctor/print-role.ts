import type { Context } from '../context/context.js';
import { versionAnswer } from '../proxmox/answers.js';
import { makeClient } from '../proxmox/client.js';
import { parseAnswer } from '../proxmox/parse.js';
import { pveumLines, wishesOf, type PveMajor } from './role.js';

/** The version of the host, when it can be asked. */
async function majorOf(context: Context): Promise<PveMajor | undefined> {
  try {
    const client = await makeClient(await context.transport(), context.io);
    const { version } = parseAnswer(versionAnswer, await client.request('GET', '/version'), 'its version');
    return Number(version.split('.')[0]) >= 9 ? 9 : 8;
  } catch {
    // Whoever asks for the role as a rule has no token yet.
    return undefined;
  }
}

/** The pveum lines for one version, or for both with a comment above each where it is not known. */
export async function roleLines(
  context: Context | { readonly problem: unknown },
  wanted: PveMajor | undefined,
): Promise<readonly string[]> {
  const major = wanted ?? ('problem' in context ? undefined : await majorOf(context));
  const wishes = 'problem' in context ? {} : wishesOf(context.config.vm);
  if (major !== undefined) return pveumLines(major, wishes);
  const [eight, ...rest] = pveumLines(8, wishes);
  const [nine] = pveumLines(9, wishes);
  return ['# Proxmox VE 8:', eight ?? '', '# Proxmox VE 9, instead:', nine ?? '', '# both:', ...rest];
}
