import { isZebuError, type Io } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { IMPATIENT_SECONDS, isFirstBoot, locateGuest, type GuestAddress } from '../guest/address.js';
import { checkGuest } from '../guest/ensure/ensure.js';
import type { GuestVerdict } from '../guest/ensure/model.js';
import { connectGuest } from '../guest/session.js';
import { compareBackup, showForeign, tellBackup, type ComparedBackup } from './backup/compare.js';
import { changeOf, firewallDrift, type VmChange } from './change.js';
import { makeClient, type ProxmoxClient } from '../proxmox/client.js';
import { desiredVm, type DesiredVm } from './desired.js';
import type { Drift } from '../proxmox/drift.js';
import { publicDrift } from './facts.js';
import { showRule } from './firewall.js';
import { readHa } from './ha/read.js';
import { inspectVm, warnOfFirewall, type InspectedVm } from './inspect.js';
import { findVm } from '../proxmox/observe.js';
import type { VmRow } from '../proxmox/ownership.js';
import { vmMissing } from '../proxmox/sight.js';
import type { VmDiff } from './results.js';

/** What is unavailable when none of it could be seen. */
const GUEST_KEY = 'guest';

/** zebu.yml and the VM side by side; vm:diff shows it, vm:apply works it off. */
export interface Compared {
  readonly client: ProxmoxClient;
  readonly desired: DesiredVm;
  readonly vm: InspectedVm;
  readonly change: VmChange;
  /** Undefined where zebu.yml says nothing of backups. */
  readonly backup: ComparedBackup | undefined;
  readonly guest: GuestVerdict | undefined;
  /** Where the VM was looked into. */
  readonly address: GuestAddress | undefined;
  /** Why the running VM could not be looked into. */
  readonly closed?: string;
}

type GuestComparison = Pick<Compared, 'address' | 'closed' | 'guest'>;

const nothing = { guest: undefined, address: undefined };

/** The same for vm:diff, which shows the rest where the VM is still in its first boot. */
async function compareGuestOnceBooted(
  context: Context,
  desired: DesiredVm,
  vm: InspectedVm,
  row: VmRow,
): Promise<GuestComparison> {
  try {
    return await compareGuest(context, desired, vm, row, IMPATIENT_SECONDS);
  } catch (error) {
    if (!isZebuError(error) || !isFirstBoot(error)) throw error;
    return { ...nothing, closed: error.message };
  }
}

/** Looks into the running VM. The user of zebu.yml may not be there yet: then there is nobody to log in as. */
async function compareGuest(
  context: Context,
  desired: DesiredVm,
  vm: InspectedVm,
  row: VmRow,
  keysSeconds?: number,
): Promise<GuestComparison> {
  if (vm.status.status !== 'running') return nothing;
  if (vm.current['ciuser'] !== undefined && vm.current['ciuser'] !== desired.user) return nothing;
  const address = await locateGuest(context, keysSeconds, { ...row, status: vm.status.status });
  const session = await address.onceUp((signal) => connectGuest({ ...context, signal }, address));
  try {
    const guest = await checkGuest(session, desired.guest, {
      io: context.io,
      signal: context.signal,
      timeoutMs: context.config.vm.ready_timeout * 1000,
    });
    return { guest, address };
  } finally {
    await session.close();
  }
}

/** @throws VM_MISSING, and what reaching the VM throws */
export async function compareVm(context: Context, compare = compareGuest): Promise<Compared> {
  const client = await makeClient(await context.transport(), context.io);
  const [row, desired] = await Promise.all([findVm(client, context.config.app.name), desiredVm(context)]);
  if (row === undefined) throw await vmMissing(client, context.config.app.name);
  const [inspected, ha, backup] = await Promise.all([
    inspectVm(client, row, 'cloud-init'),
    desired.ha === undefined ? undefined : readHa(client, row.vmid),
    compareBackup(client, desired, row),
  ]);
  const vm = { ...inspected, ha };
  const change = { ...changeOf(desired, vm), backup: backup?.change };
  return { client, desired, vm, change, backup, ...(await compare(context, desired, vm, row)) };
}

export function driftOfAll({ change, vm, guest }: Compared): readonly Drift[] {
  return [
    ...change.config.map(publicDrift),
    ...firewallDrift(change.firewall, vm),
    ...(change.ha === undefined ? [] : [change.ha.drift]),
    ...(change.backup?.drift ?? []),
    ...(guest?.drift ?? []).map(publicDrift),
  ];
}

export async function diffVm(context: Context): Promise<VmDiff> {
  const compared = await compareVm(context, compareGuestOnceBooted);
  const { vm, desired, change, guest, closed } = compared;
  if (desired.firewall.enabled) warnOfFirewall(context.io, vm);
  tellBackup(context.io, compared.backup);
  return {
    vmid: vm.vmid,
    node: vm.node,
    name: vm.next['name'] ?? desired.name,
    drift: driftOfAll(compared),
    guestChecked: guest !== undefined,
    unavailable: [
      ...(closed === undefined ? [] : [{ key: GUEST_KEY, why: closed }]),
      ...(guest?.unavailable ?? []).map(({ key, why }) => ({ key, why })),
    ],
    foreignRules: change.firewall.foreign.map(showRule),
    foreignBackups: compared.backup?.foreign ?? [],
  };
}

/** One line for each thing that differs, and what could not be seen. */
export function showDiff(io: Io, diff: VmDiff): void {
  const name = `VM ${diff.vmid} (${diff.name}) on ${diff.node}`;
  const notes = { never: ' [cannot be changed]', now: '', restart: ' [at its next start]' };
  for (const { key, wanted, found, change, why } of diff.drift) {
    io.out(`${key}: ${found} -> ${wanted}${notes[change]}${why === undefined ? '' : `: ${why}`}`);
  }
  if (diff.drift.length === 0) io.out(`${name} is what zebu.yml says`);
  for (const rule of diff.foreignRules) io.out(`not ours, left alone: firewall rule ${rule}`);
  if (diff.foreignBackups.length > 0) io.out(showForeign(diff.foreignBackups));
  for (const { key, why } of diff.unavailable) io.out(`not seen: ${key}: ${why}`);
  if (!diff.guestChecked && !diff.unavailable.some(({ key }) => key === GUEST_KEY))
    io.out('not seen: the inside of the VM, which is not running or has not made its user yet');
}
