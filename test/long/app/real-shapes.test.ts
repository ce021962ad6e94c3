import { expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { RealShapeRun } from '../../support/real-shape-run.js';
import { REAL_SHAPES } from '../../support/real-shapes.js';

it.each(REAL_SHAPES.map((shape) => [shape.name, shape] as const))(
  'is deployed, changed, broken and rolled back as beside it with plain Compose: %s',
  async (_, shape) => {
    const run = new RealShapeRun(theLab(), shape);
    try {
      await expect(run.through()).resolves.toBeUndefined();
    } finally {
      await run.remove();
    }
  },
);
