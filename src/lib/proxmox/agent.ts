import { isZebuError, ZebuError } from '@zebu/kit';
import type { z } from 'zod';
import type { Clock } from '../context/context.js';
import { timeLimit } from '../context/time-limit.js';
import { agentAnswer, isFrozen, stoppedMeanwhile } from './agent-answer.js';
import { agentFileAnswer, agentInterfacesAnswer, qemuStatusAnswer, type QemuStatus } from './answers.js';
import type { ProxmoxClient } from './client.js';
import type { NodeName, Vmid } from './ids.js';
import { parseAnswer } from './parse.js';
import { says } from './said.js';

export interface AgentTarget {
  readonly client: ProxmoxClient;
  readonly node: NodeName;
  readonly vmid: Vmid;
}

export interface Waiting {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds until VM_NOT_READY. */
  readonly timeoutMs: number;
  /** What is being waited for, with the seconds waited. */
  readonly onWait: (text: string) => void;
  /** Milliseconds between two attempts at most; 2000 unless said. */
  readonly longestPauseMs?: number;
}

export type Interfaces = z.infer<typeof agentInterfacesAnswer>['result'];

const path = ({ node, vmid }: AgentTarget): string => `/nodes/${node}/qemu/${vmid}`;

/** PVE's 500 for an agent that does not answer, and what the proxy says when it takes too long. */
export function isNotYet(error: unknown): boolean {
  if (!isZebuError(error)) return false;
  if (error.code === 'UNREACHABLE' || error.code === 'OUTCOME_UNKNOWN') return true;
  return error.code === 'PROXMOX_REFUSED' && says(error, 'agent not yet');
}

/**
 * Tries until it works; the pause grows from a quarter second to two. What counts is the time alone: an attempt that takes
 * longer than what is left of it is left alone, its signal aborted. Errors that waiting cannot cure are thrown at once;
 * that a backup or snapshot holds the VM's file systems passes in any case.
 */
export async function retryUntil<T>(
  waiting: Waiting,
  what: string,
  attempt: (signal: AbortSignal) => Promise<T | undefined>,
  giveUp: (last: unknown) => ZebuError,
  cures: (error: unknown) => boolean = isNotYet,
): Promise<T> {
  const { signal, timeoutMs, longestPauseMs = 2000 } = waiting;
  const limit = timeLimit(timeoutMs, waiting);
  let last: unknown;
  for (let pause = 250; ; pause = Math.min(pause * 1.4, longestPauseMs)) {
    try {
      const found = await limit.within(attempt);
      if (found !== undefined) return found;
    } catch (error) {
      signal.throwIfAborted();
      if (!cures(error) && !isFrozen(error)) throw error;
      last = error;
    }
    if (limit.left() === 0) throw isFrozen(last) ? last : giveUp(last);
    waiting.onWait(what);
    await limit.sleep(pause);
    if (limit.left() === 0) throw isFrozen(last) ? last : giveUp(last);
  }
}

/** Proxmox's last word on the VM, from while its agent was silent. */
interface Look {
  status?: QemuStatus;
}

/**
 * One question to the agent. An agent that is silent keeps Proxmox busy for seconds, so that it is only asked again of a VM
 * that runs.
 * @throws VM_NOT_RUNNING when it does not
 */
async function askAgent<T>(target: AgentTarget, question: () => Promise<T>, look: Look = {}): Promise<T> {
  try {
    return await question();
  } catch (error) {
    if (!isNotYet(error)) throw error;
    look.status = parseAnswer(
      qemuStatusAnswer,
      await target.client.request('GET', `${path(target)}/status/current`),
      'the status of the VM',
    );
    if (look.status.status === 'running') throw error;
    throw stoppedMeanwhile(target.vmid, { status: look.status.status, qmpstatus: look.status.qmpstatus }, error);
  }
}

/**
 * Asks for the interfaces, since that is what everybody wants to know next.
 * @param console what the VM said on its serial port, or why that is not known, for the error
 * @throws VM_NOT_READY after the deadline, with what Proxmox said of the VM; VM_NOT_RUNNING when it stops meanwhile
 */
