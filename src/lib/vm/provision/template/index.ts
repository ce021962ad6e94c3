import { isZebuError, ZebuError } from '@zebu/kit';
import type { Context } from '../../../context/context.js';
import type { ProxmoxClient } from '../../../proxmox/client.js';
import { toVmid, type Vmid } from '../../../proxmox/ids.js';
import { copyName, copyTags, TEMPLATE_TAG } from '../../../proxmox/ownership.js';
import { holds, readPermissions } from '../../../proxmox/permissions.js';
import { requireTags } from '../../../proxmox/tags.js';
import { newNote, writeNote, type CopyNote } from '../../../temporary/note.js';
import { newFirewallSteps } from '../../change.js';
import type { DesiredVm } from '../../desired.js';
import { DISK_OPTIONS, newVmConfig, resizeStep, startStep, type PlannedStep, type VmPlan } from '../../plan.js';
import { surveyPlace, type Place } from '../../site.js';
import { cloudImage } from '../cloud-image.js';
import { chooseProvisioner, type Provisioner } from '../provisioner.js';
import { builderContext, builderVm } from './builder.js';
import { canLink, fittingTemplate, inMaking, readTemplates } from './find.js';
import { templateKey, templateName } from './key.js';
import { makingLine } from './mark.js';
import type { TemplateUse } from './model.js';

/** New VMs from a template of ours, which the first of them has made. */

/** @throws CONFIG_INVALID */
async function requireImage(context: Context): Promise<void> {
  const { image, provisioner } = context.config.vm;
  const id = chooseProvisioner({ image, provisioner }, await context.transport(), undefined);
  if (id === 'cloud-image') return;
  throw new ZebuError(
    'CONFIG_INVALID',
    'vm.template: a template is made of an image, and the VM comes from the community script',
    {
      hint: 'Give vm.image (and leave vm.provisioner out), or set vm.template to false.',
    },
  );
}

/** Known before minutes go into a template that could not be cloned. @throws PROXMOX_FORBIDDEN */
async function requireClone(client: ProxmoxClient, path: string): Promise<void> {
  const permissions = await readPermissions(client).catch((error: unknown) => {
    if (isZebuError(error) && (error.code === 'PROXMOX_REFUSED' || error.code === 'PROXMOX_FORBIDDEN'))
      return undefined;
    throw error;
  });
  if (permissions === undefined || holds(permissions, path, ['VM.Clone'])) return;
  throw new ZebuError(
    'PROXMOX_FORBIDDEN',
    `The login may not clone a VM from a template: it lacks VM.Clone on ${path}`,
    {
      hint: 'zebu doctor --role prints the role with all that zebu uses; without it set vm.template to false.',
      details: { privilege: 'VM.Clone', aclPath: path },
    },
  );
}

/** Another id that no VM has. */
async function anotherVmid(client: ProxmoxClient, taken: number): Promise<Vmid> {
  for (let vmid = taken + 1; vmid < taken + 100; vmid++) {
    try {
      await client.request('GET', '/cluster/nextid', { vmid });
      return toVmid(vmid);
    } catch (error) {
      if (!isZebuError(error) || error.code !== 'PROXMOX_REFUSED') throw error;
    }
  }
  throw new ZebuError('VMID_TAKEN', `No free id for a VM from ${taken} on`, { hint: 'Choose one with vm.vmid.' });
}

/** Ids of the template and of the VM: what is free is given to the template first, since it is made first. */
async function twoVmids(client: ProxmoxClient, desired: DesiredVm, place: Place): Promise<readonly [Vmid, Vmid]> {
  if (desired.vmid === undefined) return [place.vmid, await anotherVmid(client, place.vmid)];
  const free = toVmid(Number(await client.request('GET', '/cluster/nextid')));
  return [free === desired.vmid ? await anotherVmid(client, free) : free, desired.vmid];
}

/** The clone, what makes it the VM that is wanted, and from there on as any VM. */
function cloneSteps(
  context: Context,
  desired: DesiredVm,
  { node, bridge, vmid }: Pick<Place, 'bridge' | 'node' | 'vmid'>,
  use: TemplateUse,
): readonly PlannedStep[] {
  const base = `/nodes/${node}/qemu/${vmid}`;
  const note = newNote(context, 'template', `a clone of VM ${use.vmid}, ${use.name}`);
  const config = newVmConfig(desired, bridge);
  const removed = ['protection', 'nameserver', 'searchdomain'].filter((name) => config[name] === undefined);
  return [
    {
      title: `Clone VM ${vmid} (${desired.name}) from the template ${use.name} (VM ${use.vmid})`,
      call: {
        method: 'POST',
        path: `/nodes/${node}/qemu/${use.vmid}/clone`,
        params: {
          newid: vmid,
          name: copyName(desired.app),
          description: writeNote(note),
          ...(use.linked === null ? {} : { full: use.linked ? 0 : 1 }),
        },
        task: 'qmclone',
      },
      template: { kind: 'clone', tags: desired.tags, note, use },
    },
    {
      title: `Make it ours: ${desired.cores} cores, ${desired.memoryMb} MiB, ${bridge}, user, keys, tags`,
      call: {
        method: 'PUT',
        path: `${base}/config`,
        params: { ...config, delete: removed.join(',') },
        task: undefined,
      },
      adopt: { diskOptions: DISK_OPTIONS },
      template: { kind: 'adopt' },
    },
    resizeStep(base, desired.diskGb),
    startStep(base),
  ];
}

