import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/lib/config/schema.js';
import { plannedSteps } from '../../../src/lib/deploy/dry-run/steps.js';
import { ownerOf, wantedUnits } from '../../../src/lib/upkeep/wanted.js';
import { unitsChange } from '../../../src/lib/units/change.js';
import { renderUnit } from '../../../src/lib/units/unit.js';

const NOTHING = { services: {} } as unknown as Parameters<typeof plannedSteps>[2];

describe('the steps of a dry run', () => {
  it('name what the VM begins and ends to do by itself', () => {
    const config = configSchema.parse({ app: { name: 'shop' }, deploy: { probation: '10m' } });
    const units = wantedUnits(config).units.map((unit) => renderUnit(unit, ownerOf(config)));
    const change = unitsChange({ units, names: ['probation', 'watch'] }, new Map([['watch', 'a digest']]));
    expect(plannedSteps(config, [], NOTHING, { bytes: 0, paths: [], units: change }).slice(0, 3)).toEqual([
      'have the VM do by itself: probation',
      'have the VM do no more by itself: watch',
      'send nothing: the VM has the commit',
    ]);
    expect(plannedSteps(config, [], NOTHING, { bytes: 0, paths: [] })[0]).toBe('send nothing: the VM has the commit');
  });
});
