import { Sensitive } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { compareSecrets, generateMissing, refuseProtected } from './changes.js';
import { checkRequired, type CollectedSecrets } from './collect.js';
import { newDigestKey } from './digest.js';
import { secretBundle } from './bundle.js';
import { stamp } from './store.js';
import { latestEntries, type SecretStore } from '../app-folder/secrets/versions.js';

/**
 * What a deploy brings: only values that are new or that the source changed. Empty when the VM has them all, so that a
 * redeploy sends no secret at all.
 * @throws SECRET_MISSING, SECRET_PROTECTED
 */
export function deployBundle(context: Context, collected: CollectedSecrets, found: SecretStore): string {
  checkRequired(context, collected, Object.keys(latestEntries(found)));
  const declared = context.config.secrets;
  const key = found.key ?? newDigestKey();
  const changes = compareSecrets({ declared, ...collected, store: found, key });
  refuseProtected(declared, changes);
  const set = new Map(generateMissing(declared, changes, (value) => new Sensitive(value)));
  for (const value of set.values()) context.io.mask(value.reveal());
  for (const { name, status } of changes) {
    const value = collected.values.get(name);
    if (value !== undefined && (status === 'added' || status === 'changed')) set.set(name, value);
  }
  return secretBundle({ ...found, key }, { set, remove: [] }, stamp(context, 'deploy'));
}
