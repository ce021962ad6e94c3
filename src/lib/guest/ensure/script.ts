import { sh, variables } from '@zebu/kit';
import { checkFunctions } from './check.js';
import { CLOUD_INIT_SETTINGS, type DesiredGuest } from './model.js';
import { repairCall, touchesLogin, type Repair } from './repair.js';
import MAIN from './main.sh';
import REPAIR from './repair.sh';

/** Kept from a repair until the new login is proved, so that it can be taken back. */
const WORK = '/run/zebu-ensure';

const asMain = (calls: readonly string[]): string => variables({ calls: calls.join('\n') }) + MAIN;

/** Looks, and changes nothing. */
export function checkScript(desired: DesiredGuest): string {
  return checkFunctions(desired.user, desired.app, desired.wanted.packages) + asMain(['check']);
}

/** Puts right, then looks again. */
export function repairScript(desired: DesiredGuest, repairs: readonly Repair[]): string {
  // What two findings ask for is done once.
  const calls = new Set(repairs.map((repair) => repairCall(repair, desired.user, CLOUD_INIT_SETTINGS)));
  const head = sh`work=${WORK}; rm -rf "$work"; mkdir -m 0700 "$work"`;
  return (
    checkFunctions(desired.user, desired.app, desired.wanted.packages) + REPAIR + asMain([head, ...calls, 'check'])
  );
}

/** After a login that does not work any more: what was in the way of it is taken back. */
export function undoScript(desired: DesiredGuest, repairs: readonly Repair[]): string {
  const undo = repairs
    .filter(touchesLogin)
    .map((repair) =>
      repair.kind === 'sshd'
        ? 'undo_sshd'
        : sh`home=$(getent passwd ${desired.user} | cut -d: -f6); cp -p "$work/keys" "$home/.ssh/authorized_keys"`,
    );
  return (
    checkFunctions(desired.user, desired.app, desired.wanted.packages) + REPAIR + asMain([sh`work=${WORK}`, ...undo])
  );
}
