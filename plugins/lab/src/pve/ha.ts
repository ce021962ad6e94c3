import { died } from './fault.js';
import type { LabNode } from './node.js';
import type { HaResource } from './state.js';
import type { TaskHandle } from './tasks.js';

/** The HA manager's resources and the requests to it; the manager itself is beside this. */

export const sidOf = (vmid: number): string => `vm:${vmid}`;

export const resourceOf = (node: LabNode, vmid: number): HaResource | undefined =>
  node.file.state.ha.resources[sidOf(vmid)];

/** What is wanted of a resource; `enabled` is an old name of `started`, which is what it is when nothing is said. */
export function wantedOf({ state = 'started' }: HaResource): string {
  return state === 'enabled' ? 'started' : state;
}

/** Ignored resources are as good as none: requests go to the VM itself. */
export function isManaged(node: LabNode, vmid: number): boolean {
  const resource = resourceOf(node, vmid);
  return resource !== undefined && wantedOf(resource) !== 'ignored';
}

/** As `status/current` has it. */
export function haStatus(node: LabNode, vmid: number): Record<string, unknown> {
  if (!isManaged(node, vmid)) return { managed: 0 };
  const { group } = resourceOf(node, vmid) ?? {};
  const state = node.file.state.ha.services[sidOf(vmid)]?.state;
  return { managed: 1, ...(group === undefined ? {} : { group }), ...(state === undefined ? {} : { state }) };
}

/** What PVE says to any request but `disabled`; undefined when there is no error to be cleared first. */
export function errorStateOf(node: LabNode, sid: string, wanted: string | undefined): string | undefined {
  if (node.file.state.ha.services[sid]?.state !== 'error' || wanted === 'disabled') return undefined;
  return `service '${sid}' in error state, must be disabled and fixed first`;
}

/** What a request does on the command line of `ha-manager`. */
function command(node: LabNode, vmid: number, words: string, task: TaskHandle, work: () => void): void {
  const refused = errorStateOf(node, sidOf(vmid), undefined);
  if (refused !== undefined) {
    task.log(refused);
    throw died(`command 'ha-manager ${words}' failed: exit code 255`);
  }
  work();
  node.file.save();
}

/** The work of `hastart`. */
export function requestHaStart(node: LabNode, vmid: number, task: TaskHandle): void {
  task.log(`Requesting HA start for VM ${vmid}`);
  command(node, vmid, `set ${sidOf(vmid)} --state started`, task, () => {
    const resource = resourceOf(node, vmid);
    if (resource !== undefined) resource.state = 'started';
  });
}

/** The work of `hastop`. @param timeout seconds until it is ended hard; 0: at once */
export function requestHaStop(node: LabNode, vmid: number, timeout: number, task: TaskHandle): void {
  task.log(`Requesting HA stop for VM ${vmid}`);
  const sid = sidOf(vmid);
  command(node, vmid, `crm-command stop ${sid} ${timeout}`, task, () =>
    node.file.state.ha.commands.push({ kind: 'stop', sid, timeout }),
  );
}

/** The work of `hamigrate`. */
export function requestHaMigration(node: LabNode, vmid: number, target: string, task: TaskHandle): void {
  task.log(`Requesting HA migration for VM ${vmid} to node ${target}`);
  const sid = sidOf(vmid);
  command(node, vmid, `migrate ${sid} ${target}`, task, () =>
    node.file.state.ha.commands.push({ kind: 'migrate', sid, target }),
  );
}

export function removeResource(node: LabNode, sid: string): void {
  const { ha } = node.file.state;
  delete ha.resources[sid];
  delete ha.services[sid];
  node.file.save();
}
