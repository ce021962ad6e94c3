import { sh } from '@zebu/kit';
import { installCalls } from './scripts.js';
import type { RenderedUnit } from './unit.js';

/** What brings the units of an app to those that are wanted. */
export interface UnitsChange {
  readonly install: readonly RenderedUnit[];
  /** Names. */
  readonly remove: readonly string[];
}

/**
 * Undefined where nothing differs.
 * @param names of all units that whoever asks knows of @param found unit → digest, as the VM has it on record
 */
export function unitsChange(
  { units, names }: { readonly units: readonly RenderedUnit[]; readonly names: readonly string[] },
  found: ReadonlyMap<string, string>,
): UnitsChange | undefined {
  const install = units.filter(({ name, digest }) => found.get(name) !== digest);
  const remove = names.filter((name) => found.has(name) && !units.some((unit) => unit.name === name));
  return install.length + remove.length === 0 ? undefined : { install, remove };
}

/** What is there, in a few words. */
export function describeChange({ install, remove }: UnitsChange): string {
  return [
    ...(install.length === 0 ? [] : [`without ${install.map(({ name }) => name).join(', ')} as it is now`]),
    ...(remove.length === 0 ? [] : [`with ${remove.join(', ')}`]),
  ].join(', ');
}

/** Calls of the functions of root.sh and install.sh. */
export function changeCalls({ install, remove }: UnitsChange): readonly string[] {
  return [
    ...(remove.length === 0 ? [] : [sh`remove_units ${remove}`, sh`forget_folders ${remove}`]),
    ...installCalls(install),
  ];
}
