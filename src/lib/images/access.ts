import { isZebuError } from '@zebu/kit';
import { readAuthority } from '../certificate/read.js';
import type { Context } from '../context/context.js';
import { collectSecrets } from '../secrets/collect.js';
import { tokenHere } from '../secrets/registries.js';
import { RegistrySilent, type RegistryAccess } from './registry.js';

/** As `registries` in zebu.yml has it; of one that is not named there nobody is let in who has to say who he is. */
export async function accessTo(context: Context, host: string): Promise<RegistryAccess> {
  const { signal, config } = context;
  const index = config.registries.findIndex((each) => each.host === host);
  const registry = config.registries[index];
  if (registry === undefined) return { host, login: undefined, authority: undefined, signal };
  const authority =
    registry.ca_file === undefined
      ? undefined
      : await readAuthority(context, `registries.${index}.ca_file`, registry.ca_file);
  try {
    const { values } = await collectSecrets(context);
    const token = await tokenHere(context, registry, values);
    return { host, login: token === undefined ? undefined : { user: registry.user, token }, authority, signal };
  } catch (error) {
    // Other registries need not know of a command that fails here.
    if (isZebuError(error) && error.code === 'REGISTRY_REFUSED') throw new RegistrySilent(error.message, true);
    throw error;
  }
}
