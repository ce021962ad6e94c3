import { describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { pathProperty, seeds } from '../../support/path-property.js';

// A few steps of what test/long/app does, with what else may be made up, for hundreds of rounds with other seeds: these are the same
// each time, so that what fails here was broken by a change. ZEBU_TEST_SEED=<seed> plays another one.
describe('made-up apps', { timeout: 600_000 }, () => {
  it.each(seeds(1, 7))('keep what their containers wrote, whatever is deployed: seed %i', async (seed) => {
    await expect(pathProperty(theLab(), seed, { steps: 4, reboots: false })).resolves.toBeUndefined();
  });
});
