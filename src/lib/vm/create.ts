import { handledLater, isZebuError, ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { around } from '../hooks/around.js';
import { runSteps, type Step } from '../ui/steps.js';
import type { AgentTarget } from '../proxmox/agent.js';
import { changeOf, changeSteps, ensuredOnly, newFirewallSteps } from './change.js';
import { makeClient, readingOnce, type ProxmoxClient } from '../proxmox/client.js';
import { desiredVm, type DesiredVm } from './desired.js';
import { compareBackup } from './backup/compare.js';
import { backupStep, beginEnsuring, endEnsuring, haStep } from './ensure/index.js';
import { haChange } from './ha/change.js';
import { readHa } from './ha/read.js';
import { toNodeName, toVmid } from '../proxmox/ids.js';
import { inspectVm } from './inspect.js';
import { makingSteps, starts } from './making.js';
import { findVm, readVm } from '../proxmox/observe.js';
import { surveySite } from './site.js';
import { isUnfinished } from '../proxmox/ownership.js';
import { hasDisk, planExisting, type PlannedStep, type VmPlan } from './plan.js';
import { chooseProvisioner, loadProvisioner } from './provision/provisioner.js';
import { planStep } from './provision/run.js';
import { settle } from './settle.js';
import { requireSightOfVms } from '../proxmox/sight.js';
import { requireTags } from '../proxmox/tags.js';
import { removeLeftovers } from '../temporary/leftovers.js';
import type { VmCreated } from './results.js';

/** Sizes below which people run into trouble; said once, never refused. */
function warnOfSizes(context: Context): void {
  const { vm } = context.config;
  if (vm.cores < 2) context.io.warn('vm.cores is below the recommended minimum of 2');
  if (vm.memory_mb < 2048) context.io.warn('vm.memory_mb is below the recommended minimum of 2048');
  if (vm.disk_gb < 10) context.io.warn('vm.disk_gb is below the recommended minimum of 10');
}

interface Planned {
  readonly plan: VmPlan;
  readonly exists: boolean;
}

/** What is there, and from it what will be done. Nothing is changed. */
async function planVm(
  context: Context,
  client: ProxmoxClient,
  desired: DesiredVm,
  options: { dryRun: boolean },
): Promise<Planned> {
  // Of a run that was killed: what it was making is nobody's VM, and its ids are free again.
  if (!options.dryRun && context.config.vm.template) await removeLeftovers(context, client, 'template');
  let reading = await readingOnce(client);
  let row = await findVm(reading, desired.app);
  // Fills `reading` with the answers that planning a new VM needs, meanwhile; planning reports what is wrong with them.
  if (row === undefined) void handledLater(surveySite(reading, desired));
  if (!options.dryRun && (await settle(context, { client, reading }, desired, row))) {
    reading = await readingOnce(client);
    row = await findVm(reading, desired.app);
  }
  const found = row === undefined ? undefined : await readVm(reading, row);
  const exists = found !== undefined;
  if (exists && hasDisk(found) && !isUnfinished(found.config['tags']))
    return { exists, plan: planExisting(desired, found) };
  if (!exists) {
    const { app, vmid, tags } = desired;
    await Promise.all([requireSightOfVms(reading, app, vmid), requireTags(reading, tags)]);
  }
  warnOfSizes(context);
  const provisioner = await loadProvisioner(chooseProvisioner(context.config.vm, await context.transport(), found));
  return { exists, plan: await provisioner.plan(context, reading, desired, found) };
}

/** In the order in which they are done: the firewall comes before the start. */
function inOrder(plan: VmPlan, settings: readonly PlannedStep[]): readonly PlannedStep[] {
  return [...plan.steps.filter((step) => !starts(step)), ...settings, ...plan.steps.filter(starts)];
}

/** What will be set in Proxmox besides the plan. A VM that is not there yet is made with everything but its firewall. */
async function plannedSettings(
  target: AgentTarget,
  desired: DesiredVm,
  exists: boolean,
): Promise<readonly PlannedStep[]> {
  if (!exists) return newFirewallSteps(desired, target);
  const vm = await inspectVm(target.client, target);
  return changeSteps(ensuredOnly(changeOf(desired, vm)), vm);
}

/** The steps for the HA manager. They come after the start, so that the VM runs by then. */
async function plannedHa(
  { client, vmid }: AgentTarget,
  desired: DesiredVm,
  exists: boolean,
): Promise<readonly PlannedStep[]> {
  if (desired.ha === undefined) return [];
  const found = exists ? await readHa(client, vmid) : undefined;
  return haChange(desired.ha, found, { vmid, running: true })?.steps ?? [];
}

/** Makes the VM, or finishes one that a run before left unfinished, or finds that there is nothing to do. */
export function createVm(context: Context, options: { dryRun: boolean }): Promise<VmCreated> {
  if (options.dryRun) return makeVm(context, options);
  const name = context.config.vm.name ?? context.config.app.name;
  return around(
    context,
    'create',
    { name },
    () => makeVm(context, options),
    (result) => result,
  );
}

async function makeVm(context: Context, options: { dryRun: boolean }): Promise<VmCreated> {
  const client = await makeClient(await context.transport(), context.io);
  const desired = await desiredVm(context);
  const { plan, exists } = await planVm(context, client, desired, options);
  for (const { key, wanted, found } of plan.drift) {
    context.io.warn(`VM ${plan.vmid} differs: ${key} is ${found}, zebu.yml wants ${wanted}; vm:apply changes it`);
  }
  const target = { client, node: toNodeName(plan.node), vmid: toVmid(plan.vmid) };
  // What is wrong with it is told before there is a VM.
  const backup = await compareBackup(client, desired, target);
  const ensuring = beginEnsuring(context, target, desired);
  let begun = false;
  const planned = (step: PlannedStep): Step => {
    const { title, ...doing } = planStep(context, client, plan, step);
    return {
      title,
      run: (report) => {
        begun = true;
        return doing.run(report);
      },
    };
  };
  if (options.dryRun) {
    ensuring.settings.push(...(await plannedSettings(target, desired, exists)));
    ensuring.afterwards.push(...(await plannedHa(target, desired, exists)));
    ensuring.afterwards.push(...(backup?.change?.steps ?? []));
  } else {
    try {
      await runSteps(context.io, context.signal, [
        ...makingSteps(plan, planned, ensuring),
        // Last: the HA manager would start a VM that is half made.
        ...(desired.ha === undefined ? [] : [haStep(ensuring, desired.ha)]),
        ...(desired.backup === undefined ? [] : [backupStep(ensuring)]),
      ]);
    } catch (error) {
      throw begun ? explainInterruption(error, plan) : error;
    } finally {
      await endEnsuring(ensuring);
    }
  }
  context.io.debug(
    () => `${client.calls.length} requests, ${Math.round(client.calls.reduce((sum, call) => sum + call.ms, 0))} ms`,
  );
  const done = [...inOrder(plan, ensuring.settings), ...ensuring.afterwards];
  const guestChanges = [...(ensuring.guest?.changes ?? []), ...(ensuring.facts?.changes ?? [])];
  return {
    changed: !options.dryRun && done.length + guestChanges.length > 0,
    dryRun: options.dryRun,
    vmid: plan.vmid,
    node: plan.node,
    name: desired.name,
    ip: ensuring.address?.host ?? null,
    user: desired.user,
    hostKeys: ensuring.address?.hostKeys ?? [],
    docker: ensuring.facts?.docker ?? null,
    compose: ensuring.facts?.compose ?? null,
    steps: done
      .flatMap((step) => step.parts ?? [step])
      .map(({ title, call }) => ({ title, method: call.method, path: call.path, params: call.params })),
    guestChanges,
    drift: plan.drift,
    template: plan.template === undefined ? null : { ...plan.template },
  };
}

function explainInterruption(error: unknown, plan: VmPlan): unknown {
  if (!isZebuError(error) || error.code !== 'INTERRUPTED') return error;
  return new ZebuError('OUTCOME_UNKNOWN', `Interrupted while VM ${plan.vmid} was being made`, {
    hint: 'It is tagged as ours: run `zebu vm:create` again and it goes on from there.',
    cause: error,
  });
}
