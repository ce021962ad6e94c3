import { isZebuError, sh, variables } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { appLayout } from '../app-folder/layout.js';
import { parseProof, toProofs, type Proof, type Proofs } from '../app-folder/proofs.js';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import NOTE_PROOF from './note-proof.sh';

/** Writes a proof into the VM of the app. @returns false where there is none that could be reached, which is said */
export async function noteProof(context: Context, proof: Proof): Promise<boolean> {
  const { base } = appLayout(context.config.app.name);
  try {
    const { session } = await openGuest(context);
    const run = await session.exec(
      { line: sh`sh -c ${variables({ base }) + NOTE_PROOF}` },
      { signal: context.signal, timeoutMs: 60_000, stdin: `${JSON.stringify(context.io.redactor.cleanDeep(proof))}\n` },
    );
    if (run.code === 0) return true;
    context.io.warn(`The proof could not be noted in the VM of the app: ${run.stderr.trim().split('\n').at(-1) ?? ''}`);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isZebuError(error)) throw error;
    context.io.warn(`The proof could not be noted in the VM of the app: ${error.message}`);
  }
  return false;
}

/** What is known of backups; null where nothing is. */
export async function readProofs(context: Context, session: SshSession): Promise<Proofs> {
  const { base } = appLayout(context.config.app.name);
  const run = await session.exec(
    { line: sh`cat ${`${base}/proofs.jsonl`} 2>/dev/null || :` },
    { signal: context.signal, timeoutMs: 30_000 },
  );
  const lines = run.stdout.split('\n').filter((line) => line !== '');
  return toProofs(
    lines.findLast((line) => parseProof(line)?.proven === true),
    lines.at(-1),
  );
}
