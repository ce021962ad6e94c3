import { variables } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { changeCalls, type UnitsChange } from '../units/change.js';
import { callsScript, installScript, lookScript, removeScript } from '../units/scripts.js';
import type { SeenUnits } from '../units/seen.js';
import ALL_DIGESTS from '../units/all-digests.sh';
import { renderUnit, UNITS_FOLDER, type Unit, type UnitOwner } from '../units/unit.js';
import BRING_PACKAGES from './bring-packages.sh';
import { runAsRoot, type RootOptions } from './as-root.js';

/**
 * Writes units of an app, records them, and has what starts them started; again, it brings them to what is given.
 * @throws VM_NOT_READY
 */
export async function installUnits(
  session: SshSession,
  owner: UnitOwner,
  units: readonly Unit[],
  options: RootOptions,
): Promise<void> {
  const rendered = units.map((unit) => renderUnit(unit, owner));
  await runAsRoot(session, installScript(owner, rendered), options);
}

/**
 * What starts them first, so that nothing begins any more; what is under way goes on to its end.
 * @param names empty for all units of the app @throws VM_NOT_READY
 */
export async function removeUnits(
  session: SshSession,
  owner: Pick<UnitOwner, 'app' | 'base'>,
  options: RootOptions,
  names?: readonly string[],
): Promise<void> {
  await runAsRoot(session, removeScript(owner, names), options);
}

/** The units of an app as they are in the VM; needs no root. */
export async function lookAtUnits(
  session: SshSession,
  owner: Pick<UnitOwner, 'app' | 'base'>,
  { signal, timeoutMs }: Pick<RootOptions, 'signal' | 'timeoutMs'>,
): Promise<SeenUnits> {
  const { stdout } = await session.exec({ line: lookScript(owner) }, { signal, timeoutMs });
  const { parseSeenUnits } = await import('../units/seen.js');
  return parseSeenUnits(stdout);
}

/** Brings units of an app to what is wanted. @throws VM_NOT_READY */
export async function changeUnits(
  session: SshSession,
  owner: UnitOwner,
  change: UnitsChange,
  options: RootOptions,
): Promise<void> {
  await runAsRoot(session, callsScript(owner, changeCalls(change)), options);
}

/**
 * Installs Debian's packages that are missing.
 * @returns why that could not be; undefined once they are there @throws VM_NOT_READY
 */
export async function bringPackages(
  session: SshSession,
  packages: readonly string[],
  options: RootOptions,
): Promise<string | undefined> {
  if (packages.length === 0) return undefined;
  const stdout = await runAsRoot(session, variables({ packages: packages.join(' ') }) + BRING_PACKAGES, options);
  return /^failed=(.*)$/m.exec(stdout)?.[1];
}

/** What each unit of an app is, as the VM has it on record: unit → digest. Needs no root. */
export async function unitDigests(
  session: SshSession,
  { app, base }: Pick<UnitOwner, 'app' | 'base'>,
  { signal, timeoutMs }: Pick<RootOptions, 'signal' | 'timeoutMs'>,
): Promise<ReadonlyMap<string, string>> {
  const line = variables({ record: `${base}/${UNITS_FOLDER}`, app }) + ALL_DIGESTS;
  const { stdout } = await session.exec({ line }, { signal, timeoutMs });
  return new Map([...stdout.matchAll(/^(\S+) (\S+)$/gm)].map(([, name = '', digest = '']) => [name, digest] as const));
}
