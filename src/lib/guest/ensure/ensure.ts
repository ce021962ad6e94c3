import { isZebuError, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { runAsRoot, type RootOptions } from '../as-root.js';
import { parseFacts } from '../facts.js';
import { parseObserved } from './check.js';
import { judgeGuest, type DesiredGuest, type GuestDrift, type GuestVerdict, type Unavailable } from './model.js';
import { touchesLogin, type Repair } from './repair.js';
import { checkScript, repairScript, undoScript } from './script.js';

export interface EnsureOptions extends RootOptions {
  readonly onWait: (text: string) => void;
  /** Makes a new login, and ends it. */
  readonly prove: () => Promise<void>;
}

export interface EnsuredGuest {
  /** What was changed, one sentence each. */
  readonly changes: readonly string[];
  /** What still differs, with the reason. */
  readonly left: readonly (GuestDrift & { readonly why: string })[];
  readonly unavailable: readonly Unavailable[];
}

/** What differs in the guest; nothing is changed. @throws VM_NOT_READY, UNREACHABLE */
export async function checkGuest(
  session: SshSession,
  desired: DesiredGuest,
  options: RootOptions,
): Promise<GuestVerdict> {
  return judgeGuest(parseObserved(await runAsRoot(session, checkScript(desired), options)), desired);
}

/** Proves that a login is still possible, and takes back what is in its way. */
async function proveLogin(
  session: SshSession,
  desired: DesiredGuest,
  repairs: readonly Repair[],
  options: EnsureOptions,
): Promise<void> {
  try {
    await options.prove();
  } catch (error) {
    if (!isZebuError(error) || error.code === 'INTERRUPTED') throw error;
    await runAsRoot(session, undoScript(desired, repairs), options);
    throw new ZebuError(
      'VM_NOT_READY',
      `A new login failed after SSH was hardened, so that was undone: ${error.message}`,
      {
        hint: 'Is the key you use one of vm.ssh_keys? Other settings of sshd may be in the way: zebu vm:ssh -- sudo sshd -T',
        cause: error,
      },
    );
  }
}

const KINDS: Readonly<Record<Repair['kind'], string>> = {
  sshd: 'sshd',
  passwords: 'passwords',
  keys: 'keys',
  'host-keys': 'host_keys',
  upgrades: 'upgrades',
  'docker-config': 'docker_config',
  docker: 'docker',
  swap: 'swap',
  units: 'units',
  'wanted-units': 'wanted_units',
  packages: 'packages',
  grow: 'grow',
};

function reasonOf(row: GuestDrift, facts: ReadonlyMap<string, string>): string {
  const failed = facts.get(`failed_${KINDS[row.repair.kind]}`);
  if (failed !== undefined) return failed || 'it failed without a word';
  const isDocker = row.repair.kind === 'docker' || row.repair.kind === 'docker-config';
  return (
    (isDocker ? (facts.get('failed_docker') ?? facts.get('deferred_docker')) : undefined) ?? 'it did not take effect'
  );
}

/** Looks, puts right what differs, and looks again. One round trip when nothing does. */
export async function ensureGuest(
  session: SshSession,
  desired: DesiredGuest,
  options: EnsureOptions,
): Promise<EnsuredGuest> {
  const before = await checkGuest(session, desired, options);
  if (before.drift.length === 0) return { changes: [], left: [], unavailable: before.unavailable };
  const attempts = before.unavailable.flatMap(({ attempt }) => (attempt === undefined ? [] : [attempt]));
  const repairs = [...before.drift.map((row) => row.repair), ...attempts];
  options.onWait(`putting right ${before.drift.map((row) => row.key).join(', ')}`);
  const stdout = await runAsRoot(session, repairScript(desired, repairs), options);
  if (repairs.some(touchesLogin)) await proveLogin(session, desired, repairs, options);
  const after = judgeGuest(parseObserved(stdout), desired);
  const facts = parseFacts(stdout);
  const open = new Set(after.drift.map((row) => row.key));
  return {
    changes: before.drift.filter((row) => !open.has(row.key)).map((row) => `${row.key}: ${row.found} -> ${row.wanted}`),
    left: after.drift.map((row) => ({ ...row, why: reasonOf(row, facts) })),
    unavailable: after.unavailable,
  };
}