/** Before an image is downloaded for minutes: by it others see what is going on, and the id is taken. */
function createdFirst(plan: VmPlan): VmPlan {
  const creates = ({ call }: PlannedStep): boolean => call.task === 'qmcreate';
  return { ...plan, steps: [...plan.steps.filter(creates), ...plan.steps.filter((step) => !creates(step))] };
}

async function buildStep(
  context: Context,
  client: ProxmoxClient,
  desired: DesiredVm,
  { place, key, vmid, held }: { readonly place: Place; readonly key: string; readonly vmid: Vmid; readonly held: Vmid },
): Promise<{ readonly step: PlannedStep; readonly use: TemplateUse }> {
  await requireTags(client, `${copyTags(desired.app, 'template')};${TEMPLATE_TAG}`);
  const note: CopyNote = newNote(context, 'template', 'a template to clone new VMs from');
  const builder = builderVm(desired, {
    vmid,
    place,
    note: `${writeNote(note)}\n\n${makingLine(key)}`,
  });
  const plan = createdFirst(await cloudImage.plan(builderContext(context), client, builder, undefined));
  const use: TemplateUse = { vmid, name: templateName(key), made: true, linked: null };
  const base = `/nodes/${place.node}/qemu/${vmid}`;
  const call = (method: 'POST' | 'PUT', path: string, params: PlannedStep['call']['params'], task?: string) => ({
    method,
    path: `${base}/${path}`,
    params,
    task,
  });
  const hold: PlannedStep['call'] = {
    method: 'POST',
    path: `/nodes/${place.node}/qemu`,
    params: { vmid: held, name: builder.name, tags: builder.tags, description: writeNote(note) },
    task: 'qmcreate',
  };
  const convert: PlannedStep = { title: 'Make it a template', call: call('POST', 'template', {}, 'qmtemplate') };
  const step: PlannedStep = {
    ...convert,
    title: `Make the template ${use.name}: VM ${vmid} on ${place.node}, with Docker, and without users, keys and ids`,
    template: { kind: 'build', key, plan, desired: builder, note, hold, held, use },
    parts: [
      ...plan.steps.slice(0, 1),
      { title: `Keep the id ${held} free for the VM`, call: hold },
      ...plan.steps.slice(1, -1),
      ...newFirewallSteps(builder, plan),
      ...plan.steps.slice(-1),
      { title: 'Shut it down', call: call('POST', 'status/shutdown', {}, 'qmshutdown') },
      convert,
      { title: 'Name and protect it', call: call('PUT', 'config', { tags: TEMPLATE_TAG, protection: 1 }) },
      {
        title: `Give the id ${held} back`,
        call: { method: 'DELETE', path: `/nodes/${place.node}/qemu/${held}`, params: { purge: 1 }, task: 'qmdestroy' },
      },
    ],
  };
  return { step, use };
}

export const fromTemplate: Provisioner = {
  id: 'template',
  plan: async (context, client, desired, found): Promise<VmPlan> => {
    await requireImage(context);
    // A VM that was begun without one is finished without one.
    if (found !== undefined) return cloudImage.plan(context, client, desired, found);
    const place = await surveyPlace(client, desired);
    const { node, storage } = place;
    const key = templateKey(desired, context.config.vm.docker);
    const now = context.clock.now();
    const wanted = { key, node, storage, diskGb: desired.diskGb, now };
    const template = fittingTemplate(await readTemplates(client), wanted);
    await requireClone(client, template === undefined ? '/vms' : `/vms/${template.vmid}`);
    if (place.why !== undefined) context.io.note(`node ${node}: ${place.why}`);
    if (template !== undefined) {
      const { vmid, name } = template;
      const use: TemplateUse = { vmid, name, made: false, linked: await canLink(client, template) };
      return { node, vmid: place.vmid, steps: cloneSteps(context, desired, place, use), drift: [], template: use };
    }
    const other = await inMaking(client, key, node);
    if (other !== undefined) {
      context.io.note(`Another run is making the template, VM ${other}: this VM is made without it`);
      return cloudImage.plan(context, client, { ...desired, node }, undefined);
    }
    const [builder, own] = await twoVmids(client, desired, place);
    const { step, use } = await buildStep(context, client, desired, { place, key, vmid: builder, held: own });
    const steps = [step, ...cloneSteps(context, desired, { ...place, vmid: own }, use)];
    return { node, vmid: own, steps, drift: [], template: use };
  },
};
