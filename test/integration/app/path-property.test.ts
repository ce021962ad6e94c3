import { expect, inject, it } from 'vitest';
import { pathProperty, seeds } from '../../support/path-property.js';

// The long form is test/long/app/path-property.test.ts. What fails is played again with ZEBU_TEST_SEED=<seed>.
it.each(seeds(1))('what containers wrote is there, whatever is deployed: seed %i', async (seed) => {
  await expect(pathProperty(inject('lab'), seed, { steps: 6, reboots: false })).resolves.toBeUndefined();
});
