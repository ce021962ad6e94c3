import { expect, it } from 'vitest';
import type { App } from '../../support/differential/app.js';
import { full, lean, stack } from '../../support/differential/apps.js';
import { DISTURBANCES } from '../../support/differential/disturbances.js';
import { EDITS } from '../../support/differential/edits/index.js';
import { randomSteps } from '../../support/differential/random-steps.js';
import { Walk, type Step } from '../../support/differential/walk.js';
import { theLab } from '../../support/lab.js';
import { seeds } from '../../support/path-property.js';

/** ZEBU_TEST_ROUNDS says how many random walks there are. */
const WALKS = Number(process.env['ZEBU_TEST_ROUNDS'] ?? 3);
const STEPS = 40;
/** Rows whose name has this in it: for whoever works on one. */
const ONLY = process.env['ZEBU_TEST_ROWS'];

const APPS: Readonly<Record<string, () => App>> = { lean, full, stack };

async function walked(name: string, steps: readonly Step[]): Promise<readonly string[]> {
  const app = (APPS[name] ?? lean)();
  const walk = new Walk(theLab(), name, app, app.env['TOKEN'] === undefined ? [] : ['TOKEN']);
  try {
    await walk.begin();
    await walk.step({});
    for (const step of steps) await walk.step(step);
  } finally {
    await walk.end();
  }
  return walk.found;
}

const table: readonly Step[] = [
  ...DISTURBANCES.map((disturbance) => ({ disturbance })),
  ...EDITS.map((edit) => ({ edits: [edit] })),
].filter(
  ({ disturbance, edits: [edit] = [] }: Step) => ONLY === undefined || (disturbance ?? edit)?.name.includes(ONLY),
);

// After each step the VM shows what plain `docker compose build && docker compose up -d --remove-orphans` of the same commit does.
it.each(Object.keys(APPS))(
  'what is deployed is what Compose makes of it, row by row: %s',
  { timeout: 7_200_000 },
  async (name) => {
    expect(await walked(name, table)).toEqual([]);
  },
);

// What fails is played again with ZEBU_TEST_SEED=<seed>.
it.each(seeds(WALKS))(
  'what is deployed is what Compose makes of it, whatever came before: seed %i',
  { timeout: 7_200_000 },
  async (seed) => {
    const names = Object.keys(APPS);
    expect(await walked(names[seed % names.length] ?? 'lean', randomSteps(seed, STEPS))).toEqual([]);
  },
);
