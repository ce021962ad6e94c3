import { readProofs } from '../copies/record.js';
import { findLeftBackups } from '../copies/left-backups.js';
import { findLeftovers } from '../temporary/leftovers.js';
import type { DumpProof, DumpProofs, Proof, Proofs } from '../app-folder/proof-schemas.js';
import { wantsDumpProofs } from '../config/data-meaning.js';
import { ageSeconds } from '../config/durations.js';
import type { Context } from '../context/context.js';
import type { SshSession } from '@zebu/kit/ssh';
import { formatSeconds } from '../ui/units.js';
import { ok, skip, warn, type Finding } from './check.js';
import type { Findings } from './proxmox.js';

interface Last {
  readonly at: string;
  readonly proven: boolean;
  readonly why: string;
}
interface What<T> {
  readonly kind: 'backup' | 'dump';
  /** Whether prove.max_age is meant of it. */
  readonly wanted: boolean;
  readonly of: (proof: T) => string;
  readonly name: (proof: T) => string;
  readonly command: string;
}

const BACKUPS: What<Proof> = {
  kind: 'backup',
  wanted: true,
  of: ({ backupTime }) => `a backup from ${new Date(backupTime * 1000).toISOString().slice(0, 10)}`,
  name: ({ backup }) => backup,
  command: 'zebu vm:backup:prove',
};
const dumps = (wanted: boolean): What<DumpProof> => ({
  kind: 'dump',
  wanted,
  of: ({ dump }) => `the dump ${dump}`,
  name: ({ dump }) => `the dump ${dump}`,
  command: 'zebu data:prove',
});

function judged<T extends Last>(
  proofs: { readonly proven: T | null; readonly last: T } | null,
  { kind, wanted, of, name, command }: What<T>,
  maxAge: string | undefined,
  now: number,
): Finding {
  const remedy = `Prove one: ${command}`;
  if (proofs === null || proofs.proven === null) {
    if (proofs !== null) return warn(`no ${kind} is proven; the last was not: ${proofs.last.why}`, remedy);
    if (maxAge === undefined) return skip(`no ${kind} was proven yet, and prove.max_age is not set`);
    return wanted ? warn(`no ${kind} was proven yet`, remedy) : skip(`no ${kind} was proven yet`);
  }
  const { proven, last } = proofs;
  const age = Math.max(0, now - Date.parse(proven.at) / 1000);
  const said = `proven ${formatSeconds(age)} ago, of ${of(proven)}`;
  if (!last.proven) return warn(`${said}; since then ${name(last)} was not: ${last.why}`, remedy);
  if (maxAge !== undefined && age > ageSeconds(maxAge)) return warn(`${said}; prove.max_age is ${maxAge}`, remedy);
  return ok(said);
}

/** @param now Unix time in seconds */
export const proofFinding = (proofs: Proofs, maxAge: string | undefined, now: number): Finding =>
  judged(proofs, BACKUPS, maxAge, now);

/** @param wanted whether prove.max_age is meant of dumps @param now Unix time in seconds */
export const dumpProofFinding = (
  proofs: DumpProofs,
  wanted: boolean,
  maxAge: string | undefined,
  now: number,
): Finding => judged(proofs, dumps(wanted), maxAge, now);

/** Copies of runs that were killed, and what is known of backups. */
export async function proofCheck(
  context: Context,
  { client, vm }: Findings,
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
        'The next zebu vm:backup:prove, data:prove or app:rehearse removes it.',
      );
  }
  if (client !== undefined && vm !== null && vm !== undefined) {
    const found = await findLeftBackups(client, vm.node, context.config.app.name);
    const backups = found.filter(({ ended }) => ended);
    if (backups.length > 0)
      return warn(
        `a rehearsal that was killed has left a backup: ${backups.map(({ backup }) => backup.backup).join(', ')}`,
        'The next zebu app:rehearse removes it; so does app:rehearse --clean.',
      );
  }
  if (session === undefined) return skip('the VM was not looked into');
  const { prove, data } = context.config;
  const now = context.clock.now().getTime() / 1000;
  const known = await readProofs(context, session);
  const backups = proofFinding(known.backups, prove.max_age, now);
  const dumped = dumpProofFinding(known.dumps, wantsDumpProofs(data), prove.max_age, now);
  // Nothing is said of dumps where nobody proves them, or is to.
  if (dumped.status === 'skip') return backups;
  const detail = `backups: ${backups.detail}; dumps: ${dumped.detail}`;
  const worse = backups.status === 'warn' ? backups : dumped;
  return worse.status === 'warn' ? warn(detail, worse.remedy ?? '') : ok(detail);
}
