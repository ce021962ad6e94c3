import { expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { pathProperty, seeds } from '../../support/path-property.js';

/** ZEBU_TEST_ROUNDS says how many projects are made up; each is deployed, pruned, rolled back and restarted. */
const ROUNDS = Number(process.env['ZEBU_TEST_ROUNDS'] ?? 20);

// What fails is played again with ZEBU_TEST_SEED=<seed>.
it.each(seeds(ROUNDS))('what containers wrote is there, whatever is deployed: seed %i', async (seed) => {
  await expect(pathProperty(theLab(), seed, { steps: 15, reboots: true })).resolves.toBeUndefined();
});
