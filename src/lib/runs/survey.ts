import { ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { parseStore, type SecretStore } from '../app-folder/secrets/versions.js';
import type { AppLayout } from '../app-folder/layout.js';
import { surveyScript } from './programs/index.js';
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

export async function survey(session: SshSession, layout: AppLayout, signal: AbortSignal): Promise<Survey> {
  const { code, stdout, stderr } = await session.exec({ line: surveyScript(layout) }, { signal, timeoutMs: 120_000 });
  if (code !== 0) throw new ZebuError('VM_NOT_READY', `The VM could not be asked what it has: ${lastLine(stderr)}`);
  return parseSurvey(stdout);
}
