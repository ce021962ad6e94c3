import { isZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context/context.js';
import { bringPackages, changeUnits } from '../guest/units.js';
import type { StepReport } from '../ui/steps.js';
import { describeChange, unitsChange, type UnitsChange } from '../units/change.js';
import { renderUnit } from '../units/unit.js';
import { ownerOf, wantedUnits } from './wanted.js';

/** A package may be large, and apt may be at work already. */
const PACKAGES_MS = 420_000;
const UNITS_MS = 120_000;

const REMEDY = 'zebu vm:apply tries it again';

/** What is to be done so that the VM does by itself what zebu.yml says; undefined for nothing. @param found unit → digest */
export function wantedChange({ config }: Context, found: ReadonlyMap<string, string>): UnitsChange | undefined {
  const { units, names } = wantedUnits(config);
  const owner = ownerOf(config);
  return unitsChange({ units: units.map((unit) => renderUnit(unit, owner)), names }, found);
}

/**
 * Has the VM do by itself what zebu.yml says. What is in the way is said, and no reason to hold up a deploy.
 * @param found unit → digest, as the VM has it
 */
export async function bringWanted(
  context: Context,
  session: SshSession,
  found: ReadonlyMap<string, string>,
  report: Pick<StepReport, 'update'>,
): Promise<void> {
  const { config, io, signal } = context;
  const change = wantedChange(context, found);
  if (change === undefined) return;
  const { packages } = wantedUnits(config);
  try {
    report.update('seeing to what the VM does by itself');
    await changeUnits(session, ownerOf(config), change, { io, signal, timeoutMs: UNITS_MS });
    if (packages.length > 0) report.update(`installing ${packages.join(', ')} in the VM, where missing`);
    const failed = await bringPackages(session, packages, { io, signal, timeoutMs: PACKAGES_MS });
    if (failed !== undefined) io.warn(`The VM lacks what zebu.yml asks for, ${failed}; ${REMEDY}`);
  } catch (error) {
    if (!isZebuError(error) || error.code === 'INTERRUPTED') throw error;
    io.warn(`The VM is still ${describeChange(change)}: ${error.message}; ${REMEDY}`);
  }
}
