import type { HaResource } from '../../proxmox/answers.js';
import type { Drift } from '../../proxmox/drift.js';
import { sidOf } from '../../proxmox/ids.js';
import type { PlannedStep } from '../plan.js';

/** `vm.ha`: whether the VM is a resource of Proxmox's HA manager, and what is asked of it to make it so. */

export interface HaChange {
  readonly drift: Drift;
  readonly steps: readonly PlannedStep[];
  /** Whether the steps put the VM under the HA manager; false: they take it out. */
  readonly adds: boolean;
}

const RESOURCES = '/cluster/ha/resources';

/** What the HA manager is told to keep the VM as: as it is, so that nothing is started or stopped by it. */
const stateFor = (running: boolean): 'started' | 'stopped' => (running ? 'started' : 'stopped');

/** Whether the HA manager keeps the VM in its state; a VM that was stopped on purpose is kept as stopped. */
function isKept(state: string, running: boolean): boolean {
  if (state === 'started' || state === 'enabled') return true;
  return !running && (state === 'stopped' || state === 'disabled');
}

/**
 * @param wanted undefined: whatever it is, it is right
 * @param found undefined: it is no resource
 */
export function haChange(
  wanted: boolean | undefined,
  found: HaResource | undefined,
  { vmid, running }: { readonly vmid: number; readonly running: boolean },
): HaChange | undefined {
  if (wanted === undefined) return undefined;
  const sid = sidOf(vmid);
  const path = `${RESOURCES}/${sid}`;
  const drift = (is: string): Drift => ({
    key: 'vm.ha',
    wanted: wanted ? 'under the HA manager' : 'not under the HA manager',
    found: is,
    change: 'now',
  });
  if (!wanted) {
    if (found === undefined) return undefined;
    return {
      drift: drift('under the HA manager'),
      steps: [
        { title: `Take ${sid} from the HA manager`, call: { method: 'DELETE', path, params: {}, task: undefined } },
      ],
      adds: false,
    };
  }
  const state = stateFor(running);
  if (found === undefined) {
    return {
      drift: drift('not under the HA manager'),
      steps: [
        {
          title: `Give ${sid} to the HA manager, ${state}`,
          call: { method: 'POST', path: RESOURCES, params: { sid, state }, task: undefined },
        },
      ],
      adds: true,
    };
  }
  if (isKept(found.state, running)) return undefined;
  return {
    drift: drift(`under the HA manager, but ${found.state}`),
    steps: [
      {
        title: `Let the HA manager keep ${sid} ${state}`,
        call: { method: 'PUT', path, params: { state }, task: undefined },
      },
    ],
    adds: true,
  };
}
