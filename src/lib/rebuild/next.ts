import { ZebuError } from '@zebu/kit';
import { forgetMemo, newMemo, writeMemo } from '../temporary/memo.js';
import { writeNote, type CopyNote } from '../temporary/note.js';
import type { Place } from '../temporary/remove.js';
import type { Context } from '../context/context.js';
import type { GuestAddress } from '../guest/address.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { toNodeName, toVmid } from '../proxmox/ids.js';
import type { ExistingVm } from '../proxmox/observe.js';
import { copyTags } from '../proxmox/ownership.js';
import { requireTags } from '../proxmox/tags.js';
import { runSteps, type Step } from '../ui/steps.js';
import { makingSteps } from '../vm/making.js';
import { desiredVm, type DesiredVm } from '../vm/desired.js';
import { beginEnsuring, endEnsuring } from '../vm/ensure/index.js';
import type { PlannedStep, VmPlan } from '../vm/plan.js';
import { chooseProvisioner, loadProvisioner } from '../vm/provision/provisioner.js';
import { planStep } from '../vm/provision/run.js';

/** The new machine, as vm:create makes one, but with the tags of one that nobody takes for the app's, and an address of its own. */

/** For probes and pins of the new machine as long as it is not the app's: this machine's memory of the old one stays as it is. */
export function apart(context: Context, temporary: string | undefined): Context {
  const { config, stateDir } = context;
  const { network } = config.vm;
  return {
    ...context,
    stateDir: `${stateDir}/rebuild`,
    config: {
      ...config,
      vm: {
        ...config.vm,
        onboot: false,
        ha: undefined,
        backup: undefined,
        network: { ...network, mac: undefined, address: temporary ?? network.address },
      },
      // From outside it is asked once it has the address.
      deploy: {
        ...config.deploy,
        probes: config.deploy.probes.filter((probe) => !('from' in probe && probe.from === 'client')),
      },
    },
  };
}

/** Keys that cloud-init gave the old one, where zebu.yml names none: who could log in can do so in the new one. */
function keysOf(desired: DesiredVm, old: ExistingVm): readonly string[] {
  if (desired.namesKeys) return desired.sshKeys;
  const had = decodeURIComponent(old.config['sshkeys'] ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return [...new Set([...desired.sshKeys, ...had])];
}

/** @throws CONFIG_INVALID */
export async function desiredNext(next: Context, old: ExistingVm, note: CopyNote): Promise<DesiredVm> {
  const desired = await desiredVm(next);
  if (desired.vmid === old.vmid)
    throw new ZebuError('CONFIG_INVALID', `vm.vmid ${old.vmid} is that of the VM that is to be rebuilt`, {
      hint: 'A VM keeps its id for life: leave vm.vmid out, or name another one.',
    });
  const { guest } = desired;
  return {
    ...desired,
    sshKeys: keysOf(desired, old),
    tags: copyTags(desired.app, 'rebuild'),
    note: writeNote(note),
    // It does nothing by itself before it serves.
    guest: { ...guest, wanted: { ...guest.wanted, units: [], names: [] } },
  };
}

/** What is refused before anything is made. @throws NO_SPACE, CONFIG_INVALID, PROXMOX_FORBIDDEN */
export async function planNext(next: Context, client: ProxmoxClient, desired: DesiredVm): Promise<VmPlan> {
  await requireTags(client, desired.tags);
  const provisioner = await loadProvisioner(chooseProvisioner(next.config.vm, await next.transport(), undefined));
  return provisioner.plan(next, client, desired, undefined);
}

export const placeOf = ({ node, vmid }: VmPlan): Place => ({ node: toNodeName(node), vmid: toVmid(vmid) });

/** Makes it, up to Docker that runs. @param onBegun called before the first request that makes something */
export async function makeNext(
  context: Context,
  next: Context,
  client: ProxmoxClient,
  { plan, desired, note }: { readonly plan: VmPlan; readonly desired: DesiredVm; readonly note: CopyNote },
  onBegun: () => void,
): Promise<GuestAddress> {
  const place = placeOf(plan);
  const ensuring = beginEnsuring(next, { client, ...place }, desired);
  const memo = newMemo(next, place, note);
  const planned = (step: PlannedStep): Step => {
    const { title, ...doing } = planStep(next, client, plan, step);
    return {
      title,
      run: async (report) => {
        onBegun();
        await doing.run(report);
      },
    };
  };
  await writeMemo(context, 'rebuild', memo);
  try {
    await runSteps(next.io, next.signal, makingSteps(plan, planned, ensuring));
  } finally {
    await endEnsuring(ensuring);
  }
  await forgetMemo(context, 'rebuild', memo);
  if (ensuring.address === undefined) throw new Error('a VM that is ready has an address');
  return ensuring.address;
}
