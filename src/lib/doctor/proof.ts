import { readProofs } from '../copies/record.js';
import { findLeftovers } from '../copies/leftovers.js';
import type { Proofs } from '../app-folder/proofs.js';
import { ageSeconds } from '../config/durations.js';
import type { Context } from '../context/context.js';
import type { SshSession } from '@zebu/kit/ssh';
import { formatSeconds } from '../ui/units.js';
import { ok, skip, warn, type Finding } from './check.js';
import type { Findings } from './proxmox.js';

const PROVE = 'Prove one: zebu vm:backup:prove';

/** @param now Unix time in seconds */
export function proofFinding(proofs: Proofs, maxAge: string | undefined, now: number): Finding {
  if (proofs === null || proofs.proven === null) {
    if (proofs !== null) return warn(`no backup is proven; the last was not: ${proofs.last.why}`, PROVE);
    return maxAge === undefined
      ? skip('no backup was proven yet, and prove.max_age is not set')
      : warn('no backup was proven yet', PROVE);
  }
  const { proven, last } = proofs;
  const age = Math.max(0, now - Date.parse(proven.at) / 1000);
  const said = `proven ${formatSeconds(age)} ago, of a backup from ${new Date(proven.backupTime * 1000).toISOString().slice(0, 10)}`;
  if (!last.proven) return warn(`${said}; since then ${last.backup} was not: ${last.why}`, PROVE);
  if (maxAge !== undefined && age > ageSeconds(maxAge)) return warn(`${said}; prove.max_age is ${maxAge}`, PROVE);
  return ok(said);
}

/** Copies of runs that were killed, and what is known of backups. */
export async function proofCheck(
  context: Context,
  { client }: Findings,
  session: SshSession | undefined,
): Promise<Finding> {
  if (client !== undefined) {
    const kinds = await Promise.all(
      (['proof', 'rehearsal'] as const).map((kind) => findLeftovers(client, context.config.app.name, kind)),
    );
    const left = kinds.flat().filter(({ ended, kept }) => ended && !kept);
    if (left.length > 0)
      return warn(
        `a run that was killed has left a copy: VM ${left.map(({ place }) => place.vmid).join(', ')}`,
        'The next zebu vm:backup:prove or app:rehearse removes it.',
      );
  }
  if (session === undefined) return skip('the VM was not looked into');
  const proofs = await readProofs(context, session);
  return proofFinding(proofs, context.config.prove.max_age, context.clock.now().getTime() / 1000);
}
