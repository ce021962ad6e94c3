import { ZebuError } from '@zebu/kit';
import type { Context } from '../../context/context.js';
import { runSteps, type Step } from '../../ui/steps.js';
import { formatSeconds } from '../../ui/units.js';
import { nodesAnswer } from '../../proxmox/answers.js';
import { makeClient, type ProxmoxClient } from '../../proxmox/client.js';
import { bootStep } from '../ensure/boot.js';
import { reachStep } from '../ensure/reach.js';
import { toNodeName, toVmid } from '../../proxmox/ids.js';
import { runLongTask } from '../../proxmox/long-task.js';
import { findVm, listVms, nextVmid } from '../../proxmox/observe.js';
import { isOwn, type VmRow } from '../../proxmox/ownership.js';
import { findAppVm } from '../app-vm.js';
import { parseAnswer } from '../../proxmox/parse.js';
import { placeVm } from '../../proxmox/placement.js';
import { requireSightOfVms, unlessUnseen } from '../../proxmox/sight.js';
import { shortTime } from '../snapshot/snapshots.js';
import { runTask, taskOptions } from '../../proxmox/tasks.js';
import { dumpVm } from './dump-vm.js';
import { restoreAnew } from './left-over.js';
import { backupMark } from './mark.js';
import { backupStorages, backupTags, chooseBackupStorage, findBackup, readBackups } from './read.js';
import type { Backup, BackupList, BackupMade, Restored } from './results.js';
import { jobStates, readJobsIfAllowed } from './state.js';

export interface BackupOptions {
  readonly storage?: string | undefined;
  readonly mode: 'snapshot' | 'stop' | 'suspend';
  readonly notes?: string | undefined;
  readonly protected: boolean;
  /** `keep-last=3,keep-weekly=4`: as Proxmox writes it; without it the storage's own rule holds. */
  readonly prune?: string | undefined;
}

const PRUNE = /^keep-(all=1|(last|hourly|daily|weekly|monthly|yearly)=[1-9]\d{0,4})$/;

/** @throws USAGE for a rule Proxmox would not take */
export function checkPrune(rule: string): void {
  const bad = rule.split(',').find((part) => !PRUNE.test(part));
  if (bad === undefined) return;
  throw new ZebuError('USAGE', `--prune ${rule}: \`${bad}\` is no rule of Proxmox`, {
    hint: 'Such as keep-last=3,keep-daily=7,keep-weekly=4; keep-all=1 prunes nothing.',
  });
}

interface Node {
  readonly client: ProxmoxClient;
  readonly vm: VmRow | undefined;
  readonly node: string;
}

/** The app's VM if there is one, and the node whose storages are looked at. */
export async function where(context: Context): Promise<Node> {
  const client = await makeClient(await context.transport(), context.io);
  const vm = await findVm(client, context.config.app.name);
  if (vm !== undefined) return { client, vm, node: vm.node };
  const nodes = parseAnswer(nodesAnswer, await client.request('GET', '/nodes'), 'the list of nodes');
  return { client, vm, node: placeVm(nodes, context.config.proxmox.node).node };
}

/** The chosen backup. An error says so when the login may not see all of them. */
export async function seen<Chosen>(client: ProxmoxClient, choose: () => Chosen): Promise<Chosen> {
  try {
    return choose();
  } catch (error) {
    throw await unlessUnseen(client, 'backup', error);
  }
}

/** Makes a whole copy of the VM with vzdump. @throws USAGE, CONFIG_INVALID without a storage that takes it */
export async function createBackup(context: Context, options: BackupOptions): Promise<BackupMade> {
  if (options.prune !== undefined) checkPrune(options.prune);
  const { app } = context.config;
  const appVm = await findAppVm(context);
  const { client, vm, name } = appVm;
  const storages = await backupStorages(client, vm.node);
  const storage = await seen(client, () => chooseBackupStorage(storages, options.storage));
  const before = await readBackups(client, vm.node, app.name, vm.vmid);
  const notes = [`${backupMark(app.name)}: {{guestname}}`, ...(options.notes === undefined ? [] : [options.notes])];
  await runSteps(context.io, context.signal, [
    {
      title: `Back up VM ${vm.vmid} (${name}) to ${storage}, mode ${options.mode}`,
      run: (report) =>
        dumpVm(
          context,
          client,
          {
            node: vm.node,
            vmid: vm.vmid,
            storage,
            mode: options.mode,
            notesTemplate: notes.join(', '),
            options: {
              ...(options.protected ? { protected: 1 } : {}),
              ...(options.prune === undefined ? {} : { 'prune-backups': options.prune }),
            },
          },
          report,
        ),
    },
  ]);
  const known = new Set(before.map((each) => each.backup));
  const made = (await readBackups(client, vm.node, app.name, vm.vmid)).find((each) => !known.has(each.backup));
  if (made === undefined) {
    const none = `Proxmox says VM ${vm.vmid} is backed up, but there is no new backup on ${storage}`;
    throw await unlessUnseen(client, 'backup', new ZebuError('TASK_FAILED', none));
  }
  return { changed: true, node: vm.node, name, ...made };
}

/** Whoever may see backups need not be one who may see the jobs of the datacenter. */
async function seenJobs(client: ProxmoxClient, app: string, vm: VmRow | undefined): Promise<BackupList['jobs']> {
  const jobs = vm === undefined ? undefined : await readJobsIfAllowed(client);
  return jobs === undefined ? null : jobStates(jobs, app, vm);
}

