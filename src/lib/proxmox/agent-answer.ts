import { isZebuError, ZebuError } from '@zebu/kit';
import * as z from 'zod';
import type { ProxmoxClient } from './client.js';
import type { NodeName, Vmid } from './ids.js';
import { saidBy, says } from './said.js';

/**
 * What the guest agent itself refuses: some questions Proxmox then answers with 200 and an error inside, others with 500.
 * While a backup or a snapshot has frozen the VM's file systems, that is everything but a ping.
 */

interface Asked {
  readonly client: ProxmoxClient;
  readonly node: NodeName;
  readonly vmid: Vmid;
}

const refusedAnswer = z.object({ result: z.object({ error: z.object({ desc: z.string().default('') }) }) });
const stateAnswer = z.object({ result: z.string() });

const DISABLED = /Command (guest-[\w-]+) has been disabled/;

/** The agent's own words, of an answer or of an error; undefined when it did not refuse. */
function refusalIn(answer: unknown): string | undefined {
  if (!isZebuError(answer)) {
    const parsed = refusedAnswer.safeParse(answer);
    return parsed.success ? parsed.data.result.error.desc || 'without a word' : undefined;
  }
  const reason = saidBy(answer) ?? '';
  return DISABLED.test(reason) ? reason.replace(/^.*?Agent error: /, '') : undefined;
}

/** An agent whose configuration forbids a command says the same words as one of a frozen VM: its state tells them apart. */
async function explain({ client, node, vmid }: Asked, said: string): Promise<ZebuError> {
  const [, command] = DISABLED.exec(said) ?? [];
  if (command === undefined) {
    return new ZebuError('PROXMOX_REFUSED', `The guest agent of VM ${vmid} refused: ${said}`, {
      details: { reason: said },
    });
  }
  const state = await client.request('POST', `/nodes/${node}/qemu/${vmid}/agent/fsfreeze-status`).then(
    (data) => stateAnswer.safeParse(data).data?.result,
    () => undefined,
  );
  if (state === 'thawed') {
    return new ZebuError(
      'VM_NOT_READY',
      `The guest agent of VM ${vmid} has ${command} disabled by its own configuration`,
      {
        hint: 'In the VM: allow it in /etc/qemu/qemu-ga.conf (block-rpcs) or /etc/sysconfig/qemu-ga, and restart qemu-guest-agent.',
        details: { agent: 'disabled', command, reason: said },
      },
    );
  }
  return new ZebuError(
    'VM_NOT_READY',
    `A backup or snapshot holds the file systems of VM ${vmid}: its guest agent does nothing until it is done`,
    {
      hint: `Wait for its end; the VM's tasks in Proxmox show it. If none is going on, it died: on the host, qm guest cmd ${vmid} fsfreeze-thaw`,
      details: { agent: 'frozen', command, reason: said },
    },
  );
}

const isNotRunning = (error: unknown): boolean =>
  isZebuError(error) && error.code === 'PROXMOX_REFUSED' && says(error, 'not running');

/** Of a VM that ran when the command began. */
export function stoppedMeanwhile(vmid: number, details: Readonly<Record<string, unknown>>, cause: unknown): ZebuError {
  return new ZebuError(
    'VM_NOT_RUNNING',
    `VM ${vmid} does not run any more: it has stopped while its guest agent was asked`,
    {
      hint: 'Somebody stopped it, it shut itself down, or it crashed. Start it again, and look at its console: zebu vm:start, zebu vm:console --follow',
      details,
      cause,
    },
  );
}

/** File systems are held for seconds, of a large disk as a qcow2 file for minutes. */
export function isFrozen(error: unknown): boolean {
  return isZebuError(error) && error.code === 'VM_NOT_READY' && error.details?.['agent'] === 'frozen';
}

/**
 * What the agent answers, as Proxmox gives it.
 * @param ask one question to the agent of this VM
 * @throws VM_NOT_READY while file systems are held (`isFrozen`), or when the agent may not do it; VM_NOT_RUNNING; what the question throws
 */
export async function agentAnswer(target: Asked, ask: () => Promise<unknown>): Promise<unknown> {
  for (let again = false; ; again = true) {
    let answer: unknown;
    try {
      answer = await ask();
    } catch (error) {
      if (isNotRunning(error)) throw stoppedMeanwhile(target.vmid, { status: 'stopped' }, error);
      if (refusalIn(error) === undefined) throw error;
      answer = error;
    }
    const said = refusalIn(answer);
    if (said === undefined) return answer;
    const why = await explain(target, said);
    // They may have been given free between the question and that for the state: what was refused was not done, so it can
    // be asked once more, and only who refuses again does so by its configuration.
    if (again || why.details?.['agent'] !== 'disabled') throw why;
  }
}
