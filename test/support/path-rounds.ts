import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { sh } from '../../plugins/kit/src/quote.js';
import type { Project } from './project.js';
import { isData, isWritten, randomLayout, seeded, type Layout, type Mount } from './random-paths.js';

/**
 * Random Compose files, deployed, pruned, rolled back and restarted: whatever a container wrote into a volume or a path that
 * is not part of the commit is seen by everybody who mounts it, and everything runs.
 */
export class PathRounds {
  readonly #project: Project;
  readonly #pick: (below: number) => number;
  readonly #layouts = new Map<string, Layout>();
  /** Paths from the top of the repository, of files whose text is their name. */
  readonly #written = new Set<string>();
  /** Releases since a service might write to the whole repository: for those before it is the commit's. */
  readonly #whole = new Set<string>();
  #live: string | undefined;
  #number = 0;
  /** What was done, for whoever has to understand a failure. */
  readonly log: string[] = [];

  constructor(project: Project, seed: number) {
    this.#project = project;
    this.#pick = seeded(seed);
  }

  async #inVm(script: string): Promise<string> {
    const run = await this.#project.zebu(['vm:ssh', '--', 'sh', '-c', script]);
    expect([run.code, run.stderr], this.log.join('\n')).toEqual([0, '']);
    return run.stdout;
  }

  /** Deploys another random layout. Refused is only what names its reason, and then nothing has changed. */
  async deploy(): Promise<boolean> {
    const tag = `v${++this.#number}`;
    const layout = randomLayout(this.#pick, this.#project.app, tag);
    for (const folder of ['docker', 'data', 'deep', "odd na'me", 'conf'])
      rmSync(join(this.#project.folder, folder), { recursive: true, force: true });
    for (const [path, text] of Object.entries(layout.files)) this.#project.write(path, text);
    this.#project.release(tag);
    const { code, stdout, stderr } = await this.#project.zebu(['app:deploy', '--tag', tag, '--json']);
    this.log.push(`deploy ${tag}: ${code} ${stderr.trim().split('\n').at(-1) ?? ''}`);
    if (code === 6) {
      expect(stdout + stderr, this.log.join('\n')).toMatch(/mounts .*read-only, but it is neither part of the commit/);
      return false;
    }
    expect(code, `${this.log.join('\n')}\n${stdout}\n${stderr}`).toBe(0);
    this.#live = (JSON.parse(stdout) as { result: { release: string } }).result.release;
    this.#layouts.set(this.#live, layout);
    if (this.#whole.size > 0 || layout.mounts.some(({ path, writable }) => path === '.' && writable))
      this.#whole.add(this.#live);
    await this.#write(layout);
    return true;
  }

  async #write({ mounts }: Layout): Promise<void> {
    const lines: string[] = [];
    for (const { service, path, target, writable } of mounts) {
      if (!writable || !isWritten(path)) continue;
      const name = `w-${this.#number}-${lines.length}`;
      lines.push(
        sh`docker exec ${this.#container(service)} /bin/busybox sh -c 'echo "$1" >"$2/$1"' _ ${name} ${target} </dev/null`,
      );
      this.#written.add(`${path}/${name}`);
    }
    await this.#inVm(lines.join(' && ') || ':');
  }

  #container(service: string): string {
    return `${this.#project.app}-${service}-1`;
  }

  async prune(): Promise<void> {
    this.log.push('prune');
    await this.#project.json(['app:prune', '--keep', '2']);
  }

  async rollback(): Promise<void> {
    const { code, stdout, stderr } = await this.#project.zebu(['app:rollback', '--json']);
    this.log.push(`rollback: ${code}`);
    // There may be nothing to go back to.
    if (code === 0) this.#live = (JSON.parse(stdout) as { result: { release: string } }).result.release;
    else expect(stdout + stderr, this.log.join('\n')).toContain('REF_UNKNOWN');
  }

  async restart(): Promise<void> {
    this.log.push('restart');
    await this.#inVm('docker restart -t 0 $(docker ps -aq) >/dev/null');
  }

  async reboot(): Promise<void> {
    this.log.push('reboot');
    await this.#project.json(['vm:restart']);
    await this.#project.json(['app:status']);
  }

  /** Holds what every container sees to what was ever written. */
  async check(): Promise<void> {
    if (this.#live === undefined) return;
    const layout = this.#layouts.get(this.#live);
    const mounts = layout?.mounts ?? [];
    const lines = [
      sh`docker ps -a --filter ${`label=com.docker.compose.project=${this.#project.app}`} --format 'state {{.State}}' | sort | uniq -c`,
      ...mounts.map(
        ({ service, target }) =>
          sh`docker exec ${this.#container(service)} /bin/busybox sh -c '[ -d "$1" ] || exit 0; /bin/busybox find "$1/" -type f -name "w-*" | while read -r file; do echo "$0$file=$(/bin/busybox cat "$file")"; done' ${service} ${target} </dev/null`,
      ),
    ];
    const seen = new Set(
      (await this.#inVm(lines.join('; '))).split('\n').map((line) => line.trim().replaceAll('//', '/')),
    );
    expect([...seen][0], this.log.join('\n')).toBe(`${layout?.services.length ?? 0} state running`);
    expect(
      mounts.flatMap((mount) => this.#missing(mount, seen)),
      this.log.join('\n'),
    ).toEqual([]);
  }

  #missing({ service, path, target }: Mount, seen: ReadonlySet<string>): readonly string[] {
    const top = path === '.' ? '' : `${path}/`;
    const mounted = this.#layouts.get(this.#live ?? '')?.mounts ?? [];
    return (
      [...this.#written]
        .filter((file) => file.startsWith(top))
        // Of the whole repository are seen what was written to it, and paths that the release itself knows to be data.
        .filter(
          (file) =>
            path !== '.' ||
            (file.startsWith('./') && this.#whole.has(this.#live ?? '')) ||
            mounted.some((other) => isData(other.path) && file.startsWith(`${other.path}/`)),
        )
        .map((file) => `${service}${target}/${file.slice(top.length)}=${file.slice(file.lastIndexOf('/') + 1)}`)
        .map((line) => line.replaceAll('/./', '/'))
        .filter((line) => !seen.has(line))
    );
  }

  /** A step of any kind. @param reboots whether the whole VM may be restarted */
  async step(reboots: boolean): Promise<void> {
    const steps = [
      () => this.deploy(),
      () => this.deploy(),
      () => this.deploy(),
      () => this.prune(),
      () => this.rollback(),
      () => this.restart(),
      ...(reboots ? [() => this.reboot()] : []),
    ];
    await steps[this.#live === undefined ? 0 : this.#pick(steps.length)]?.();
    await this.check();
  }
}
