import { formatSeconds } from '../ui/units.js';
import type { ReceiverState } from '../upkeep/notify/state.js';
import { ok, warn, type Finding } from './check.js';

const TEST = 'Once it is put right: zebu notify:test';

function told(name: string, state: ReceiverState | undefined, now: number): string {
  if (state === undefined || (state.ok === 0 && state.failed === 0)) return `${name} was not sent anything yet`;
  const ago = (time: number): string => `${formatSeconds(Math.max(0, now - time))} ago`;
  const dropped = state.dropped === 0 ? '' : `, ${state.dropped} dropped`;
  if (state.why === '') return `${name} was told ${ago(state.ok)}${dropped}`;
  const waiting = state.waiting === 0 ? '' : `, ${state.waiting} waiting`;
  return `${name} was not reached ${ago(state.failed)}${waiting}${dropped}: ${state.why}`;
}

/** How it stands with those who are told. @param names as in zebu.yml @param now Unix time in seconds of the VM's clock */
export function notifyFinding(names: readonly string[], states: readonly ReceiverState[], now: number): Finding {
  const rows = names.map((name) => ({ name, state: states.find((each) => each.name === name) }));
  const said = rows.map(({ name, state }) => told(name, state, now)).join('; ');
  return rows.some(({ state }) => state !== undefined && state.why !== '') ? warn(said, TEST) : ok(said);
}
