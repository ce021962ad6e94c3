import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { BASE_IMAGE } from './base-image.js';
import { PathRounds } from './path-rounds.js';
import { makeProject } from './project.js';
import { DIRECTORY } from './random-paths.js';

/** ZEBU_TEST_SEED plays one seed again; without it each run has others, unless they are counted `from` one. */
export function seeds(count: number, from?: number): readonly number[] {
  const asked = process.env['ZEBU_TEST_SEED'];
  if (asked !== undefined && asked !== '') return [Number(asked)];
  const first = from ?? Date.now() % 1_000_000_000;
  return Array.from({ length: count }, (_, index) => first + index);
}

/** One app in a VM of its own, for so many steps. @throws what was wrong, after what was done */
export async function pathProperty(
  lab: LabReport,
  seed: number,
  { steps, reboots }: { readonly steps: number; readonly reboots: boolean },
): Promise<void> {
  const project = makeProject({
    lab,
    app: 'rounds',
    config: {
      app: { compose: [`${DIRECTORY}/docker-compose.yml`] },
      deploy: { stability: 1, keep: 2 },
    },
  });
  try {
    await project.json(['vm:create']);
    await project.zebu(['vm:ssh', '--', 'sh', '-c', `{ ${BASE_IMAGE}; } >/dev/null 2>&1`]);
    const rounds = new PathRounds(project, seed);
    for (let step = 0; step < steps; step += 1) await rounds.step(reboots);
  } finally {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  }
}
