import { ZebuError } from '@zebu/kit';
import type { Context } from '../../context/context.js';
import { runSteps, type StepReport } from '../../ui/steps.js';
import { formatSeconds } from '../../ui/units.js';
import { agentAnswer } from '../../proxmox/agent-answer.js';
import { bootStep } from '../ensure/boot.js';
import { reachStep } from '../ensure/reach.js';
import { starting, stop } from '../lifecycle.js';
import { findAppVm, vmTask, type AppVm } from '../app-vm.js';
import { says } from '../../proxmox/said.js';
import { findSnapshot, judgeVm, readSnapshots, requireFinished, requireNoFreeze, requireSnapshots } from './read.js';
import { defaultSnapshotName, newerThan, snapshotNameProblem } from './rules.js';
import type { Snapshot, SnapshotChange, SnapshotList, SnapshotRolledBack, SnapshotTaken } from './results.js';

function facts({ vm, name }: AppVm): { vmid: number; node: string; vm: string } {
  return { vmid: vm.vmid, node: vm.node, vm: name };
}

function checkName(name: string): void {
  const problem = snapshotNameProblem(name);
  if (problem === undefined) return;
  throw new ZebuError('USAGE', `\`${name}\` cannot be the name of a snapshot: ${problem}`, {
    hint: 'Such as before-v2; without a name zebu makes one of the time.',
  });
}

export async function listSnapshots(context: Context): Promise<SnapshotList> {
  const appVm = await findAppVm(context);
  return { ...facts(appVm), ...(await readSnapshots(appVm)) };
}

/** How consistent a snapshot taken now is; Proxmox freezes file systems through the agent where it answers. */
async function consistencyOf({ client, vm }: AppVm): Promise<SnapshotTaken['consistency']> {
  if (vm.status.status !== 'running') return 'stopped';
  try {
    const target = { client, node: vm.node, vmid: vm.vmid };
    await agentAnswer(target, () => client.request('POST', `/nodes/${vm.node}/qemu/${vm.vmid}/agent/ping`));
    return 'agent';
  } catch {
    return 'crash';
  }
}

export interface TakeOptions {
  /** Default: one of the time. */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly allowFreeze: boolean;
  /** For the refusal, of something other than the command itself: what is done, and how a person allows the freeze. */
  readonly freeze?: { readonly doing: string; readonly accept: string };
}

/** A snapshot that was found to be possible. */
export interface ReadySnapshot {
  readonly appVm: AppVm;
  readonly name: string;
  readonly description: string | undefined;
  readonly consistency: SnapshotTaken['consistency'];
  /** Those that are there, oldest first. */
  readonly list: readonly Snapshot[];
}

/** @throws USAGE for a name Proxmox does not take, SNAPSHOT_REFUSED for a taken one or a storage that cannot */
export async function readySnapshot(context: Context, options: TakeOptions): Promise<ReadySnapshot> {
  const { name = defaultSnapshotName(context.clock.now()), description } = options;
  checkName(name);
  const appVm = await findAppVm(context);
  const { vm } = appVm;
  const [{ list }, verdicts, consistency] = await Promise.all([
    readSnapshots(appVm),
    judgeVm(appVm),
    consistencyOf(appVm),
  ]);
  const taken = list.find((each) => each.name === name);
  if (taken !== undefined) {
    throw new ZebuError(
      'SNAPSHOT_REFUSED',
      taken.unfinished === null
        ? `VM ${vm.vmid} has a snapshot ${name} already, of ${shortTime(taken.time)}`
        : `VM ${vm.vmid} has a half-made snapshot ${name}, of ${shortTime(taken.time)}`,
      {
        hint: `Choose another name, or delete that one: zebu vm:snapshot:delete ${name}`,
      },
    );
  }
  requireSnapshots(verdicts, vm.vmid);
  requireNoFreeze(verdicts, appVm, options.allowFreeze, options.freeze?.doing ?? 'A snapshot', options.freeze?.accept);
  if (consistency === 'crash')
    context.io.warn(
      `The guest agent of VM ${vm.vmid} does not answer: the snapshot is as consistent as after a power cut`,
    );
  return { appVm, name, description, consistency, list };
}

export async function runSnapshot(context: Context, ready: ReadySnapshot, report: StepReport): Promise<void> {
  const { appVm, name, description } = ready;
  await vmTask(context, appVm, report, {
    method: 'POST',
    path: '/snapshot',
    params: { snapname: name, ...(description === undefined ? {} : { description }) },
    task: 'qmsnapshot',
    label: `taking snapshot ${name} of VM ${appVm.vm.vmid}`,
  });
}

/** @throws as `readySnapshot` */
export async function takeSnapshot(context: Context, options: TakeOptions): Promise<SnapshotTaken> {
  const ready = await readySnapshot(context, options);
  const { appVm, name, consistency } = ready;
  const how = consistency === 'agent' ? ', file systems frozen through the guest agent' : '';
  await runSteps(context.io, context.signal, [
    {
      title: `Take snapshot ${name} of VM ${appVm.vm.vmid} (${appVm.name})${how}`,
      run: (report) => runSnapshot(context, ready, report),
    },
  ]);
  return { changed: true, ...facts(appVm), snapshot: name, consistency };
}

