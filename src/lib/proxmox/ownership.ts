import type { z } from 'zod';
import { COPY_PREFIX } from '../config/copy-name.js';
import type { vmResourcesAnswer } from './answers.js';

/** How a VM says that zebu made it, and for which app: tags, so that any machine with access to Proxmox can tell. */

export type VmRow = z.infer<typeof vmResourcesAnswer>[number];

const TAG = 'zebu';
const appTag = (app: string): string => `zebu-app-${app}`;

export function ownTags(app: string): string {
  return [TAG, appTag(app)].join(';');
}

/** Until it is as it should be before its first start. */
const UNFINISHED = 'zebu-unfinished';

/** Those of a VM that something else is still making for us. @param tags that it is to have */
export function unfinishedTags(tags: string): string {
  return [...tagsOf(tags), UNFINISHED].join(';');
}

export function isUnfinished(tags: string | undefined): boolean {
  return tagsOf(tags).includes(UNFINISHED);
}

export function tagsOf(text: string | undefined): readonly string[] {
  return (text ?? '').split(/[;, ]+/).filter((tag) => tag !== '');
}

export function isOwn(tags: string | undefined, app: string): boolean {
  return tagsOf(tags).includes(appTag(app));
}

/** What a copy of the app's VM is for. */
export type CopyKind = 'proof' | 'rebuild' | 'rehearsal' | 'template';

const COPY = 'zebu-copy';
const NAME_LIMIT = 63;

/** The tags of a copy: none of them is one that its original has. */
export function copyTags(app: string, kind: CopyKind): string {
  return [COPY, `zebu-${kind}-${app}`].join(';');
}

/**
 * What a copy is called. A clone has the tags of its original until they are replaced, but this name from the start: by it
 * nobody takes the copy for the VM of the app, also where its maker was killed in between.
 */
export function copyName(app: string): string {
  let name = `${COPY_PREFIX}${app}`.slice(0, NAME_LIMIT);
  while (name.endsWith('-')) name = name.slice(0, -1);
  return name;
}

export const isCopyName = (name: string | undefined): boolean => name?.startsWith(COPY_PREFIX) === true;

/** By its tags, or by its name where those are not its own yet. */
export function isCopy({
  tags,
  name,
}: {
  readonly tags?: string | undefined;
  readonly name?: string | undefined;
}): boolean {
  return tagsOf(tags).includes(COPY) || isCopyName(name);
}

/** Whether it has the tags of what copies of this kind are made of, which a clone has until it is given its own. */
export const hasTagsOfOriginal = (tags: string | undefined, app: string, kind: CopyKind): boolean =>
  (kind === 'template' ? isTemplate(tags) : isOwn(tags, app)) && !tagsOf(tags).includes(COPY);

/** The copies of an app in the cluster's list, those included whose tags are still those of their original. */
export function findCopies(rows: readonly VmRow[], app: string, kind: CopyKind): readonly VmRow[] {
  const tag = `zebu-${kind}-${app}`;
  return rows.filter(
    (row) =>
      row.type === 'qemu' &&
      (tagsOf(row.tags).includes(tag) || (hasTagsOfOriginal(row.tags, app, kind) && row.name === copyName(app))),
  );
}

/** What new VMs are cloned from; of no app, so that nothing that looks for an app's VM finds it. */
export const TEMPLATE_TAG = 'zebu-template';

/** Also of a clone of one that has not been given its own tags yet. */
export const isTemplate = (tags: string | undefined): boolean => tagsOf(tags).includes(TEMPLATE_TAG);

/** Templates that are being made, whichever app they are made for. */
export const findTemplatesInMaking = (rows: readonly VmRow[]): readonly VmRow[] =>
  rows.filter(
    (row) =>
      row.type === 'qemu' &&
      tagsOf(row.tags).includes(COPY) &&
      tagsOf(row.tags).some((tag) => tag.startsWith(`${TEMPLATE_TAG}-`)),
  );

