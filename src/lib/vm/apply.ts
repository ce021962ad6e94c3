import { ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { runSteps } from '../ui/steps.js';
import { chooseBridge } from '../proxmox/bridges.js';
import { tellBackup } from './backup/compare.js';
import { changeSteps, nothingOfFirewall } from './change.js';
import { compareVm, driftOfAll, type Compared } from './diff.js';
import type { Drift } from '../proxmox/drift.js';
import { beginEnsuring, endEnsuring, ensureSteps } from './ensure/index.js';
import { guestStep } from './ensure/guest.js';
import { warnOfOwnDisk } from './ha/read.js';
import { warnOfFirewall } from './inspect.js';
import type { PlannedStep } from './plan.js';
import { parseProperties } from '../proxmox/properties.js';
import { planStep } from './provision/run.js';
import type { VmApplied } from './results.js';

export interface ApplyOptions {
  readonly dryRun: boolean;
  /** Shut it down and start it where a change needs that. */
  readonly restart: boolean;
}

/** Refuses what can never be changed, before anything is changed. */
function refuseImpossible(drift: readonly Drift[], vmid: number): void {
  const [first, ...more] = drift.filter((row) => row.change === 'never');
  if (first === undefined) return;
  const others = more.length === 0 ? '' : `, and ${more.map((row) => row.key).join(', ')}`;
  throw new ZebuError(
    'VM_DIFFERS',
    `VM ${vmid} cannot be changed to ${first.key} ${first.wanted} from ${first.found}${others}; nothing was changed`,
    { hint: first.why, details: { drift: [first, ...more] } },
  );
}

interface ApplyPlan {
  readonly steps: readonly PlannedStep[];
  /** Done after the guest was repaired and a login was proved. */
  readonly afterwards: readonly PlannedStep[];
  readonly restart: boolean;
  /** Keys of what has to wait. */
  readonly waits: readonly string[];
}

function restartSteps(base: string, stopTimeout: number, whileOff: readonly PlannedStep[]): readonly PlannedStep[] {
  const timeout = Math.round(stopTimeout);
  return [
    {
      title: `Shut it down, within ${timeout} s (vm.stop_timeout)`,
      call: { method: 'POST', path: `${base}/status/shutdown`, params: { timeout }, task: 'qmshutdown' },
    },
    ...whileOff,
    { title: 'Start it', call: { method: 'POST', path: `${base}/status/start`, params: {}, task: 'qmstart' } },
  ];
}

/** A stopped VM takes everything at once, and a restart is only done where something needs it. */
export function planApply(
  { change, vm, guest }: Pick<Compared, 'change' | 'guest' | 'vm'>,
  restart: boolean,
  stopTimeout: number,
): ApplyPlan {
  const running = vm.status.status === 'running';
  const waiting = [...change.config, ...(guest?.drift ?? [])].filter((row) => row.change === 'restart');
  const isRestart = running && restart && waiting.length > 0;
  const later = change.config.filter((row) => row.offline === true && running);
  const proved = change.config.filter((row) => row.proved === true && (guest !== undefined || isRestart));
  const now = change.config.filter((row) => !later.includes(row) && !proved.includes(row));
  // The digest is that of the configuration before the first change.
  const stepsLater = (rows: typeof later): readonly PlannedStep[] =>
    changeSteps({ config: rows, firewall: nothingOfFirewall }, { ...vm, digest: undefined });
  const whileOff = stepsLater(later);
  const { ha } = change;
  return {
    steps: [
      // Out of the HA manager first, into it last: between the two, requests start tasks of the VM itself.
      ...(ha?.adds === false ? ha.steps : []),
      ...changeSteps({ config: now, firewall: change.firewall }, vm),
      ...(isRestart ? restartSteps(`/nodes/${vm.node}/qemu/${vm.vmid}`, stopTimeout, whileOff) : []),
    ],
    afterwards: [...stepsLater(proved), ...(ha?.adds === true ? ha.steps : []), ...(change.backup?.steps ?? [])],
    restart: isRestart,
    waits: running && !isRestart ? [...new Set(waiting.map((row) => row.key))] : [],
  };
}

/** Proxmox replugs a network card at once when its bridge or VLAN changes, so a bridge that cannot work is refused before. */
async function requireNetwork({ client, desired, vm, change }: Compared): Promise<void> {
  if (!change.config.some(({ key }) => key === 'vm.network.bridge' || key === 'vm.network.vlan')) return;
  const { bridge = parseProperties(vm.next['net0'] ?? '').values.get('bridge'), vlan } = desired.network;
  await chooseBridge(client, vm.node, { bridge, vlan });
}

/** Brings the VM to what zebu.yml says, in place. Nothing is ever made anew for it. */
export async function applyVm(context: Context, options: ApplyOptions): Promise<VmApplied> {
  const compared = await compareVm(context);
  const { client, desired, vm, guest } = compared;
  const drift = driftOfAll(compared);
  refuseImpossible(drift, vm.vmid);
  await requireNetwork(compared);
  if (desired.firewall.enabled) warnOfFirewall(context.io, vm);
  tellBackup(context.io, compared.backup);
  const plan = planApply(compared, options.restart, context.config.vm.stop_timeout);
  const ensuring = beginEnsuring(context, { client, node: vm.node, vmid: vm.vmid }, desired);
  ensuring.address = compared.address;
  const grows = plan.steps.some(({ call }) => call.task === 'resize');
  const guestSteps = plan.restart
    ? ensureSteps(ensuring)
    : guest !== undefined && (guest.drift.length > 0 || grows)
      ? [guestStep(ensuring)]
      : [];
  const done = [...plan.steps, ...plan.afterwards];
  if (!options.dryRun) {
    if (compared.change.ha?.adds === true) await warnOfOwnDisk(context.io, client, vm);
    try {
      await runSteps(context.io, context.signal, [
        ...plan.steps.map((step) => planStep(context, client, vm, step)),
        ...guestSteps,
        ...plan.afterwards.map((step) => planStep(context, client, vm, step)),
      ]);
    } finally {
      await endEnsuring(ensuring);
    }
    for (const key of plan.waits)
      context.io.warn(`${key} takes effect when the VM starts again: --restart does it now`);
  }
  const guestChanges = options.dryRun
    ? (guest?.drift ?? []).map(({ key, found, wanted }) => `${key}: ${found} -> ${wanted}`)
    : [...(ensuring.guest?.changes ?? []), ...(ensuring.facts?.changes ?? [])];
  return {
    changed: !options.dryRun && done.length + guestChanges.length > 0,
    dryRun: options.dryRun,
    vmid: vm.vmid,
    node: vm.node,
    name: vm.next['name'] ?? desired.name,
    drift,
    steps: done.map(({ title, call }) => ({ title, method: call.method, path: call.path, params: call.params })),
    guestChanges,
    restarted: plan.restart && !options.dryRun,
    needsRestart: plan.waits,
  };
}
