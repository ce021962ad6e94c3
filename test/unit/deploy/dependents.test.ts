import { describe, expect, it } from 'vitest';
import { composeConfig } from '../../../src/lib/deploy/dry-run/compare.js';
import { withDependents } from '../../../src/lib/deploy/dry-run/dependents.js';
import type { PlannedService } from '../../../src/lib/deploy/results.js';

const on = (name: string, restart?: boolean) => ({
  [name]: { condition: 'service_started', ...(restart && { restart }) },
});
const target = composeConfig.parse({
  name: 'shop',
  services: {
    alone: { image: 'a' },
    db: { image: 'a' },
    front: { image: 'a', depends_on: on('web') },
    jobs: { image: 'a', depends_on: on('db', true) },
    web: { image: 'a', depends_on: on('db') },
  },
});

const plan = (
  version: string,
  change: PlannedService['change'] = 'replaced',
  strategy: 'recreate' | 'rolling' = 'recreate',
) =>
  withDependents(
    ['alone', 'db', 'front', 'jobs', 'web'].map((service) => ({
      service,
      change: service === 'db' ? change : 'unchanged',
      strategy: service === 'db' && change !== 'unchanged' ? strategy : null,
      reasons: service === 'db' && change !== 'unchanged' ? ['settings changed: environment'] : [],
      forced: null,
    })),
    target,
    `${version}\n`,
  ).map(
    ({ service, change: is, reasons }) => `${service} ${is}${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`}`,
  );

describe('services that depend on one that is replaced', () => {
  it('are replaced with it by a Compose before 2.30, and what depends on them', () => {
    expect(plan('2.26.1-4')).toEqual([
      'alone unchanged',
      'db replaced: settings changed: environment',
      'front replaced: depends on web: this Compose (2.26.1-4) replaces both',
      'jobs replaced: depends on db: this Compose (2.26.1-4) replaces both',
      'web replaced: depends on db: this Compose (2.26.1-4) replaces both',
    ]);
    expect(plan('2.26.1-4', 'maybe-replaced')[4]).toMatch(/^web maybe-replaced: /);
  });

  it('are restarted by one before 2.36, themselves alone', () => {
    expect(plan('v2.33.0')).toEqual([
      'alone unchanged',
      'db replaced: settings changed: environment',
      'front unchanged',
      'jobs unchanged: depends on db: is restarted with it',
      'web unchanged: depends on db: is restarted with it',
    ]);
  });

  it.each(['2.36.0', '5.5.0', ''])(
    'are left as they are by a newer one unless they ask to be restarted: %s',
    (version) => {
      expect(plan(version).filter((line) => line.includes('depends'))).toEqual([
        'jobs unchanged: depends on db: is restarted with it',
      ]);
    },
  );

  it('are not replaced where services are rolled one by one, nor where nothing is replaced', () => {
    expect(plan('2.26.1', 'replaced', 'rolling').filter((line) => line.includes('depends'))).toEqual([
      'jobs unchanged: depends on db: is restarted with it',
    ]);
    expect(plan('2.26.1', 'unchanged').every((line) => line.endsWith(' unchanged'))).toBe(true);
  });
});
