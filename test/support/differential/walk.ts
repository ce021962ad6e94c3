import type { LabReport } from '../../../plugins/lab/src/instance/results.js';
import type { CliRun } from '../cli.js';
import { makeBaseImage } from '../base-image.js';
import { guestShell, put, type Shell } from '../guest-shell.js';
import { makeProject, type Project } from '../project.js';
import { copyOf, writeApp, type App } from './app.js';
import { OUTSIDE, WORDS, type Disturbance } from './disturbances.js';
import type { EditRow } from './edits/row.js';
import { differences, shownOf, type Shown } from './machine.js';
import { Reference } from './reference.js';

/** What happens between two deploys. */
export interface Step {
  readonly edits?: readonly EditRow[];
  readonly disturbance?: Disturbance;
  /** The app as it was so many steps ago, before the edits. */
  readonly back?: number;
  /** Whether the same is deployed once more in the end, which must do nothing. */
  readonly again?: boolean;
}

/** `tool:1` is `base:1` with one file more. */
const TOOL = `docker image inspect tool:1 >/dev/null 2>&1 || printf 'FROM base:1\\nRUN echo tool >/mark\\n' | DOCKER_BUILDKIT=1 docker build -q -t tool:1 - >/dev/null`;

type Standing = ReadonlyMap<string, Shown>;

/** Where two VMs differ, of the names that `only` finds. */
function against(ours: Standing, theirs: Standing, only = (_name: string): boolean => true): readonly string[] {
  return [...new Set([...ours.keys(), ...theirs.keys()])]
    .filter((name) => only(name))
    .flatMap((name) => differences(ours.get(name), theirs.get(name), name));
}

/** One app, deployed by zebu to a VM, and by plain Compose to another one that has the same past. */
export class Walk {
  readonly #project: Project;
  readonly #other: Project;
  #guest: Shell | undefined;
  #plain: Reference | undefined;
  #app: App;
  readonly #past: App[] = [];
  #number = 0;
  readonly #found: string[] = [];

  constructor(lab: LabReport, name: string, app: App, secrets: readonly string[]) {
    this.#app = app;
    const config = { deploy: { stability: 1, timeout: 30, keep: 2 }, vm: { memory_mb: 1024 } };
    const declared = secrets.length === 0 ? {} : { secrets: Object.fromEntries(secrets.map((each) => [each, {}])) };
    this.#project = makeProject({ lab, app: name, config: { ...config, ...declared } });
    this.#other = makeProject({ lab, app: `${name}-plain`, config });
  }

  /** What differed, after what was done. */
  get found(): readonly string[] {
    return this.#found;
  }

  get #ours(): Shell {
    if (this.#guest === undefined) throw new Error('there is no VM yet');
    return this.#guest;
  }
  get #theirs(): Reference {
    if (this.#plain === undefined) throw new Error('there is no VM yet');
    return this.#plain;
  }

