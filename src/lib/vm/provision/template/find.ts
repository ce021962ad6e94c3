import type { QemuConfig } from '../../../proxmox/answers.js';
import type { ProxmoxClient } from '../../../proxmox/client.js';
import { listVms, readConfig } from '../../../proxmox/observe.js';
import { findTemplatesInMaking, isCopyName, isTemplate } from '../../../proxmox/ownership.js';
import { parseAnswer } from '../../../proxmox/parse.js';
import { diskBytes } from '../../../proxmox/properties.js';
import { hasEnded } from '../../../temporary/maker.js';
import { readNote } from '../../../temporary/note.js';
import * as z from 'zod';
import { DISK } from '../../facts.js';
import { isOutdated } from './key.js';
import { keyInMaking, readMark, type TemplateMark } from './mark.js';

/** A template of ours as it is. */
export interface Template extends TemplateMark {
  readonly vmid: number;
  readonly node: string;
  readonly name: string;
  /** Of its disk. */
  readonly storage: string;
  readonly volume: string;
  readonly diskBytes: number;
}

function templateOf(row: { readonly vmid: number; readonly node: string }, config: QemuConfig): Template | undefined {
  const mark = readMark(config['description']);
  const disk = config[DISK];
  const volume = disk?.split(',')[0];
  // A clone has the tags and the note of its template until it is given its own, but is none.
  if (mark === undefined || volume === undefined || config['template'] !== '1' || isCopyName(config['name']))
    return undefined;
  return {
    ...mark,
    vmid: row.vmid,
    node: row.node,
    name: config['name'] ?? String(row.vmid),
    storage: volume.slice(0, volume.indexOf(':')),
    volume,
    diskBytes: diskBytes(disk) ?? 0,
  };
}

/** All templates of ours that the login sees. The list says late what is one: its configuration says so at once. */
export async function readTemplates(client: ProxmoxClient): Promise<readonly Template[]> {
  const rows = (await listVms(client)).filter((row) => row.type === 'qemu' && isTemplate(row.tags));
  const found = await Promise.all(
    // One that is just being removed is none.
    rows.map(async (row) => templateOf(row, await readConfig(client, row).catch((): QemuConfig => ({})))),
  );
  return found.filter((each) => each !== undefined);
}

export interface WantedTemplate {
  readonly key: string;
  readonly node: string;
  readonly storage: string;
  /** Of the VM: a disk is never shrunk. */
  readonly diskGb: number;
  readonly now: Date;
}

/** Of those that fit the oldest id, so that everybody takes the same. */
export function fittingTemplate(
  templates: readonly Template[],
  { key, node, storage, diskGb, now }: WantedTemplate,
): Template | undefined {
  return templates
    .filter((each) => each.key === key && each.node === node && each.storage === storage)
    .filter((each) => !isOutdated(each.made, now) && each.diskGb <= diskGb)
    .toSorted((a, b) => a.vmid - b.vmid)[0];
}

/** The id of a VM that another run is making such a template of; not one whose maker has certainly ended. */
export async function inMaking(client: ProxmoxClient, key: string, node: string): Promise<number | undefined> {
  const rows = findTemplatesInMaking(await listVms(client)).filter((row) => row.node === node);
  const configs = await Promise.all(rows.map((row) => readConfig(client, row).catch((): QemuConfig => ({}))));
  return rows.find((_, at) => {
    const note = configs[at]?.['description'];
    const maker = readNote(note)?.maker;
    return keyInMaking(note) === key && maker !== undefined && !hasEnded(maker);
  })?.vmid;
}

const featureAnswer = z.object({ hasFeature: z.union([z.boolean(), z.coerce.number().transform((n) => n !== 0)]) });

/** Whether the storage of its disks can make a clone that holds only what differs. */
export async function canLink(
  client: ProxmoxClient,
  { node, vmid }: { readonly node: string; readonly vmid: number },
): Promise<boolean> {
  const data = await client.request('GET', `/nodes/${node}/qemu/${vmid}/feature`, { feature: 'clone' });
  return parseAnswer(featureAnswer, data, `what VM ${vmid} can`).hasFeature;
}
