import { requirePrivilege, type Caller } from './access.js';
import { PveFault } from './fault.js';
import { parseProperties } from './property-string.js';
import type { LabState } from './state.js';

/** Who may use which tag: the datacenter can restrict them (`user-tag-access`, `registered-tags`). */

const words = (text: string): string[] => text.split(/[,; ]+/).filter((word) => word !== '');

/** Of `user-allow=list,user-allow-list=a;b`. */
function tagAccess(state: LabState): { readonly allow: string; readonly list: readonly string[] } {
  const properties = parseProperties(state.datacenter['user-tag-access'] ?? '', 'user-allow');
  return { allow: properties.get('user-allow') ?? 'free', list: words(properties.get('user-allow-list') ?? '') };
}

export const registeredTags = (state: LabState): readonly string[] => words(state.datacenter['registered-tags'] ?? '');

/** Tags that the caller may set, of those that are known; `GET /cluster/options` shows them as `allowed-tags`. */
export function allowedTags(state: LabState, caller: Caller): ReadonlySet<string> {
  const privileged = caller.may('/', 'Sys.Modify');
  const { allow, list } = tagAccess(state);
  const tags = new Set<string>(allow !== 'none' || privileged ? list : []);
  if (allow === 'free' || allow === 'existing' || privileged)
    for (const [vmid, { config }] of Object.entries(state.vms))
      if (privileged || caller.may(`/vms/${vmid}`, 'VM.Audit'))
        for (const tag of words(String(config['tags'] ?? ''))) tags.add(tag);
  for (const tag of registeredTags(state)) {
    if (privileged) tags.add(tag);
    else tags.delete(tag);
  }
  return tags;
}

/**
 * Every tag that comes or goes has to be one the caller may use.
 * @throws PveFault 403 naming the first that is not
 */
export function assertTags(state: LabState, caller: Caller, vmid: number, before: string, after: string): void {
  requirePrivilege(caller, `/vms/${vmid}`, 'VM.Config.Options');
  if (caller.may('/', 'Sys.Modify')) return;
  const [old, wanted] = [new Set(words(before)), new Set(words(after))];
  const allowed = allowedTags(state, caller);
  const registered = new Set(registeredTags(state));
  const free = tagAccess(state).allow === 'free';
  // In the order of a Perl hash on a real node: what comes is looked at first here.
  for (const tag of new Set([...wanted, ...old])) {
    if (old.has(tag) === wanted.has(tag)) continue;
    if (registered.has(tag) || !(free || allowed.has(tag)))
      throw new PveFault(403, `Permission check failed (/, Sys.Modify for modifying tag '${tag}')`);
  }
}

/** Each once, in alphabetical order, as the configuration keeps them. */
export const uniqueTags = (text: string): string => [...new Set(words(text))].toSorted().join(';');