  async #machine(project: Project): Promise<Shell> {
    project.release('v0');
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    const guest = guestShell(ip, project.key);
    await guest.later(OUTSIDE(0));
    return guest;
  }

  async begin(): Promise<void> {
    this.#guest = await this.#machine(this.#project);
    const plain = await this.#machine(this.#other);
    this.#plain = new Reference(plain, this.#project.app);
    makeBaseImage(this.#ours);
    // Both start from the same bytes: what is built has times of its own.
    const images = await this.#ours.later(`${TOOL}; docker save base:1 tool:1 | base64 -w0`);
    await put(plain, Buffer.from(images, 'base64'), '/tmp/images');
    await plain.later('docker load </tmp/images >/dev/null');
  }

  async end(): Promise<void> {
    for (const project of [this.#project, this.#other]) {
      await project.zebu(['vm:destroy', '--yes']);
      project.remove();
    }
  }

  async #disturb({ both, ours, zebu, killed }: Disturbance): Promise<void> {
    const { app } = this.#project;
    const head = `app=${app} base=/opt/zebu/${app}\n${WORDS}`;
    if (both !== undefined) {
      const script = `${head}${both(this.#number)}\n:`;
      await Promise.all([this.#ours.later(script), this.#theirs.guest.later(script)]);
    }
    if (ours !== undefined) await this.#ours.later(`${head}${ours(this.#number)}\n:`);
    if (zebu !== undefined) await this.#project.zebu(zebu);
    if (killed !== undefined) {
      const script = `${head}sleep ${killed(this.#number)}; kill -9 "$(cat $base/worker)" 2>/dev/null\n:`;
      await Promise.all([this.#deploy(), this.#ours.later(script)]);
    }
  }

  /** The app after a step, and the names of what was done. */
  #next({ edits = [], disturbance, back = 0 }: Step): { readonly app: App; readonly done: string } {
    const app = copyOf((back === 0 ? undefined : this.#past.at(-back)) ?? this.#app);
    const done = back === 0 ? [] : [`as ${back} steps before`];
    for (const { name, apply, to } of edits) {
      if (to !== undefined && !to(app)) continue;
      apply(app, this.#number);
      done.push(name);
    }
    if (disturbance !== undefined) done.push(`in the VM: ${disturbance.name}`);
    return { app, done: `${this.#number}: ${done.join('; ')}` };
  }

  #deploy(words: readonly string[] = []): Promise<CliRun> {
    return this.#project.zebu(['app:deploy', '--tag', `v${this.#number}`, ...words]);
  }

  #say(what: string, differs: readonly string[] = []): void {
    process.stderr.write(`${[what, ...differs].join('\n  ')}\n`);
    if (differs.length > 0) this.#found.push([what, ...differs].join('\n'));
  }

  /** @returns whether a later step can be compared */
  async #compare(what: string): Promise<boolean> {
    const { app } = this.#project;
    const [ours, kept] = await Promise.all([shownOf(this.#ours, app), shownOf(this.#theirs.guest, app)]);
    const differs = against(ours, kept);
    if (differs.length === 0) {
      this.#say(what);
      return true;
    }
    // Each container is as Compose leaves it, or as it would make it from nothing.
    await this.#theirs.anew();
    const fresh = await shownOf(this.#theirs.guest, app);
    const neither = against(ours, fresh, (name) => differences(ours.get(name), kept.get(name), name).length > 0);
    this.#say(neither.length === 0 ? `${what} (better than what Compose leaves)` : what, neither);
    return neither.length === 0;
  }

  async step(step: Step): Promise<void> {
    const { disturbance } = step;
    this.#number += 1;
    const { app, done } = this.#next(step);
    const before = this.#app;
    this.#past.push(before);
    this.#app = app;
    writeApp(this.#project.folder, app);
    this.#project.release(`v${this.#number}`);
    if (disturbance !== undefined) await this.#disturb(disturbance);
    const [{ code, stdout, stderr }, failed] = await Promise.all([
      this.#deploy(disturbance?.deploy),
      this.#theirs.commit(this.#project.folder, app),
    ]);
    if (code === 0 && failed === null) {
      if (!(await this.#compare(done))) await this.#reset();
      else if (step.again === true) await this.#again(done);
      if (disturbance?.stays === true) await this.#forget();
      return;
    }
    const both = code !== 0 && failed !== null;
    this.#say(
      both ? `${done} (neither takes it)` : done,
      both ? [] : [`zebu: ${code} ${stdout}${stderr.slice(-800)}`, `Compose: ${failed ?? 'fine'}`],
    );
    this.#app = before;
    await this.#reset();
  }

  /** What was wrong once is not found with every step to come. */
  async #reset(): Promise<void> {
    writeApp(this.#project.folder, this.#app);
    this.#project.release(`v${this.#number}`);
    await this.#forget();
    const [{ code, stderr }] = await Promise.all([
      this.#deploy(),
      this.#theirs.commit(this.#project.folder, this.#app),
    ]);
    if (code !== 0) throw new Error(`nothing can be deployed any more: ${stderr}`);
  }

  async #forget(): Promise<void> {
    const script = 'docker rm -f $(docker ps -aq) >/dev/null 2>&1; docker network prune -f >/dev/null';
    await Promise.all([this.#ours.later(script), this.#theirs.guest.later(script)]);
  }

  async #again(what: string): Promise<void> {
    const standing = `docker ps -a --no-trunc --format '{{.Names}} {{.ID}} {{.State}}' | sort`;
    const before = await this.#ours.later(standing);
    const { code, stderr } = await this.#deploy();
    const after = await this.#ours.later(standing);
    this.#say(
      `${what}, the same once more`,
      code === 0 && after === before ? [] : [`${code}`, before, after, stderr.slice(-800)],
    );
  }
}
