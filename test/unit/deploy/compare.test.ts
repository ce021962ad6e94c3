import { describe, expect, it } from 'vitest';
import { compareServices, composeConfig, type Comparison } from '../../../src/lib/deploy/dry-run/compare.js';

const config = composeConfig.parse({
  name: 'shop',
  services: {
    told: { image: 'a', configs: [{ source: 'level' }] },
    keyed: { image: 'a', secrets: [{ source: 'token' }] },
    folder: {
      image: 'a',
      volumes: [{ type: 'bind', source: '/opt/zebu/shop/shared/secrets/env_file', target: '/code/.env' }],
    },
    mounts: { image: 'a', volumes: [{ type: 'bind', source: '/zebu-release/tree/docker/.env', target: '/app/.env' }] },
    other: { image: 'a' },
  },
  configs: { level: { environment: 'LEVEL' } },
  secrets: { token: { environment: 'TOKEN' } },
});

const replaced = (changed: Partial<Comparison>): readonly string[] =>
  compareServices({
    live: config,
    target: config,
    changedFiles: [],
    changedSecrets: [],
    changedSettings: [],
    strategies: new Map(),
    tended: new Map(),
    ...changed,
  })
    .filter(({ change }) => change === 'replaced')
    .map(({ service, reasons }) => `${service}: ${reasons.join('; ')}`);

describe('a plan names what is given another value', () => {
  it('as a config by a variable, and in the .env that is mounted, of a setting', () => {
    expect(replaced({ changedSettings: ['LEVEL'] })).toEqual([
      'folder: another .env: LEVEL',
      'mounts: another .env: LEVEL',
      'told: another value of LEVEL',
    ]);
  });

  it('as a secret by a variable, and in the .env that is mounted, of a secret', () => {
    expect(replaced({ changedSecrets: ['TOKEN'] })).toEqual([
      'folder: another .env: TOKEN',
      'keyed: another value of TOKEN',
      'mounts: another .env: TOKEN',
    ]);
  });

  it('and nothing else', () => {
    expect(replaced({})).toEqual([]);
    expect(replaced({ changedSettings: ['UNUSED'] })).toEqual([
      'folder: another .env: UNUSED',
      'mounts: another .env: UNUSED',
    ]);
  });
});
