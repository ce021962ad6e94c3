import { isZebuError, type Io } from '@zebu/kit';
import {
  firewallOptionsAnswer,
  firewallRulesAnswer,
  pendingAnswer,
  qemuStatusAnswer,
  type FirewallRule,
  type HaResource,
  type Pending,
  type QemuConfig,
  type QemuStatus,
} from '../proxmox/answers.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import type { Configured } from './facts.js';
import type { ObservedFirewall } from './firewall.js';
import { toNodeName, toVmid, type NodeName, type Vmid } from '../proxmox/ids.js';
import { parseAnswer } from '../proxmox/parse.js';

/** Everything zebu compares of a VM that Proxmox knows, as it is now. */
export interface InspectedVm extends Configured {
  readonly vmid: Vmid;
  readonly node: NodeName;
  readonly status: QemuStatus;
  /** Of the configuration, so that nobody else's change is overwritten. */
  readonly digest: string | undefined;
  readonly firewall: ObservedFirewall;
  /** Whether rules filter at all; undefined when the login may not see it. */
  readonly datacenterFirewall: boolean | undefined;
  /** Its entry with the HA manager; read only where zebu.yml says something of it. */
  readonly ha?: HaResource | undefined;
}

/** @param which `now` for what the running VM has, `next` for what it has after a restart */
export function configOf(rows: readonly Pending[], which: 'next' | 'now'): QemuConfig {
  const entries = rows.flatMap(({ key, value, pending, delete: removed = 0 }) => {
    if (key === 'digest') return [];
    const shown = which === 'now' ? value : removed > 0 ? undefined : (pending ?? value);
    return shown === undefined ? [] : [[key, shown] as const];
  });
  return Object.fromEntries(entries);
}

async function datacenterFirewall(client: ProxmoxClient): Promise<boolean | undefined> {
  try {
    const options = parseAnswer(
      firewallOptionsAnswer,
      await client.request('GET', '/cluster/firewall/options'),
      'the options of the firewall',
    );
    return options['enable'] !== undefined && options['enable'] !== '0';
  } catch (error) {
    if (isZebuError(error) && error.code === 'PROXMOX_FORBIDDEN') return undefined;
    throw error;
  }
}

interface Placed {
  readonly node: string;
  readonly vmid: number;
}

const firewallPath = ({ node, vmid }: Placed): string => `/nodes/${toNodeName(node)}/qemu/${toVmid(vmid)}/firewall`;

export async function readRules(client: ProxmoxClient, row: Placed): Promise<readonly FirewallRule[]> {
  const rules = await client.request('GET', `${firewallPath(row)}/rules`);
  return parseAnswer(firewallRulesAnswer, rules, 'the firewall rules of the VM');
}

async function readFirewall(client: ProxmoxClient, row: Placed): Promise<ObservedFirewall> {
  const [options, rules] = await Promise.all([
    client.request('GET', `${firewallPath(row)}/options`),
    readRules(client, row),
  ]);
  return { options: parseAnswer(firewallOptionsAnswer, options, 'the firewall options of the VM'), rules };
}

/** Settings of cloud-init that the running VM was not started with. */
async function waitingCloudInit(client: ProxmoxClient, path: string): Promise<readonly Pending[]> {
  const rows = parseAnswer(pendingAnswer, await client.request('GET', `${path}/cloudinit`), 'the cloud-init settings');
  return rows.filter((row) => row.pending !== undefined || (row.delete ?? 0) > 0);
}

/**
 * Settings of cloud-init are the configuration at once, but the VM has what it was started with: of a setting that is
 * new since then, nothing.
 */
export function asStarted(config: QemuConfig, waiting: readonly Pending[]): QemuConfig {
  const keys = new Set(waiting.map(({ key }) => key));
  const others = Object.entries(config).filter(([key]) => !keys.has(key));
  return { ...Object.fromEntries(others), ...configOf(waiting, 'now') };
}

/** @param within `cloud-init`: also what of its settings waits for the next start, for one more request */
export async function inspectVm(
  client: ProxmoxClient,
  row: { readonly node: string; readonly vmid: number },
  within?: 'cloud-init',
): Promise<InspectedVm> {
  const node = toNodeName(row.node);
  const vmid = toVmid(row.vmid);
  const vm = client.api.nodes.$(node).qemu.$(vmid);
  const [pendingData, statusData, firewall, datacenter, waiting] = await Promise.all([
    vm.pending.$get(),
    vm.status.current.$get(),
    readFirewall(client, row),
    datacenterFirewall(client),
    within === undefined ? [] : waitingCloudInit(client, `/nodes/${node}/qemu/${vmid}`),
  ]);
  const pending = parseAnswer(pendingAnswer, pendingData, `the configuration of VM ${vmid}`);
  const status = parseAnswer(qemuStatusAnswer, statusData, `the status of VM ${vmid}`);
  return {
    vmid,
    node,
    status,
    current: asStarted(configOf(pending, 'now'), waiting),
    next: configOf(pending, 'next'),
    digest: pending.find(({ key }) => key === 'digest')?.value,
    firewall,
    datacenterFirewall: datacenter,
  };
}

/** Warns where the firewall of the datacenter is off: the rules of the VM are not in force then, though they look so. */
export function warnOfFirewall(io: Io, { datacenterFirewall: on, vmid }: InspectedVm): void {
  if (on !== false) return;
  io.warn(
    `The firewall of the datacenter is off, so the rules of VM ${vmid} filter nothing; docs/networking.md says how to switch it on without locking yourself out`,
  );
}
