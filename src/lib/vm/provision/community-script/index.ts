import { randomBytes } from 'node:crypto';
import { ZebuError, type HostShell } from '@zebu/kit';
import { loginKey } from '../../../config/transport-keys.js';
import type { Context } from '../../../context/context.js';
import type { ProxmoxClient } from '../../../proxmox/client.js';
import type { DesiredVm } from '../../desired.js';
import { toVmid } from '../../../proxmox/ids.js';
import type { ExistingVm } from '../../../proxmox/observe.js';
import { surveyPlace, type Place } from '../../site.js';
import { isUnfinished } from '../../../proxmox/ownership.js';
import { DISK_OPTIONS, newVmConfig, resizeStep, startStep, type PlannedStep, type VmPlan } from '../../plan.js';
import { macOf } from '../../../proxmox/properties.js';
import { transportsWithShell } from '../../../providers/registry.js';
import { efiDiskProblem } from '../../snapshot/rules.js';
import type { Provisioner } from '../provisioner.js';
import { dialogTable } from './dialogs.js';
import { surveyHost } from './host-survey.js';
import { cachedImage } from './image-cache.js';
import { readJob, type JobState } from './job.js';
import { loadPin, SCRIPT } from './pin.js';
import type { ScriptRun } from './run.js';
import { certainlyFree } from './vmid.js';

/** In Proxmox's own range. By it the VM of a run is told from any other that might get the same id. */
function newMac(): string {
  return ['bc', '24', '11', ...[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

function scriptStep(run: ScriptRun): PlannedStep {
  const version = run.pin.pin.commit?.slice(0, 12) ?? run.pin.pin.recorded;
  return {
    title: run.underWay
      ? `Follow the community script that is making VM ${run.vmid} on the host`
      : `Make VM ${run.vmid} with the community script ${SCRIPT} (${version})`,
    call: {
      method: 'HOST',
      path: `${SCRIPT}@${version}`,
      params: Object.fromEntries(run.dialogs.map(({ title, answer }) => [title, answer])),
      task: undefined,
    },
    script: run,
  };
}

/** What the script leaves otherwise than any VM of zebu is: set before the VM is ever started. */
function adoptStep(base: string, desired: DesiredVm, bridge: string): PlannedStep {
  const config = newVmConfig(desired, bridge);
  // root's password above all; and settings the script makes up for which zebu.yml has none.
  const removed = ['cipassword', 'localtime', 'nameserver', 'searchdomain'].filter(
    (name) => config[name] === undefined,
  );
  return {
    title: 'Make it ours: user, keys, network, tags; no password',
    call: { method: 'PUT', path: `${base}/config`, params: { ...config, delete: removed.join(',') }, task: undefined },
    adopt: { diskOptions: DISK_OPTIONS },
  };
}

interface Target {
  readonly vmid: number;
  readonly mac: string;
}

async function newTarget(client: ProxmoxClient, desired: DesiredVm, place: Place): Promise<Target> {
  return {
    vmid: await certainlyFree(client, place, desired.vmid),
    mac: desired.network.mac?.toLowerCase() ?? newMac(),
  };
}

/** A run that goes on, or has ended well without anybody to take its VM over. */
const isUnderWay = (job: JobState): boolean => job.state === 'running' || (job.state === 'ended' && job.result.good);

async function shellOf({ oclif, transport }: Context): Promise<HostShell> {
  const { hostShell } = await transport();
  if (hostShell !== undefined) return hostShell;
  throw new ZebuError(
    'CONFIG_INVALID',
    'vm.provisioner community-script needs a shell on the host, which this transport has not',
    {
      hint: `Set proxmox.transport to ${await transportsWithShell(oclif, true)}, or vm.provisioner to cloud-image and give vm.image.`,
    },
  );
}

async function plan(
  context: Context,
  client: ProxmoxClient,
  desired: DesiredVm,
  found: ExistingVm | undefined,
): Promise<VmPlan> {
  const shell = await shellOf(context);
  const job = await readJob(shell, desired.app);
  const adopted = (node: string, vmid: number, bridge: string, mac: string | undefined): readonly PlannedStep[] => {
    const base = `/nodes/${node}/qemu/${vmid}`;
    const ours = { ...desired, network: { ...desired.network, mac: desired.network.mac ?? mac } };
    return [adoptStep(base, ours, bridge), resizeStep(base, desired.diskGb), startStep(base)];
  };
  if (found !== undefined && isUnfinished(found.config['tags']) && job.state === 'none') {
    // The script had ended and been cleaned up after: only taking over is left.
    const place = await bridgeOf(client, desired, found);
    return {
      node: found.node,
      vmid: found.vmid,
      steps: adopted(found.node, found.vmid, place, macOf(found.config['net0'])),
      drift: [],
    };
  }
  // The script makes its VM where it runs, so in a cluster there is nothing to choose.
  const host = await surveyHost(
    shell,
    desired.node,
    loginKey(context.loaded.transports, context.config.proxmox.transport),
  );
  const here = { ...desired, node: host.node };
  // The id of a run under way is taken, by that run.
  const place = await surveyPlace(client, isUnderWay(job) ? { ...here, vmid: undefined } : here);
  const before = job.state === 'none' ? undefined : { vmid: job.vmid, mac: job.mac };
  const target =
    before !== undefined && (isUnderWay(job) || found?.vmid === before.vmid)
      ? before
      : await newTarget(client, desired, place);
  const disk = place.storages.find(({ storage }) => storage === place.storage);
  const problem = disk === undefined ? undefined : efiDiskProblem(disk);
  if (problem !== undefined) context.io.warn(`${problem.detail}. ${problem.remedy}`);
  if (!host.customizes)
    context.io.warn('The host has no virt-customize: the community script installs libguestfs-tools there');
  const run: ScriptRun = {
    ...target,
    tags: desired.tags,
    pin: await loadPin(context.root),
    dialogs: dialogTable(desired, {
      ...target,
      os: desired.script.os,
      storage: place.storage,
      bridge: place.bridge,
      arch: host.arch,
    }),
    image: cachedImage(desired.script.os, host.arch),
    underWay: isUnderWay(job),
  };
  return {
    node: place.node,
    vmid: toVmid(target.vmid),
    steps: [scriptStep(run), ...adopted(place.node, target.vmid, place.bridge, target.mac)],
    drift: [],
  };
}

async function bridgeOf(client: ProxmoxClient, desired: DesiredVm, found: ExistingVm): Promise<string> {
  const current = /(?:^|,)bridge=([^,]+)/.exec(found.config['net0'] ?? '')?.[1];
  return desired.network.bridge ?? current ?? (await surveyPlace(client, { ...desired, vmid: undefined })).bridge;
}

/** Runs the community's Docker VM script on the host, unattended. Needs a shell there. */
export const communityScript: Provisioner = { id: 'community-script', plan };
