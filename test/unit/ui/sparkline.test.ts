import { expect, it } from 'vitest';
import { sparkline } from '../../../src/lib/ui/sparkline.js';

const plain = { width: 8, top: 8, unicode: true };

it('is a column a value, from nothing to all of it', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 8], plain)).toBe('▁▂▃▄▅▆▇█');
});

it('is letters where the terminal has no blocks', () => {
  expect(sparkline([0, 4, 8], { ...plain, unicode: false })).toBe('_=#');
});

it('loses no peak when there are more values than columns', () => {
  expect(sparkline([0, 0, 0, 0, 8, 0, 0, 0], { ...plain, width: 4 })).toBe('▁▁█▁');
});

it('leaves out what was not measured, and never leaves its columns', () => {
  expect(sparkline([0, null, 99, -1], plain)).toBe('▁ █▁');
  expect(sparkline([0, 0], { ...plain, top: 0 })).toBe('▁▁');
  expect(sparkline([], plain)).toBe('');
});
