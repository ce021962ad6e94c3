import { setTimeout } from 'node:timers/promises';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import type { AppStatus } from '../../src/lib/app-folder/results.js';
import type { Release } from '../../src/lib/app/results.js';
import type { DeployResult } from '../../src/lib/deploy/results.js';
import { makeBaseImage } from './base-image.js';
import { guestShell, type Shell } from './guest-shell.js';
import { makeProject, type Project } from './project.js';

/** Sick as soon as there is /tmp/sick in its container; its environment makes each release another. */
const compose = (release: string): string => `services:
  web:
    image: base:1
    restart: always
    init: true
    environment: { RELEASE: ${release} }
    healthcheck: { test: [CMD, test, "!", -e, /tmp/sick], interval: 1s, timeout: 5s, retries: 2, start_period: 30s, start_interval: 500ms }
`;

/** An app with a probation of ten minutes in a VM of its own, which can be made to fail after it was live. */
export class ProbationApp {
  readonly project: Project;
  readonly guest: Shell;
  readonly #app: string;

  private constructor(project: Project, guest: Shell, app: string) {
    this.project = project;
    this.guest = guest;
    this.#app = app;
  }

  static async make(lab: LabReport, app: string): Promise<ProbationApp> {
    const config = { deploy: { timeout: 60, stability: 1, probation: '10m' } };
    const project = makeProject({ lab, app, config });
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    const guest = guestShell(ip, project.key);
    makeBaseImage(guest);
    return new ProbationApp(project, guest, app);
  }

  async remove(): Promise<void> {
    await this.project.zebu(['vm:destroy', '--yes']);
    this.project.remove();
  }

  commit(tag: string): void {
    this.project.write('compose.yml', compose(tag));
    this.project.release(tag);
  }

  deploy(tag: string, ...more: readonly string[]): Promise<DeployResult> {
    this.commit(tag);
    return this.project.json<DeployResult>(['app:deploy', '--tag', tag, ...more]);
  }

  status(): Promise<AppStatus> {
    return this.project.json<AppStatus>(['app:status']);
  }

  /** The tag whose container runs. */
  runs(): string {
    return this.guest.run(`docker exec ${this.#app}-web-1 sh -c 'echo $RELEASE'`);
  }

  sicken(): void {
    this.guest.run(`docker exec ${this.#app}-web-1 touch /tmp/sick`);
  }

  async newest(): Promise<Release> {
    const { releases } = await this.project.json<{ releases: readonly Release[] }>(['app:releases']);
    const [release] = releases;
    if (release === undefined) throw new Error('there is no release');
    return release;
  }

  /** Until nobody is on probation. */
  async over(): Promise<AppStatus> {
    for (let tries = 0; tries < 120; tries += 1) {
      const seen = await this.status();
      if (seen.probation === null && seen.deploying === null && seen.interrupted === null) return seen;
      await setTimeout(1000);
    }
    throw new Error('the probation does not end');
  }
}
