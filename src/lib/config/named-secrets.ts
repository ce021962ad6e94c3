import type { DataSettings } from './data-section.js';
import type { Receiver } from './notify-declaration.js';
import type { ProxyDeclaration } from './proxy-declaration.js';

/** Which declared secrets a section has a use for. */

/** Names of the secrets that the DNS challenge takes. */
export function challengeSecrets(proxy: Pick<ProxyDeclaration, 'tls'> | undefined): readonly string[] {
  const given = proxy?.tls;
  if (typeof given !== 'object' || !('dns' in given)) return [];
  const own = Object.values(given.options ?? {}).flatMap((value) => (typeof value === 'object' ? [value.secret] : []));
  return [...new Set([...(given.secret === undefined ? [] : [given.secret]), ...own])];
}

/** The secrets a receiver needs, each with the key that names it. */
export function receiverSecrets({
  apprise,
  webhook,
  key,
}: Receiver): readonly (readonly [key: string, name: string])[] {
  const named = { apprise, webhook: webhook?.includes('://') === true ? undefined : webhook, key };
  return Object.entries(named).flatMap(([each, name]) => (name === undefined ? [] : [[each, name] as const]));
}

/** Secrets that only zebu has a use for, each with the key that names it. */
export function offsiteSecrets(data: DataSettings | undefined): readonly (readonly [key: string, name: string])[] {
  const copies = data?.offsite;
  if (copies === undefined) return [];
  return [
    ['repository', copies.repository],
    ['password', copies.password],
    ...copies.environment.map((name) => ['environment', name] as const),
  ];
}
