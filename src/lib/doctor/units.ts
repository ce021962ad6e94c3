import type { SeenUnit, SeenUnits } from '../units/seen.js';
import { describeChange, type UnitsChange } from '../units/change.js';
import { unitTroubles } from '../units/seen.js';
import { formatSeconds } from '../ui/units.js';
import { fail, ok, warn, type Finding } from './check.js';

const SERVICE = (name: string, app: string): string => `zebu-${name}@${app}.service`;

function told({ name, running, lastEnd, lastResult, next }: SeenUnit, now: number): string {
  const ran =
    lastEnd === null ? 'has not run since the VM started' : `ran ${ago(now - lastEnd)} (${lastResult ?? 'no result'})`;
  const comes = running ? ', is at work' : next === null ? '' : `, next in ${formatSeconds(Math.max(0, next - now))}`;
  return `${name} ${ran}${comes}`;
}

const ago = (seconds: number): string => (seconds < 1 ? 'just now' : `${formatSeconds(seconds)} ago`);

/**
 * @param now Unix time in seconds of the VM's clock
 * @param change what zebu.yml asks for and the VM does not have; undefined for nothing
 */
export function unitsFinding(
  { systemd, units }: SeenUnits,
  app: string,
  now: number,
  change: UnitsChange | undefined,
): Finding {
  if (change !== undefined)
    return fail('VM_DIFFERS', `the VM is ${describeChange(change)}`, 'Put it there: zebu vm:apply, or deploy.');
  if (units.length === 0) return ok('none: nothing of this app starts by itself');
  if (!systemd)
    return warn('the VM has no systemd, so nothing starts them', 'Use a VM with systemd, as Debian and Ubuntu are.');
  const troubles = units.flatMap(unitTroubles);
  if (troubles.length > 0) return fail('VM_DIFFERS', troubles.join(', '), 'Put it right: zebu vm:apply');
  const said = units.map((unit) => told(unit, now)).join('; ');
  const broken = units.find(({ lastResult }) => lastResult !== null && lastResult !== 'success');
  if (broken !== undefined)
    return warn(said, `Why: zebu vm:ssh -- sudo journalctl -n 20 -u ${SERVICE(broken.name, app)}`);
  return ok(said);
}
