import * as z from 'zod';
import type { ProxmoxClient } from '../../../proxmox/client.js';
import { parseAnswer } from '../../../proxmox/parse.js';
import { isOutdated, LONGEST_DAYS } from './key.js';
import type { Template } from './find.js';

/** Which templates nobody needs any more. Templates are everybody's on the host: what another app may want is left alone. */

export interface JudgedTemplate extends Template {
  /** Why no new VM is cloned from it, or none of this app; undefined where one may be. */
  readonly old: string | undefined;
  /** VMs that hold only what differs from it: as long as there is one it is not removed. */
  readonly linked: readonly number[];
  /** What its disk takes on the storage; its size where that is not said. */
  readonly bytes: number;
}

const volumesAnswer = z.array(
  z.object({ volid: z.string(), vmid: z.coerce.number().optional(), used: z.coerce.number().optional() }),
);
type Volume = z.infer<typeof volumesAnswer>[number];

/** The volumes of the storages of templates; those that the login does not see are missing, and Proxmox itself refuses then. */
async function volumesOf(client: ProxmoxClient, templates: readonly Template[]): Promise<readonly Volume[]> {
  const paths = [...new Set(templates.map(({ node, storage }) => `/nodes/${node}/storage/${storage}/content`))];
  const lists = await Promise.all(
    paths.map((path) => client.request('GET', path, { content: 'images' }).catch((): unknown => [])),
  );
  return lists.flatMap((data) => parseAnswer(volumesAnswer, data, 'the volumes of a storage'));
}

export interface Wanted {
  readonly app: string;
  /** Of the template that zebu.yml asks for; undefined where it asks for none. */
  readonly key: string | undefined;
  readonly now: Date;
}

function whyOld(template: Template, all: readonly Template[], { app, key, now }: Wanted): string | undefined {
  if (isOutdated(template.made, now)) return `older than ${LONGEST_DAYS} days`;
  if (template.app === app && template.key !== key) return 'no longer what zebu.yml asks for';
  const twin = all.find(
    (each) =>
      each.vmid < template.vmid &&
      each.key === template.key &&
      each.node === template.node &&
      each.storage === template.storage &&
      each.diskGb <= template.diskGb &&
      !isOutdated(each.made, now),
  );
  return twin === undefined ? undefined : `the same as VM ${twin.vmid}`;
}

export async function judgeTemplates(
  client: ProxmoxClient,
  templates: readonly Template[],
  wanted: Wanted,
): Promise<readonly JudgedTemplate[]> {
  const volumes = await volumesOf(client, templates);
  return templates.map((template) => ({
    ...template,
    old: whyOld(template, templates, wanted),
    linked: volumes
      .filter(({ volid }) => volid.startsWith(`${template.volume}/`))
      .flatMap(({ vmid }) => (vmid === undefined ? [] : [vmid])),
    bytes: volumes.find(({ volid }) => volid === template.volume)?.used ?? template.diskBytes,
  }));
}

/** What may go. */
export const isUnneeded = ({ old, linked }: JudgedTemplate): boolean => old !== undefined && linked.length === 0;