/** @throws SNAPSHOT_REFUSED naming the newer snapshots where the storage only goes back to the newest */
async function requireRollback(appVm: AppVm, snapshot: Snapshot, list: readonly Snapshot[]): Promise<void> {
  const verdicts = await judgeVm(appVm);
  requireSnapshots(verdicts, appVm.vm.vmid);
  const strict = verdicts.filter((verdict) => verdict.newestOnly);
  const newer = newerThan(snapshot.name, list);
  if (strict.length === 0 || newer.length === 0) return;
  const where = strict.map(({ slot, storage, type }) => `${slot} is on ${storage}, type ${type}`).join('; ');
  throw new ZebuError(
    'SNAPSHOT_REFUSED',
    `VM ${appVm.vm.vmid} can only go back to its newest snapshot (${where}); newer than ${snapshot.name}: ${newer.join(', ')}`,
    {
      hint: `Going back further means to delete those first, newest first: zebu vm:snapshot:delete ${newer.at(-1) ?? ''}`,
      details: { newer },
    },
  );
}

export interface RollbackOptions {
  readonly name: string;
  readonly start: boolean;
  /** Asked with what is about to be lost and the VM's name; false leaves everything as it is. */
  readonly confirm: (what: string, name: string) => Promise<true>;
}

/** Stops the VM and rewinds its disks and its configuration. @throws SNAPSHOT_MISSING, SNAPSHOT_REFUSED */
export async function rollbackSnapshot(context: Context, options: RollbackOptions): Promise<SnapshotRolledBack> {
  const appVm = await findAppVm(context);
  const { vm } = appVm;
  const snapshots = await readSnapshots(appVm);
  const snapshot = findSnapshot(options.name, snapshots, vm.vmid);
  requireFinished(snapshot, vm.vmid);
  await requireRollback(appVm, snapshot, snapshots.list);
  const age = formatSeconds(Math.max(0, context.clock.now().getTime() / 1000 - snapshot.time));
  const what = `This stops VM ${vm.vmid} (${appVm.name}) and rewinds its data to ${shortTime(snapshot.time)}, ${age} ago: everything written since is lost, rows of databases included`;
  const result = { ...facts(appVm), snapshot: snapshot.name, time: snapshot.time };
  await options.confirm(what, appVm.name);
  const running = options.start || snapshot.memory;
  const managed = vm.status.ha?.managed === true;
  // What the HA manager wants running it starts again in the middle of it; what it wants stopped it stops afterwards.
  const stops = managed && vm.status.status === 'running' && !snapshot.memory;
  const target = { client: appVm.client, node: vm.node, vmid: vm.vmid };
  await runSteps(context.io, context.signal, [
    ...(stops
      ? [
          {
            title: `Have the HA manager stop VM ${vm.vmid} (${appVm.name})`,
            run: (report: StepReport) => stop(context, appVm, report, true),
          },
        ]
      : []),
    {
      title: `Rewind VM ${vm.vmid} (${appVm.name}) to ${snapshot.name}, ${shortTime(snapshot.time)}${options.start ? ', and start it' : ''}`,
      run: (report) =>
        vmTask(context, appVm, report, {
          method: 'POST',
          path: `/snapshot/${snapshot.name}/rollback`,
          params: options.start && !managed ? { start: 1 } : {},
          task: 'qmrollback',
          label: `rewinding VM ${vm.vmid} to ${snapshot.name}`,
        }),
    },
    ...(running && managed
      ? starting(context, appVm, 'Have the HA manager keep it running').steps
      : running
        ? [bootStep({ context, target }), reachStep(context, target)]
        : []),
  ]);
  return { changed: true, ...result, status: running ? 'running' : 'stopped' };
}

/** @throws SNAPSHOT_MISSING, SNAPSHOT_REFUSED */
export async function deleteSnapshot(
  context: Context,
  options: { name: string; allowFreeze: boolean },
): Promise<SnapshotChange> {
  const appVm = await findAppVm(context);
  const { vm } = appVm;
  const snapshot = findSnapshot(options.name, await readSnapshots(appVm), vm.vmid);
  requireNoFreeze(await judgeVm(appVm), appVm, options.allowFreeze, `Deleting the snapshot ${snapshot.name}`);
  await runSteps(context.io, context.signal, [
    {
      title: `Delete snapshot ${snapshot.name} of VM ${vm.vmid} (${appVm.name})`,
      run: (report) => dropSnapshot(context, appVm, snapshot, report),
    },
  ]);
  return { changed: true, ...facts(appVm), snapshot: snapshot.name };
}

export async function dropSnapshot(
  context: Context,
  appVm: AppVm,
  { name, unfinished }: Snapshot,
  report: StepReport,
): Promise<void> {
  try {
    await vmTask(context, appVm, report, {
      method: 'DELETE',
      path: `/snapshot/${name}`,
      // Not every disk has the snapshot then, and Proxmox would stop at the first that lacks it.
      params: unfinished === null ? {} : { force: 1 },
      task: 'qmdelsnapshot',
      label: `deleting snapshot ${name} of VM ${appVm.vm.vmid}`,
    });
  } catch (error) {
    // Somebody else has deleted it meanwhile: nothing is left to do.
    if (!says(error, 'snapshot missing')) throw error;
  }
}

/** `2026-11-24 21:03:00 UTC`. */
export function shortTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