/** The note in the web interface. */
export function ownNote(app: string): string {
  return `Virtual machine of the app "${app}", managed by zebu.\n\nzebu finds it by its tags; change it through zebu.yml.`;
}

/** The VM of an app in the cluster's list; what else has its tags, such as a copy of it that is being made, is not it. */
export function findOwn(rows: readonly VmRow[], app: string): readonly VmRow[] {
  return rows.filter((row) => row.type === 'qemu' && isOwn(row.tags, app) && !isCopy(row) && row.lock !== 'clone');
}

/**
 * A rebuild puts another machine in the place of the app's. As long as that one has not served, its tags say so, and which one was before
 * it: of the two it is the app's. So one request, which gives the new one its tags, is the moment of the change, and whoever is killed
 * after it leaves no doubt. Any further machine with the app's tag is somebody's doing, and is nobody's "one before". The number grows
 * with each change, back ones included; one that was never rebuilt has none, which is 0.
 */
const MACHINE = /^zebu-machine-(\d{1,6})$/;

export function machineNumber(tags: string | undefined): number {
  return Math.max(0, ...tagsOf(tags).map((tag) => Number(MACHINE.exec(tag)?.[1] ?? 0)));
}

/** As long as it has not served since it took the place of another. */
const HANDOVER = 'zebu-handover';

const BEFORE = /^zebu-before-(\d{1,9})$/;

/** The tags of a machine that takes the place of another. @param open it has not served yet, and took the place of this one */
export function machineTags(app: string, number: number, open?: { readonly before: number }): string {
  return [
    ownTags(app),
    ...(number === 0 ? [] : [`zebu-machine-${number}`]),
    ...(open === undefined ? [] : [HANDOVER, `zebu-before-${open.before}`]),
  ].join(';');
}

export const isHandover = (tags: string | undefined): boolean => tagsOf(tags).includes(HANDOVER);

/** The id of the one whose place it has just taken. */
export function machineBefore(tags: string | undefined): number | undefined {
  if (!isHandover(tags)) return undefined;
  const [, id] = BEFORE.exec(tagsOf(tags).find((tag) => BEFORE.test(tag)) ?? '') ?? [];
  return id === undefined ? undefined : Number(id);
}

/** The tags of a machine that is kept after another has taken its place, or was put back in it. */
export function formerTags(app: string): string {
  return ['zebu-former', `zebu-former-${app}`].join(';');
}

export const isFormer = (tags: string | undefined, app: string): boolean => tagsOf(tags).includes(`zebu-former-${app}`);

export function findFormer(rows: readonly VmRow[], app: string): readonly VmRow[] {
  return rows.filter((row) => row.type === 'qemu' && isFormer(row.tags, app));
}

/** Tags that are not zebu's: people sort their VMs by them, and choose by them what is backed up. */
export function foreignTags(tags: string | undefined): readonly string[] {
  return tagsOf(tags).filter((tag) => tag !== TAG && !tag.startsWith(`${TAG}-`));
}

/** Ours, and what somebody else has given it. */
export function withForeign(ours: string, ...others: readonly (string | undefined)[]): string {
  return [...new Set([...tagsOf(ours), ...others.flatMap(foreignTags)])].join(';');
}

/** Of machines with the app's tag, the one that is the app's; several where that is not said. */
export function inForce<Row extends { readonly tags?: string | undefined; readonly vmid: number }>(
  rows: readonly Row[],
): readonly Row[] {
  const open = rows.filter(({ tags }) => isHandover(tags));
  const latest = Math.max(...open.map(({ tags }) => machineNumber(tags)));
  const [taker, ...others] = open.filter(({ tags }) => machineNumber(tags) === latest);
  if (taker === undefined || others.length > 0) return rows;
  const before = machineBefore(taker.tags);
  return rows.filter(({ vmid }) => vmid !== before);
}
