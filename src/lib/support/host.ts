import { diagnose } from '../doctor/doctor.js';
import type { Context } from '../context/context.js';
import { nodesAnswer } from '../proxmox/answers.js';
import { makeClient } from '../proxmox/client.js';
import { vmStatus } from '../vm/lifecycle.js';
import { parseAnswer } from '../proxmox/parse.js';
import type { Names } from '../redaction/names.js';
import { reasonOf, section, within, type Section } from './section.js';
import type { Diagnosis } from '../doctor/results.js';

const NODES_MS = 30_000;
const DOCTOR_MS = 90_000;
const STATUS_MS = 30_000;

/** Learns the names of the nodes, which are hosts: without them nothing of Proxmox can be shown redacted. */
async function learnNodes(context: Context, names: Names): Promise<void> {
  await within(context, NODES_MS, async ({ io }) => {
    const client = await makeClient(await context.transport(), io);
    const nodes = parseAnswer(nodesAnswer, await client.request('GET', '/nodes'), 'the list of nodes');
    for (const { node } of nodes) names.learn('host', node);
  });
}

type Check = Diagnosis['checks'][number];

const line = ({ id, status, detail, code }: Check): string =>
  `${status.padEnd(4)}  ${id.padEnd(10)}  ${code === null ? '' : `${code}: `}${detail}`;

/** What was found until then stays when the time is up. */
async function doctor(
  context: Context | { readonly problem: unknown },
  signal: AbortSignal,
): Promise<Pick<Section, 'reason' | 'text'>> {
  const checks: Check[] = [];
  const look = (bounded: AbortSignal): Promise<Diagnosis> =>
    diagnose({ context, signal: bounded, onResult: (result) => checks.push(result) });
  let reason: string | null = null;
  try {
    if ('problem' in context) await look(signal);
    else await within(context, DOCTOR_MS, (bounded) => look(bounded.signal));
  } catch (error) {
    signal.throwIfAborted();
    reason = reasonOf(error);
  }
  return { text: checks.length === 0 ? null : checks.map(line).join('\n'), reason };
}

/** The sections about Proxmox, and the findings of doctor. */
export async function hostSections(
  context: Context | { readonly problem: unknown },
  names: Names,
  signal: AbortSignal,
): Promise<readonly Section[]> {
  let unreachable: unknown = 'problem' in context ? context.problem : undefined;
  if (!('problem' in context)) {
    try {
      await learnNodes(context, names);
    } catch (error) {
      signal.throwIfAborted();
      unreachable = error;
    }
  }
  const diagnosis: Section = { id: 'doctor', title: 'Doctor', ...(await doctor(context, signal)) };
  const vm = await section('vm', 'VM', signal, async () => {
    if ('problem' in context || unreachable !== undefined) throw unreachable;
    const { history, ...status } = await within(context, STATUS_MS, (bounded) => vmStatus(bounded, 'hour'));
    const measured = (history?.points ?? []).map((point) => JSON.stringify(point));
    return [JSON.stringify(status, null, 1), ...measured].join('\n');
  });
  return [diagnosis, vm];
}