export async function waitForAgent(
  target: AgentTarget,
  waiting: Waiting,
  console: () => readonly string[] = () => [],
): Promise<Interfaces> {
  const { vmid } = target;
  const look: Look = {};
  return retryUntil(
    waiting,
    'waiting for the guest agent',
    () => askAgent(target, () => readInterfaces(target), look),
    (last) => {
      const { status } = look;
      const seconds = Math.round(waiting.timeoutMs / 1000);
      return new ZebuError(
        'VM_NOT_READY',
        `VM ${vmid} is ${status?.status ?? 'started'}, but its guest agent did not answer within ${seconds} s`,
        {
          hint: `Look at its console (qm terminal ${vmid}). Does the image contain qemu-guest-agent? On a slow host raise vm.boot_timeout; run again to go on.`,
          details: {
            status: status?.status,
            qmpstatus: status?.qmpstatus,
            uptime: status?.uptime,
            agent: isZebuError(last) ? last.message : 'no answer',
            console: console(),
          },
        },
      );
    },
  );
}

export async function readInterfaces(target: AgentTarget): Promise<Interfaces> {
  const ask = (): Promise<unknown> => target.client.request('GET', `${path(target)}/agent/network-get-interfaces`);
  const data = await agentAnswer(target, ask);
  return parseAnswer(agentInterfacesAnswer, data, 'the interfaces of the VM').result;
}

/**
 * The IPv4 address of the interface with this MAC. Docker's bridges, tunnels and link-local addresses of other
 * interfaces are not looked at: they answer first on a busy VM.
 */
export function addressOf(interfaces: Interfaces, mac: string): string | undefined {
  const nic = interfaces.find((each) => each['hardware-address']?.toLowerCase() === mac.toLowerCase());
  return nic?.['ip-addresses'].find(
    (address) => address['ip-address-type'] === 'ipv4' && !address['ip-address'].startsWith('169.254.'),
  )?.['ip-address'];
}

/** @param known the interfaces as they were last. @throws VM_NOT_READY when the interface got no address */
export async function waitForAddress(
  target: AgentTarget,
  mac: string,
  waiting: Waiting,
  known: Interfaces = [],
): Promise<string> {
  const address = addressOf(known, mac);
  if (address !== undefined) return address;
  return retryUntil(
    waiting,
    `waiting for an address on ${mac}`,
    async () => addressOf(await askAgent(target, () => readInterfaces(target)), mac),
    () =>
      new ZebuError('VM_NOT_READY', `VM ${target.vmid} runs, but its interface ${mac} got no IPv4 address`, {
        hint: 'Is there a DHCP server on that bridge and VLAN? Otherwise set vm.network.address.',
      }),
  );
}

/** Strongest first: what most clients will use. */
const HOST_KEY_FILES = ['ed25519', 'ecdsa', 'rsa'].map((type) => `/etc/ssh/ssh_host_${type}_key.pub`);

async function readHostKey(target: AgentTarget, file: string): Promise<string | undefined> {
  try {
    const ask = (): Promise<unknown> => target.client.request('GET', `${path(target)}/agent/file-read`, { file });
    const data = await agentAnswer(target, ask);
    const [type, key] = parseAnswer(agentFileAnswer, data, file).content.trim().split(/\s+/);
    return type === undefined || key === undefined || key === '' ? undefined : `${type} ${key}`;
  } catch (error) {
    if (says(error, 'file missing')) return undefined;
    throw error;
  }
}

/** A VM that makes its keys at first boot has none for a while; older types are asked for less often than the usual one. */
const OTHER_TYPES_EVERY = 5;

/** The VM's own SSH host keys, read through the hypervisor. @throws VM_NOT_READY when it has none in time */
export async function waitForHostKeys(target: AgentTarget, waiting: Waiting): Promise<readonly string[]> {
  let attempt = 0;
  return retryUntil(
    // The keys are made in the middle of the boot, and every later step waits for them: ask often.
    { ...waiting, longestPauseMs: 500 },
    'waiting for its SSH host keys',
    async () => {
      attempt++;
      const files = attempt % OTHER_TYPES_EVERY === 0 ? HOST_KEY_FILES : HOST_KEY_FILES.slice(0, 1);
      const keys = await askAgent(target, () => Promise.all(files.map((file) => readHostKey(target, file))));
      const strongest = keys.find((key) => key !== undefined);
      return strongest === undefined ? undefined : [strongest];
    },
    () =>
      new ZebuError('VM_NOT_READY', `VM ${target.vmid} has no SSH host keys`, {
        hint: 'Does the image contain openssh-server? cloud-init makes the keys at first boot.',
      }),
  );
}
