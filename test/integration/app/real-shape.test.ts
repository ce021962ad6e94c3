import { expect, inject, it } from 'vitest';
import { RealShapeRun } from '../../support/real-shape-run.js';
import { REAL_SHAPES } from '../../support/real-shapes.js';

// The one with the most ways to name a path; test/long/app/real-shapes.test.ts has all of them.
it(
  'a forge is deployed, changed, broken and rolled back as beside it with plain Compose',
  { timeout: 600_000 },
  async () => {
    const shape = REAL_SHAPES.find(({ name }) => name === 'forge');
    if (shape === undefined) throw new Error('there is no such shape');
    const run = new RealShapeRun(inject('lab'), shape);
    try {
      await expect(run.through()).resolves.toBeUndefined();
    } finally {
      await run.remove();
    }
  },
);
