import type { FirewallRule } from '../proxmox/answers.js';
import type { BackupJobChange } from './backup/job.js';
import type { DesiredVm } from './desired.js';
import { configDrift, DISK, type ConfigDrift } from './facts.js';
import { changesFirewall, firewallChange, showRule, type FirewallChange } from './firewall.js';
import { afterRequest, firewallRequests, ruleCall, showRequest } from './firewall-plan.js';
import type { Drift } from '../proxmox/drift.js';
import { haChange, type HaChange } from './ha/change.js';
import type { InspectedVm } from './inspect.js';
import type { PlannedStep } from './plan.js';

/** What differs between zebu.yml and Proxmox, and the requests that change it in place. */
export interface VmChange {
  readonly config: readonly ConfigDrift[];
  readonly firewall: FirewallChange;
  readonly ha?: HaChange | undefined;
  readonly backup?: BackupJobChange | undefined;
}

export function changeOf(desired: DesiredVm, vm: InspectedVm): VmChange {
  return {
    config: configDrift(desired, vm),
    firewall: firewallChange(desired.firewall, vm.firewall, desired.network.address === 'dhcp'),
    ha: haChange(desired.ha, vm.ha, { vmid: vm.vmid, running: vm.status.status === 'running' }),
  };
}

export const nothingOfFirewall: FirewallChange = { options: {}, add: [], remove: [], own: [], foreign: [] };

/** Only what every VM of zebu is, whatever its size and place: what vm:create sees to before the VM is started. */
export function ensuredOnly({ config, firewall }: VmChange): VmChange {
  return { config: config.filter((row) => row.ensured === true), firewall };
}

const option = (values: Readonly<Record<string, number | string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

/** The firewall's part as drift. */
export function firewallDrift({ options, add, remove }: FirewallChange, vm: InspectedVm): readonly Drift[] {
  const key = 'vm.firewall';
  const had = Object.fromEntries(Object.keys(options).map((name) => [name, vm.firewall.options[name] ?? 'not set']));
  return [
    ...(Object.keys(options).length === 0
      ? []
      : [{ key, wanted: option(options), found: option(had), change: 'now' } as const]),
    ...add.map((rule) => ({ key, wanted: `open: ${showRule(rule)}`, found: 'no such rule', change: 'now' }) as const),
    ...remove.map(
      (rule) => ({ key, wanted: 'no such rule', found: `open: ${showRule(rule)}`, change: 'now' }) as const,
    ),
  ];
}

function mergedSet(rows: readonly ConfigDrift[], vm: InspectedVm): Readonly<Record<string, number | string>> {
  return rows.reduce<Record<string, number | string>>((params, { set }) => {
    const sofar = Object.entries(params).map(([name, value]) => [name, String(value)] as const);
    return set === undefined ? params : { ...params, ...set({ ...vm.next, ...Object.fromEntries(sofar) }) };
  }, {});
}

function configStep(base: string, vm: InspectedVm, rows: readonly ConfigDrift[]): readonly PlannedStep[] {
  const set = mergedSet(rows, vm);
  const remove = rows.flatMap((row) => row.remove ?? []);
  if (Object.keys(set).length + remove.length === 0) return [];
  const params = {
    ...set,
    ...(remove.length === 0 ? {} : { delete: remove.join(',') }),
    // Refused when somebody else changed it since we looked.
    ...(vm.digest === undefined ? {} : { digest: vm.digest }),
  };
  const title = `Set ${[...Object.keys(set), ...remove].join(', ')}`;
  return [{ title, call: { method: 'POST', path: `${base}/config`, params, task: 'qmconfig' } }];
}

/** @param rules as they are before the first of them */
function firewallSteps(base: string, change: FirewallChange, rules: readonly FirewallRule[]): readonly PlannedStep[] {
  let sofar = rules;
  return firewallRequests(change).flatMap((request): readonly PlannedStep[] => {
    const call = ruleCall(request, sofar);
    sofar = afterRequest(request, sofar);
    if (call === undefined) return [];
    const { method, path, params } = call;
    const title = showRequest(request);
    return [{ title, call: { method, path: `${base}/firewall/${path}`, params, task: undefined }, firewall: request }];
  });
}

/** The requests, in order, but for the HA manager. `never` has none. */
export function changeSteps(change: VmChange, vm: InspectedVm): readonly PlannedStep[] {
  const base = `/nodes/${vm.node}/qemu/${vm.vmid}`;
  const grown = change.config.find((row) => row.resizeGb !== undefined)?.resizeGb;
  return [
    ...(changesFirewall(change.firewall) ? firewallSteps(base, change.firewall, vm.firewall.rules) : []),
    ...configStep(base, vm, change.config),
    ...(grown === undefined
      ? []
      : [
          {
            title: `Grow the disk to ${grown} GiB`,
            call: { method: 'PUT', path: `${base}/resize`, params: { disk: DISK, size: `${grown}G` }, task: 'resize' },
          } as const,
        ]),
  ];
}

/** The firewall of a VM that is not there yet. */
export function newFirewallSteps(
  desired: DesiredVm,
  { node, vmid }: { readonly node: string; readonly vmid: number },
): readonly PlannedStep[] {
  const change = firewallChange(desired.firewall, { options: {}, rules: [] }, desired.network.address === 'dhcp');
  return firewallSteps(`/nodes/${node}/qemu/${vmid}`, change, []);
}
