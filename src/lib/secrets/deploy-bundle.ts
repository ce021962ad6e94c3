import { Sensitive } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { compareSecrets, generateMissing, refuseUnwanted } from './changes.js';
import { checkRequired, type CollectedSecrets } from './collect.js';
import { newDigestKey } from './digest.js';
import { secretBundle } from './bundle.js';
import { stamp } from './store.js';
import type { SecretChange } from './results.js';
import { latestEntries, type SecretStore } from '../app-folder/secrets/versions.js';

export interface DeployBundle {
  /** What is sent; empty when the VM has all values, so that a redeploy sends no secret at all. */
  readonly text: string;
  /** What gets another value by it. */
  readonly changed: readonly SecretChange[];
}

/**
 * What a deploy brings: only values that are new or that the source changed.
 * @throws SECRET_MISSING, SECRET_OUTDATED, SECRET_PROTECTED
 */
export function deployBundle(context: Context, collected: CollectedSecrets, found: SecretStore): DeployBundle {
  checkRequired(context, collected, Object.keys(latestEntries(found)));
  const declared = context.config.secrets;
  const key = found.key ?? newDigestKey();
  const changes = compareSecrets({ declared, ...collected, store: found, key });
  refuseUnwanted(context.config, changes, found);
  const set = new Map(generateMissing(declared, changes, (value) => new Sensitive(value)));
  for (const value of set.values()) context.io.mask(value.reveal());
  for (const { name, status } of changes) {
    const value = collected.values.get(name);
    if (value !== undefined && (status === 'added' || status === 'changed')) set.set(name, value);
  }
  return {
    text: secretBundle({ ...found, key }, { set, remove: [] }, stamp(context, 'deploy')),
    changed: changes.filter(({ name }) => set.has(name)),
  };
}

/** `API_KEY changed (.env), SESSION_KEY generated`: by name, for nobody wants to find out later. */
export function describeChanged(changed: readonly SecretChange[]): string {
  return changed
    .map(({ name, status, origin }) => `${name} ${status}${origin === null ? '' : ` (${origin})`}`)
    .join(', ');
}
