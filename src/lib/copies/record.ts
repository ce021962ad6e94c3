import { isZebuError, sh, variables } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { appLayout } from '../app-folder/layout.js';
import type { DumpProof, DumpProofs, Proof, Proofs } from '../app-folder/proof-schemas.js';
import { isGood, toDumpProofs, toProofs } from '../app-folder/proofs.js';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import NOTE_PROOF from './note-proof.sh';
import { lastLine } from '../guest/lines.js';

/** Where they are kept, in the app's folder. */
const FILES = { backup: 'proofs.jsonl', dump: 'data/proofs.jsonl' } as const;

/** Writes a proof into the VM of the app. @returns false where there is none that could be reached, which is said */
export async function noteProof(context: Context, proof: DumpProof | Proof): Promise<boolean> {
  const { base } = appLayout(context.config.app.name);
  const file = 'dump' in proof ? FILES.dump : FILES.backup;
  try {
    const { session } = await openGuest(context);
    const run = await session.exec(
      { line: sh`sh -c ${variables({ base, file }) + NOTE_PROOF}` },
      { signal: context.signal, timeoutMs: 60_000, stdin: `${JSON.stringify(context.io.redactor.cleanDeep(proof))}\n` },
    );
    if (run.code === 0) return true;
    context.io.warn(`The proof could not be noted in the VM of the app: ${lastLine(run.stderr)}`);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isZebuError(error)) throw error;
    context.io.warn(`The proof could not be noted in the VM of the app: ${error.message}`);
  }
  return false;
}

interface KnownProofs {
  readonly backups: Proofs;
  readonly dumps: DumpProofs;
}

/** What is known of backups, and of dumps; null where nothing is. */
export async function readProofs(context: Context, session: SshSession): Promise<KnownProofs> {
  const { base } = appLayout(context.config.app.name);
  const read = async (file: string): Promise<readonly [string | undefined, string | undefined]> => {
    const run = await session.exec(
      { line: sh`cat ${`${base}/${file}`} 2>/dev/null || :` },
      { signal: context.signal, timeoutMs: 30_000 },
    );
    const lines = run.stdout.split('\n').filter((line) => line !== '');
    return [lines.findLast(isGood), lines.at(-1)];
  };
  const [backups, dumps] = await Promise.all([read(FILES.backup), read(FILES.dump)]);
  return { backups: toProofs(...backups), dumps: toDumpProofs(...dumps) };
}