/** @throws PROXMOX_FORBIDDEN where there are none to be seen, and the login may not see all */
export async function listBackups(context: Context): Promise<BackupList> {
  const { app } = context.config;
  const { client, vm, node } = await where(context);
  const list = await readBackups(client, node, app.name, vm?.vmid);
  if (list.length === 0) {
    const none = new ZebuError('BACKUP_MISSING', `There is no backup of the app ${app.name}`);
    const error = await unlessUnseen(client, 'backup', none);
    if (error !== none) throw error;
  }
  return { vmid: vm?.vmid ?? null, node, list, jobs: await seenJobs(client, app.name, vm) };
}

export interface RestoreOptions {
  /** A volume id, the end of one, or `latest`. */
  readonly backup: string;
  readonly asNew: boolean;
  readonly start: boolean;
  /** For the disks; without it where they were. */
  readonly storage?: string | undefined;
  readonly confirm: (what: string, name: string) => Promise<true>;
}

/** What is in the backup must be this app's VM. @throws VM_DIFFERS */
export async function checkOwner(
  client: ProxmoxClient,
  node: string,
  backup: Backup,
  app: string,
): Promise<{ readonly name: string; readonly config: string }> {
  const config = String(await client.request('GET', `/nodes/${node}/vzdump/extractconfig`, { volume: backup.backup }));
  const name = /^name: (.*)$/m.exec(config)?.[1] ?? String(backup.vmid);
  if (isOwn(backupTags(config).join(';'), app)) return { name, config };
  throw new ZebuError('VM_DIFFERS', `${backup.backup} holds the VM ${name}, which is not of the app ${app}`, {
    hint: 'Only backups of the own VM are restored; for others use qmrestore on the host.',
  });
}

/** The id the VM had when it was backed up, if nobody else has it now; else the next free one. */
async function freeVmid(client: ProxmoxClient, wanted: number | undefined): Promise<number> {
  const taken = wanted === undefined || (await listVms(client)).some((row) => row.vmid === wanted);
  return taken ? nextVmid(client) : wanted;
}

/**
 * Puts a backup in the place of the app's VM, or beside it as a new one that is nobody's.
 * @throws BACKUP_MISSING, VM_DIFFERS for a backup of another VM
 */
export async function restoreBackup(context: Context, options: RestoreOptions): Promise<Restored> {
  const { app } = context.config;
  const { client, vm, node } = await where(context);
  if (vm === undefined && !options.asNew) await requireSightOfVms(client, app.name);
  const backups = await readBackups(client, node, app.name, vm?.vmid);
  const backup = await seen(client, () => findBackup(options.backup, backups, app.name));
  const { name } = await checkOwner(client, node, backup, app.name);
  const replaced = options.asNew ? undefined : vm;
  const vmid = replaced?.vmid ?? (await freeVmid(client, options.asNew ? undefined : backup.vmid));
  const result = {
    vmid,
    node,
    name: options.asNew ? `${name}-restored` : name,
    backup: backup.backup,
    time: backup.time,
    asNew: options.asNew,
  };
  if (replaced !== undefined) {
    const age = formatSeconds(Math.max(0, context.clock.now().getTime() / 1000 - backup.time));
    const what = `This replaces VM ${vmid} (${replaced.name ?? ''}), all its data and its snapshots by the backup of ${shortTime(backup.time)}, ${age} ago`;
    await options.confirm(what, replaced.name ?? String(vmid));
  }
  await runSteps(
    context.io,
    context.signal,
    restoreSteps(context, client, options, { backup, vmid, node, name, replaced }),
  );
  return { changed: true, ...result, status: options.start ? 'running' : 'stopped' };
}

interface Target {
  readonly backup: Backup;
  readonly vmid: number;
  readonly node: string;
  readonly name: string;
  readonly replaced: VmRow | undefined;
}

function restoreSteps(
  context: Context,
  client: ProxmoxClient,
  options: RestoreOptions,
  target: Target,
): readonly Step[] {
  const { backup, name, replaced } = target;
  const [vmid, node] = [toVmid(target.vmid), toNodeName(target.node)];
  const power =
    (action: string, type: string, label: string): Step['run'] =>
    async () => {
      await runTask(
        client,
        () => client.request('POST', `/nodes/${node}/qemu/${vmid}/status/${action}`),
        { node, type, vmid },
        taskOptions(context, label),
      );
    };
  const params = {
    vmid,
    archive: backup.backup,
    ...(options.storage === undefined ? {} : { storage: options.storage }),
    ...(replaced === undefined ? {} : { force: 1 }),
    // Beside the app's VM it must neither be taken for it nor come up with its addresses.
    ...(options.asNew ? { unique: 1, name: `${name}-restored`, tags: 'zebu-restored', onboot: 0 } : {}),
  };
  return [
    ...(replaced?.status === 'running'
      ? [{ title: `Stop VM ${vmid} (${name}) at once`, run: power('stop', 'qmstop', `stopping VM ${vmid}`) }]
      : []),
    {
      title: `Restore ${backup.backup} as VM ${vmid}`,
      run: (report) => {
        const send = (): Promise<unknown> => client.request('POST', `/nodes/${node}/qemu`, params);
        const task = { node, vmid, type: 'qmrestore', label: `restoring VM ${vmid}` };
        const restore = (sent: typeof send): Promise<void> =>
          runLongTask(context, client, { ...task, send: sent }, report);
        return replaced === undefined ? restoreAnew(context, client, { node, vmid }, send, restore) : restore(send);
      },
    },
    ...(options.start
      ? [
          { title: 'Start it', run: power('start', 'qmstart', `starting VM ${vmid}`) },
          bootStep({ context, target: { client, node, vmid } }),
          ...(options.asNew ? [] : [reachStep(context, { client, node, vmid })]),
        ]
      : []),
  ];
}
