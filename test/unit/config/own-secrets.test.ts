import { expect, it } from 'vitest';
import { ownSecrets } from '../../../src/lib/config/own-secrets.js';
import { configSchema } from '../../../src/lib/config/schema.js';

it('are those of logins, of who is told, of the git server and of the DNS challenge, each once', () => {
  const names = ['REGISTRY', 'URL', 'HOOK', 'KEY', 'GIT', 'DNS', 'APP'];
  const config = configSchema.parse({
    app: {
      name: 'shop',
      proxy: {
        domains: ['shop.example.org'],
        routes: [{ service: 'web', port: 80 }],
        image: 'registry.example.org/caddy:dns',
        tls: { dns: 'example', secret: 'DNS' },
      },
    },
    secrets: Object.fromEntries(names.map((name) => [name, {}])),
    registries: [{ host: 'ghcr.io', user: 'me', secret: 'REGISTRY' }],
    notify: [
      { name: 'phone', apprise: 'URL' },
      { name: 'desk', webhook: 'HOOK', key: 'KEY' },
    ],
    pull: { repository: 'https://git.example.org/shop.git', secret: 'GIT', signed_by: ['x.pub'] },
  });
  expect(ownSecrets(config).toSorted()).toEqual(['DNS', 'GIT', 'HOOK', 'KEY', 'REGISTRY', 'URL']);
});
