import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { AppRounds } from './app-rounds.js';
import { makeBaseImage } from './base-image.js';
import { guestShell } from './guest-shell.js';
import { makeProject } from './project.js';

/** What a run of rounds took, for whoever asks how many can be afforded. */
export interface Rounds {
  readonly rounds: number;
  readonly secondsEach: number;
}

/** One made-up app in a VM of its own, changed so many times. @throws what was wrong, after what was done */
export async function appProperty(lab: LabReport, seed: number, rounds: number): Promise<Rounds> {
  const project = makeProject({ lab, app: 'made-up', config: { deploy: { stability: 1, timeout: 30, keep: 2 } } });
  try {
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    const guest = guestShell(ip, project.key);
    makeBaseImage(guest);
    const all = new AppRounds(project, guest, seed);
    const started = Date.now();
    for (let done = 0; done < rounds; done += 1) await all.round();
    return { rounds, secondsEach: Math.round((Date.now() - started) / rounds / 100) / 10 };
  } finally {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  }
}
