import type { z } from 'zod';
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

/** The tags of a VM that something else is still making for us. */
export function unfinishedTags(app: string): string {
  return [TAG, appTag(app), UNFINISHED].join(';');
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

/** The note in the web interface. */
export function ownNote(app: string): string {
  return `Virtual machine of the app "${app}", managed by zebu.\n\nzebu finds it by its tags; change it through zebu.yml.`;
}

/** The VM of an app in the cluster's list. */
export function findOwn(rows: readonly VmRow[], app: string): readonly VmRow[] {
  return rows.filter((row) => row.type === 'qemu' && isOwn(row.tags, app));
}
