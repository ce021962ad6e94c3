import { ZebuError } from '@zebu/kit';
import { toZebuError } from '@zebu/kit/core';
import type { Context } from '../context/context.js';
import type { QemuConfig } from '../proxmox/answers.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { parseUpid, type Upid } from '../proxmox/ids.js';
import { runLongTask } from '../proxmox/long-task.js';
import { readConfig } from '../proxmox/observe.js';
import type { CopyKind } from '../proxmox/ownership.js';
import { runTask, taskOptions } from '../proxmox/tasks.js';
import { runSteps, type Step, type StepReport } from '../ui/steps.js';
import { bootStep } from '../vm/ensure/boot.js';
import { whileBeating } from '../temporary/heartbeat.js';
import { forgetMemo, newMemo, writeMemo, type Memo } from '../temporary/memo.js';
import { writeNote, type CopyNote } from '../temporary/note.js';
import { clearAway, CLEARING_MS, type Place } from '../temporary/remove.js';
import { hostOptions, requireApart } from './unplug.js';
import { toSeconds } from '../ui/units.js';

/** A copy of the app's VM that is being made, used and removed. */
export interface CopyPlan {
  readonly kind: CopyKind;
  readonly client: ProxmoxClient;
  readonly place: Place;
  readonly note: CopyNote;
  /** MAC addresses that it must not have, in lower case. */
  readonly originalMacs: ReadonlySet<string>;
  /** The request that makes it, and what its task is called. */
  readonly make: {
    readonly title: string;
    readonly type: 'qmclone' | 'qmrestore';
    /** The VM its task is about: of a clone, the original. */
    readonly taskVmid: Place['vmid'];
    readonly label: string;
    readonly send: () => Promise<unknown>;
  };
  /** Options that it gets before it starts, where making it cannot give it them. */
  readonly set: (config: QemuConfig) => Readonly<Record<string, number | string>>;
}

/** Seconds of the parts; null as long as one has not come to its end. */
export interface CopyTimes {
  make: number | null;
  /** From its start until the guest agent answers. */
  boot: number | null;
}

async function makeCopy(
  context: Context,
  plan: CopyPlan,
  report: StepReport,
  onTask: (upid: Upid) => Promise<void>,
): Promise<void> {
  const { client, place, make } = plan;
  await runLongTask(
    context,
    client,
    {
      node: place.node,
      vmid: make.taskVmid,
      type: make.type,
      label: make.label,
      send: async () => {
        const data = await make.send();
        const upid = parseUpid(data)?.upid;
        if (upid !== undefined) await onTask(upid);
        return data;
      },
    },
    report,
  );
}

/** Takes from it what its original has, and looks whether it is a copy and nothing more. @throws VM_DIFFERS */
async function setApart(context: Context, plan: CopyPlan): Promise<void> {
  const { client, place, originalMacs } = plan;
  const app = context.config.app.name;
  const config = await readConfig(client, place);
  const removed = hostOptions(config);
  const changes = { ...plan.set(config), ...(removed.length === 0 ? {} : { delete: removed.join(',') }) };
  if (Object.keys(changes).length > 0)
    await client.request('PUT', `/nodes/${place.node}/qemu/${place.vmid}/config`, changes);
  requireApart(place.vmid, await readConfig(client, place), app, originalMacs);
}

async function startCopy(context: Context, { client, place }: CopyPlan): Promise<void> {
  const { node, vmid } = place;
  await runTask(
    client,
    () => client.request('POST', `/nodes/${node}/qemu/${vmid}/status/start`),
    { node, type: 'qmstart', vmid },
    taskOptions(context, `starting the copy, VM ${vmid}`),
  );
}

/** Marks the copy as one that is left, so that no later run takes it for one of a run that was killed. */
async function leave({ client, place, note }: CopyPlan): Promise<void> {
  await client.request('PUT', `/nodes/${place.node}/qemu/${place.vmid}/config`, {
    description: writeNote({ ...note, kept: true }),
  });
}

export interface Using<T> {
  /** How long making and booting it took is in there by then. */
  readonly use: () => Promise<T>;
  /** Leaves the copy where it is: asked once `use` has ended, well or not. */
  readonly keep?: () => boolean;
}

/**
 * Makes a copy, boots it without a network, uses it, and removes it, whatever happens in between.
 * @param times is filled as it goes
 */
export async function withCopy<T>(
  context: Context,
  plan: CopyPlan,
  times: CopyTimes,
  { use, keep = () => false }: Using<T>,
): Promise<T> {
  const { clock, io, signal } = context;
  const { client, place, kind, note } = plan;
  const { node, vmid } = place;
  const { type, taskVmid: source } = plan.make;
  const memo: Memo = { ...newMemo(context, place, note), ...(type === 'qmclone' ? { source } : {}) };
  let upid: Upid | undefined;
  let refused = true;
  let began = clock.elapsed();
  const taken = (): number => toSeconds(clock.elapsed() - began);
  const boot = bootStep({ context, target: { client, node, vmid } });
  const steps: readonly Step[] = [
    {
      title: plan.make.title,
      run: async (report) => {
        began = clock.elapsed();
        await makeCopy(context, plan, report, async (task) => {
          upid = task;
          refused = false;
          context.setForcedExitError?.(
            new ZebuError('OUTCOME_UNKNOWN', `Interrupted; the copy, VM ${vmid}, is left`, {
              hint: 'The next run of the same command removes it.',
            }),
          );
          await writeMemo(context, kind, { ...memo, upid: task });
        });
        times.make = taken();
      },
    },
    { title: 'Unplug its network', run: () => setApart(context, plan) },
    {
      title: 'Start it',
      run: async () => {
        began = clock.elapsed();
        await startCopy(context, plan);
      },
    },
    {
      ...boot,
      run: async (report) => {
        await boot.run(report);
        times.boot = taken();
      },
    },
  ];
  await writeMemo(context, kind, memo);
  let kept = false;
  try {
    const [used] = await whileBeating(context, client, place, note, async () => {
      await runSteps(io, signal, steps);
      return Promise.allSettled([use()]);
    });
    // A beat that is still on its way would take the mark away again: not before the last one has been answered.
    if (!signal.aborted && keep()) {
      const [left] = await Promise.allSettled([leave(plan)]);
      kept = left.status === 'fulfilled';
      // What went wrong first is what counts.
      if (left.status === 'rejected' && used.status === 'fulfilled') throw left.reason;
    }
    if (used.status === 'rejected') throw used.reason;
    return used.value;
  } catch (error) {
    // Whether it was begun is not known where the answer was lost; what is there says whose it is.
    if (signal.aborted || (error as { code?: unknown }).code === 'OUTCOME_UNKNOWN') refused = false;
    throw error;
  } finally {
    if (kept || refused) await forgetMemo(context, kind, memo);
    else await removeInAnyCase(context, plan, upid, memo);
  }
}

/** What cannot be removed now is remembered for the next run, and hides nothing of what has happened before. */
async function removeInAnyCase(context: Context, plan: CopyPlan, upid: Upid | undefined, memo: Memo): Promise<void> {
  const { client, place, kind } = plan;
  try {
    await runSteps(context.io, AbortSignal.timeout(CLEARING_MS * 2), [
      { title: `Remove the copy, VM ${place.vmid}`, run: () => clearAway(context, client, { place, upid }) },
    ]);
    await forgetMemo(context, kind, memo);
  } catch (error) {
    context.io.warn(
      `The copy, VM ${place.vmid}, could not be removed: ${toZebuError(error).message}; the next run tries again`,
    );
  }
}
