import { variables, ZebuError } from '@zebu/kit';
import type { Context } from '../../../context/context.js';
import { pinsFor } from '../../../guest/address.js';
import { runAsRoot } from '../../../guest/as-root.js';
import { parseFacts } from '../../../guest/facts.js';
import { ZEBU_ROOT } from '../../../guest/zebu-root.js';
import type { ProxmoxClient } from '../../../proxmox/client.js';
import { toNodeName, toVmid } from '../../../proxmox/ids.js';
import { readConfig } from '../../../proxmox/observe.js';
import { TEMPLATE_TAG } from '../../../proxmox/ownership.js';
import { runTask, taskOptions } from '../../../proxmox/tasks.js';
import { whileBeating } from '../../../temporary/heartbeat.js';
import { forgetMemo, newMemo, writeMemo } from '../../../temporary/memo.js';
import { writeNote } from '../../../temporary/note.js';
import { removeCopy, type Place } from '../../../temporary/remove.js';
import type { Step, StepReport } from '../../../ui/steps.js';
import { beginEnsuring, endEnsuring } from '../../ensure/index.js';
import { readyLimit, type Ensuring } from '../../ensure/ensuring.js';
import { makingSteps } from '../../making.js';
import { planStep } from '../run.js';
import { BUILDER, builderContext } from './builder.js';
import { clear } from './clear.js';
import { templateName } from './key.js';
import { makingLine, templateNote } from './mark.js';
import type { TemplateBuild } from './model.js';
import SEAL from './seal.sh';

/** Steps within a step: each is what it waits for. */
async function inTurn(signal: AbortSignal, steps: readonly Step[], report: StepReport): Promise<void> {
  for (const step of steps) {
    signal.throwIfAborted();
    report.update(step.title);
    await step.run({
      output: (line) => report.output(line),
      update: (text, part) => report.update(text === '' ? step.title : `${step.title}: ${text}`, part),
      done: () => {},
    });
  }
}

/** @returns what is in it: `debian12` */
async function seal(ensuring: Ensuring): Promise<string> {
  const { context, session } = ensuring;
  if (session === undefined) throw new Error('who made it ready is logged in');
  const script = variables({ builder: BUILDER, zebu_root: ZEBU_ROOT }) + SEAL;
  const { io, signal } = context;
  const said = parseFacts(await runAsRoot(session, script, { io, signal, timeoutMs: readyLimit(ensuring).left() }));
  const os = said.get('os');
  if (said.get('sealed') === '1' && os !== undefined) return os;
  throw new ZebuError(
    'VM_NOT_READY',
    `VM ${ensuring.target.vmid} could not be emptied of what is its own, so it is no template: ${said.get('left') ?? 'its system is not named'}`,
    {
      hint: 'Run it with --debug to see where it stopped, or set vm.template to false.',
    },
  );
}

async function convert(
  context: Context,
  client: ProxmoxClient,
  { node, vmid }: Place,
  ensuring: Ensuring,
): Promise<void> {
  const { config } = context;
  const base = `/nodes/${node}/qemu/${vmid}`;
  const task = (type: string, label: string, path: string, params: Readonly<Record<string, number>> = {}) =>
    runTask(
      client,
      () => client.request('POST', `${base}/${path}`, params),
      { node, type, vmid },
      taskOptions(context, label),
    );
  await endEnsuring(ensuring);
  await task('qmshutdown', `shutting down VM ${vmid}`, 'status/shutdown', {
    timeout: Math.round(config.vm.stop_timeout),
    forceStop: 1,
  });
  await task('qmtemplate', `making VM ${vmid} a template`, 'template');
}

/** What cloud-init was given for its own making. */
const OWN_SETTINGS = ['ciuser', 'sshkeys', 'ipconfig0', 'nameserver', 'searchdomain'];

/** One request, after which it is a template for everybody: until then it is what a killed run has left. */
async function publish(
  client: ProxmoxClient,
  place: Place,
  { key, desired, note, use }: TemplateBuild,
  inside: { readonly os: string; readonly docker: string },
): Promise<void> {
  const name = templateName(key, inside);
  const config = await readConfig(client, place);
  const removed = OWN_SETTINGS.filter((option) => config[option] !== undefined);
  await client.request('PUT', `/nodes/${place.node}/qemu/${place.vmid}/config`, {
    name,
    tags: TEMPLATE_TAG,
    description: templateNote(
      { key, diskGb: desired.diskGb, made: note.since, app: desired.app },
      desired,
      inside.docker,
    ),
    protection: 1,
    ...(removed.length === 0 ? {} : { delete: removed.join(',') }),
  });
  use.name = name;
}

async function holdVmid(
  context: Context,
  client: ProxmoxClient,
  { hold, held }: TemplateBuild,
  place: Place,
): Promise<void> {
  await runTask(
    client,
    () => client.request('POST', hold.path, hold.params),
    { node: place.node, type: 'qmcreate', vmid: held },
    taskOptions(context, `keeping the id ${held}`),
  );
}

/** Makes the VM, empties it, and converts it. Whatever goes wrong, it is removed. */
export async function buildTemplate(
  context: Context,
  client: ProxmoxClient,
  build: TemplateBuild,
  report: StepReport,
): Promise<void> {
  const { plan, desired, note, key, held } = build;
  const own = builderContext(context);
  const place: Place = { node: toNodeName(plan.node), vmid: toVmid(plan.vmid) };
  const ensuring = beginEnsuring(own, { client, ...place }, desired);
  const memo = newMemo(context, place, note);
  let os = '';
  const [create, ...making] = makingSteps(plan, (step) => planStep(own, client, plan, step), ensuring);
  const steps: readonly Step[] = [
    ...(create === undefined ? [] : [create]),
    { title: `Keep the id ${held} free`, run: () => holdVmid(own, client, build, place) },
    ...making,
    {
      title: 'Empty it of what is its own',
      run: async () => {
        os = await seal(ensuring);
      },
    },
    { title: 'Make it a template', run: () => convert(own, client, place, ensuring) },
  ];
  await writeMemo(context, 'template', memo);
  try {
    await whileBeating(
      own,
      client,
      place,
      note,
      () => inTurn(own.signal, steps, report),
      (now) => `${writeNote(now)}\n\n${makingLine(key)}`,
    );
    await publish(client, place, build, { os, docker: ensuring.facts?.docker ?? '' });
    await removeCopy(own, client, { ...place, vmid: held });
    report.done(build.use.name);
  } catch (error) {
    report.update(`removing VM ${place.vmid}`);
    const begun = [place.vmid, held].map((vmid) => ({ place: { ...place, vmid } }));
    await clear(context, client, begun, memo);
    throw error;
  } finally {
    await endEnsuring(ensuring);
    await pinsFor(own, client).remove();
  }
  await forgetMemo(context, 'template', memo);
}
