import type { Config as OclifConfig } from '@oclif/core';
import { TRANSPORT_HOOK } from '@zebu/kit/core';
import { NOT_ASKED, type InstalledTransports } from '../config/installed-transports.js';

/** What plugins that do not come with zebu declare for zebu.yml; where there is none with a transport, nothing is loaded. */
export async function installedTransports(
  config: Pick<OclifConfig, 'plugins' | 'runHook'>,
): Promise<InstalledTransports> {
  const there = [...config.plugins.values()].some(({ type, hooks }) => type !== 'core' && TRANSPORT_HOOK in hooks);
  if (!there) return NOT_ASKED;
  const { offeredTransports } = await import('./registry.js');
  const { providers, broken } = await offeredTransports(config);
  return { declared: providers.flatMap(({ descriptor, own }) => (own ? [] : [descriptor])), broken };
}
