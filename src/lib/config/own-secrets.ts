import { challengeSecrets, offsiteSecrets, receiverSecrets } from './named-secrets.js';
import type { Config } from './schema.js';

/**
 * Names of the secrets that zebu.yml itself has a use for: logins at registries and at the git server, ways to tell people, the
 * challenge of certificates, copies off the VM. No service is given them with all there is.
 */
export function ownSecrets({
  app,
  data,
  notify,
  pull,
  registries,
}: Pick<Config, 'app' | 'data' | 'notify' | 'pull' | 'registries'>): readonly string[] {
  return [
    ...new Set([
      ...registries.flatMap(({ secret }) => secret ?? []),
      ...notify.flatMap((each) => receiverSecrets(each).map(([, name]) => name)),
      ...(pull?.secret === undefined ? [] : [pull.secret]),
      ...challengeSecrets(app.proxy),
      ...offsiteSecrets(data).map(([, name]) => name),
    ]),
  ];
}
