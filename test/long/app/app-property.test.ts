import { expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { appProperty } from '../../support/app-property.js';
import { seeds } from '../../support/path-property.js';

/** ZEBU_TEST_ROUNDS says how many apps are made up; each is changed and deployed 25 times. */
const APPS = Number(process.env['ZEBU_TEST_ROUNDS'] ?? 8);
const CHANGES = 25;

// One that is the same each time: what fails with it was broken by a change.
it.each(seeds(1, 101))('a few changes of an app that is known: seed %i', { timeout: 1_800_000 }, async (seed) => {
  await expect(appProperty(theLab(), seed, 4)).resolves.toMatchObject({ rounds: 4 });
});

// What fails is played again with ZEBU_TEST_SEED=<seed>.
it.each(seeds(APPS))(
  'what runs is what the release says, nothing else is touched, and the past is past: seed %i',
  { timeout: 1_800_000 },
  async (seed) => {
    const { secondsEach } = await appProperty(theLab(), seed, CHANGES);
    process.stderr.write(`seed ${seed}: ${CHANGES} rounds, ${secondsEach} s each\n`);
    expect(secondsEach).toBeGreaterThan(0);
  },
);
