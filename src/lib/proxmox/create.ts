import { isZebuError, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context.js';
import { pinsFor, staticAddress, uuidOf, type GuestAddress } from '../guest/address.js';
import type { Pin } from '../guest/pin.js';
import { proveGuest, type GuestFacts } from '../guest/prove.js';
import { connectGuest } from '../guest/session.js';
import { runSteps, type Step, type StepReport } from '../ui/steps.js';
import { retryUntil, waitForAddress, waitForAgent, waitForHostKeys, type AgentTarget, type Waiting } from './agent.js';
import { makeClient, type ProxmoxClient } from './client.js';
import { desiredVm, expand, type DesiredVm } from './desired.js';
import { toNodeName, toVmid } from './ids.js';
import { findVm, readVm, surveySite } from './observe.js';
import { hasDisk, planCreation, planExisting, type Drift, type PlannedStep, type VmPlan } from './plan.js';
import { diskBytes, macOf } from './properties.js';
import { runTask } from './tasks.js';

export interface VmCreated {
  /** False when the VM was there, running and as it should be. */
  readonly changed: boolean;
  readonly dryRun: boolean;
  readonly vmid: number;
  readonly node: string;
  readonly name: string;
  /** Null in a dry run. */
  readonly ip: string | null;
  readonly user: string;
  readonly hostKeys: readonly string[];
  readonly docker: string | null;
  readonly compose: string | null;
  /** What was done, or in a dry run would be. */
  readonly steps: readonly {
    readonly title: string;
    readonly method: string;
    readonly path: string;
    readonly params: Readonly<Record<string, unknown>>;
  }[];
  readonly guestChanges: readonly string[];
  readonly drift: readonly Drift[];
}

interface Planned {
  readonly desired: DesiredVm;
  readonly plan: VmPlan;
}

/** Sizes below which people run into trouble; said once, never refused. */
function warnOfSizes(context: Context): void {
  const { vm } = context.config;
  if (vm.cores < 2) context.io.warn('vm.cores is below the recommended minimum of 2');
  if (vm.memory_mb < 2048) context.io.warn('vm.memory_mb is below the recommended minimum of 2048');
  if (vm.disk_gb < 10) context.io.warn('vm.disk_gb is below the recommended minimum of 10');
}

async function planVm(context: Context, client: ProxmoxClient): Promise<Planned> {
  const desired = await desiredVm(context);
  const row = await findVm(client, desired.app);
  const found = row === undefined ? undefined : await readVm(client, row);
  if (found !== undefined && hasDisk(found)) return { desired, plan: planExisting(desired, found) };
  warnOfSizes(context);
  const site = await surveySite(client, desired);
  return { desired, plan: planCreation(desired, site, found) };
}

/** A disk that is as large already needs no growing; Proxmox would refuse it as shrinking. */
async function isDone(client: ProxmoxClient, step: PlannedStep, plan: VmPlan): Promise<string | undefined> {
  if (step.call.task !== 'resize') return undefined;
  const { config } = await readVm(client, plan);
  const bytes = diskBytes(config['scsi0']);
  const wanted = Number.parseInt(String(step.call.params['size']), 10) * 1024 ** 3;
  return bytes !== undefined && bytes >= wanted ? `has ${Math.round(bytes / 1024 ** 3)} GiB` : undefined;
}

function planStep(context: Context, client: ProxmoxClient, plan: VmPlan, step: PlannedStep): Step {
  const { io, signal, clock, config } = context;
  return {
    title: step.title,
    run: async (report) => {
      const done = await isDone(client, step, plan);
      if (done !== undefined) {
        report.done(done);
        return;
      }
      const { method, path, params, task } = step.call;
      const send = (): Promise<unknown> => client.request(method, path, params);
      if (task === undefined) {
        await send();
        return;
      }
      const vmid = task === 'download' ? undefined : toVmid(plan.vmid);
      await runTask(
        client,
        send,
        { node: toNodeName(plan.node), type: task, vmid },
        {
          io,
          signal,
          clock,
          timeoutMs: config.proxmox.task_timeout * 1000,
          label: `in task "${task}"`,
          onWait: (seconds) => report.update(`(${seconds} s)`),
        },
      );
    },
  };
}

interface Ready {
  address: GuestAddress | undefined;
  facts: GuestFacts | undefined;
}

/** A pin that says otherwise about the same machine is an alarm; about another one it is simply old. */
function checkPin(pin: Pin | undefined, uuid: string, vmid: number, keys: readonly string[]): void {
  if (pin === undefined || pin.uuid !== uuid || pin.vmid !== vmid) return;
  if (keys.some((key) => pin.hostKeys.includes(key))) return;
  throw new ZebuError('HOST_KEY_CHANGED', `The SSH host key of VM ${vmid} is not the one pinned on this machine`, {
    hint: 'If its keys were renewed on purpose, remove the pin with `zebu vm:destroy` or delete it below the state folder; otherwise find out why.',
  });
}

function waitFor(context: Context, seconds: number, report: StepReport): Waiting {
  return {
    clock: context.clock,
    signal: context.signal,
    timeoutMs: seconds * 1000,
    onWait: (text) => report.update(text),
  };
}

/** Errors of a machine that is still booting: sshd not there yet, the user not made yet. */
function bootCures(error: unknown): boolean {
  return isZebuError(error) && (error.code === 'UNREACHABLE' || error.code === 'AUTH_FAILED');
}

/** After this many milliseconds of being refused, a key is wrong rather than early. */
const AUTH_GRACE_MS = 180_000;

async function login(context: Context, address: GuestAddress, report: StepReport): Promise<SshSession> {
  const started = context.clock.elapsed();
  return retryUntil(
    waitFor(context, context.config.vm.ready_timeout, report),
    `waiting for ${address.user}@${address.host} to accept our key`,
    () => connectGuest(context, address),
    (last) => (isZebuError(last) ? last : new ZebuError('VM_NOT_READY', 'SSH in the VM did not become ready')),
    (error) =>
      bootCures(error) &&
      !(isZebuError(error) && error.code === 'AUTH_FAILED' && context.clock.elapsed() - started > AUTH_GRACE_MS),
  );
}

function readySteps(context: Context, client: ProxmoxClient, plan: VmPlan, ready: Ready): readonly Step[] {
  const { config } = context;
  const target: AgentTarget = { client, node: toNodeName(plan.node), vmid: toVmid(plan.vmid) };
  const pins = pinsFor(context, client);
  return [
    {
      title: 'Boot until the guest agent answers',
      run: (report) => waitForAgent(target, waitFor(context, config.vm.boot_timeout, report)),
    },
    {
      title: 'Find its address and pin its host key, through the agent',
      run: async (report) => {
        const vm = await readVm(client, target);
        const mac = macOf(vm.config['net0']);
        if (mac === undefined) throw new ZebuError('VM_DIFFERS', `VM ${plan.vmid} has no network interface net0`);
        const waiting = waitFor(context, config.vm.ready_timeout, report);
        const host = await waitForAddress(target, mac, waiting);
        const wanted = staticAddress(context);
        if (wanted !== undefined && wanted !== host) {
          throw new ZebuError(
            'VM_DIFFERS',
            `VM ${plan.vmid} has the address ${host}, not ${wanted} as vm.network.address wants`,
          );
        }
        const hostKeys = await waitForHostKeys(target, waiting);
        const pin = await pins.read();
        checkPin(pin, uuidOf(vm), vm.vmid, hostKeys);
        await pins.write({ app: config.app.name, vmid: vm.vmid, uuid: uuidOf(vm), mac, hostKeys: [...hostKeys] });
        ready.address = {
          vmid: target.vmid,
          node: target.node,
          host,
          port: config.vm.ssh_port,
          user: config.vm.user,
          identityFile:
            config.vm.identity_file === undefined ? undefined : expand(config.vm.identity_file, context.root),
          hostKeys,
          knownHostsFile: pins.knownHostsFile,
        };
        report.done(host);
      },
    },
    {
      title: 'Log in and prove Docker and Compose',
      run: async (report) => {
        const { address } = ready;
        if (address === undefined) throw new Error('the address is found before logging in');
        const sessions: SshSession[] = [];
        const reconnect = async (): Promise<SshSession> => {
          const session = await login(context, address, report);
          sessions.push(session);
          return session;
        };
        try {
          ready.facts = await proveGuest(await reconnect(), {
            user: address.user,
            io: context.io,
            signal: context.signal,
            timeoutMs: config.vm.ready_timeout * 1000,
            onWait: (text) => report.update(text),
            reconnect,
          });
          report.done(`Docker ${ready.facts.docker}, Compose ${ready.facts.compose}`);
        } finally {
          for (const session of sessions) await session.close();
        }
      },
    },
  ];
}

/** Makes the VM, or finishes one that a run before left unfinished, or finds that there is nothing to do. */
export async function createVm(context: Context, options: { dryRun: boolean }): Promise<VmCreated> {
  const client = await makeClient(await context.transport(), context.io);
  const { desired, plan } = await planVm(context, client);
  for (const { key, wanted, found } of plan.drift) {
    context.io.warn(`VM ${plan.vmid} differs: ${key} is ${found}, zebu.yml wants ${wanted}; nothing was changed`);
  }
  const ready: Ready = { address: undefined, facts: undefined };
  if (!options.dryRun) {
    try {
      await runSteps(context.io, context.signal, [
        ...plan.steps.map((step) => planStep(context, client, plan, step)),
        ...readySteps(context, client, plan, ready),
      ]);
    } catch (error) {
      throw explainInterruption(error, plan);
    }
  }
  context.io.debug(
    () => `${client.calls.length} requests, ${Math.round(client.calls.reduce((sum, call) => sum + call.ms, 0))} ms`,
  );
  return {
    changed: !options.dryRun && (plan.steps.length > 0 || (ready.facts?.changes.length ?? 0) > 0),
    dryRun: options.dryRun,
    vmid: plan.vmid,
    node: plan.node,
    name: desired.name,
    ip: ready.address?.host ?? null,
    user: desired.user,
    hostKeys: ready.address?.hostKeys ?? [],
    docker: ready.facts?.docker ?? null,
    compose: ready.facts?.compose ?? null,
    steps: plan.steps.map(({ title, call }) => ({ title, method: call.method, path: call.path, params: call.params })),
    guestChanges: ready.facts?.changes ?? [],
    drift: plan.drift,
  };
}

function explainInterruption(error: unknown, plan: VmPlan): unknown {
  if (!isZebuError(error) || error.code !== 'INTERRUPTED' || plan.steps.length === 0) return error;
  return new ZebuError('OUTCOME_UNKNOWN', `Interrupted while VM ${plan.vmid} was being made`, {
    hint: 'It is tagged as ours: run `zebu vm:create` again and it goes on from there.',
    cause: error,
  });
}
