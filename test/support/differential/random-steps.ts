import { seeded } from '../random-paths.js';
import { DISTURBANCES } from './disturbances.js';
import { EDITS } from './edits/index.js';
import type { Step } from './walk.js';

/** Up to two edits at once, beside something that happens to the VM; now and then the commit of some steps before, or the same once more. */
export function randomSteps(seed: number, count: number): readonly Step[] {
  const pick = seeded(seed);
  const of = <Row>(rows: readonly Row[]): readonly Row[] => rows.slice(pick(rows.length)).slice(0, 1);
  return Array.from({ length: count }, () => {
    const edits = Array.from({ length: pick(3) }, () => of(EDITS)).flat();
    const [disturbance] = pick(2) === 0 ? of(DISTURBANCES) : [];
    return {
      edits,
      ...(disturbance === undefined ? {} : { disturbance }),
      back: pick(6) === 0 ? 1 + pick(3) : 0,
      again: pick(4) === 0,
    };
  });
}
