import { describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { appProperty } from '../../support/app-property.js';
import { pathProperty, seeds } from '../../support/path-property.js';

// A few steps of what test/long/app does for hundreds of rounds with seeds that are made up: these are the same each time, so
// that what fails here was broken by a change. ZEBU_TEST_SEED=<seed> plays another one.
describe('made-up apps', { timeout: 600_000 }, () => {
  it.each(seeds(1, 7))('keep what their containers wrote, whatever is deployed: seed %i', async (seed) => {
    await expect(pathProperty(theLab(), seed, { steps: 4, reboots: false })).resolves.toBeUndefined();
  });

  it.each(seeds(1, 101))('run what their release says, and nothing else is touched: seed %i', async (seed) => {
    await expect(appProperty(theLab(), seed, 4)).resolves.toMatchObject({ rounds: 4 });
  });
});
