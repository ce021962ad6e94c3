import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { DeployResult } from '../../src/lib/deploy/results.js';
import type { Shell } from './guest-shell.js';
import type { Project } from './project.js';
import { affected, changed, filesOf, madeUp, ROLES, seenOf, type MadeUp } from './random-app.js';
import { seeded } from './random-paths.js';

/** The past of a deploy: how often the worker died, and whether `web` has lost what it is healthy by. */
interface Past {
  readonly deaths: number;
  readonly broken: boolean;
}

/**
 * Made-up apps, changed and deployed, with a past that is none of the deploy's business. After each deploy: what runs is what
 * the release says; what it has nothing to do with is the same container as before, as the dry run had said; and the verdict
 * is about this run.
 */
export class AppRounds {
  readonly #project: Project;
  readonly #guest: Shell;
  readonly #pick: (below: number) => number;
  #live: MadeUp | undefined;
  /** Before 2.30 Compose replaces what depends on a service that it replaces. */
  readonly #replacesDependents: boolean;
  #number = 0;
  /** What was done, for whoever has to understand a failure. */
  readonly log: string[] = [];

  constructor(project: Project, guest: Shell, seed: number) {
    this.#project = project;
    this.#guest = guest;
    this.#pick = seeded(seed);
    const [, minor] = /^v?2\.(\d+)\./.exec(guest.run('docker compose version --short')) ?? [];
    this.#replacesDependents = minor !== undefined && Number(minor) < 30;
  }

  /** The services that have to be replaced; `web` depends on `db`. */
  #replaced(before: MadeUp, after: MadeUp): readonly string[] {
    const own = affected(before, after);
    return this.#replacesDependents && own.includes('db') && !own.includes('web') ? [...own, 'web'].toSorted() : own;
  }

  #container(service: string): string {
    return `${this.#project.app}-${service}-1`;
  }

  #until(format: string, service: string, wanted: string): string {
    return `until [ "$(docker inspect --format '${format}' ${this.#container(service)})" = '${wanted}' ]; do sleep 0.3; done`;
  }

  #release(app: MadeUp): string {
    const tag = `r${++this.#number}`;
    for (const folder of ['files', 'folders', 'conf'])
      rmSync(join(this.#project.folder, folder), { recursive: true, force: true });
    for (const [path, text] of Object.entries(filesOf(app))) this.#project.write(path, text);
    this.#project.release(tag);
    return tag;
  }

  /** service → container, of all that is there. */
  #containers(): ReadonlyMap<string, string> {
    const text = this.#guest.run(
      `docker ps -a --no-trunc --filter label=com.docker.compose.project=${this.#project.app} --format '{{.Label "com.docker.compose.service"}} {{.ID}}'`,
    );
    return new Map(text.split('\n').map((line) => line.split(' ') as [string, string]));
  }

  /** What happens between two deploys. */
  #liveOn(): Past {
    const deaths = this.#pick(3) === 0 ? 3 + this.#pick(2) : 0;
    if (deaths > 0) {
      const worker = this.#container('worker');
      // A short life doubles Docker's pause before the next one, in which it calls the container running as well as restarting.
      this.#guest.run(
        `before=$(docker inspect --format '{{.RestartCount}}' ${worker}); for n in $(seq ${deaths}); do docker exec ${worker} touch /tmp/die; until [ "$(docker inspect --format '{{.RestartCount}} {{.State.Status}}' ${worker})" = "$((before + n)) running" ]; do sleep 0.3; done; done`,
      );
      this.log.push(`the worker died ${deaths} times`);
    }
    const broken = this.#pick(4) === 0;
    if (broken) {
      this.#guest.run(
        `docker exec ${this.#container('db')} rm /shared/ok; ${this.#until('{{.State.Health.Status}}', 'web', 'unhealthy')}`,
      );
      this.log.push('web became unhealthy');
    }
    return { deaths, broken };
  }

  /** The first release, then a change with some past. */
  async round(): Promise<void> {
    const before = this.#live;
    if (before === undefined) {
      const first = madeUp(this.#pick);
      await this.#good(first, undefined);
      return;
    }
    const past = this.#liveOn();
    const next = changed(before, this.#pick);
    const bad =
      this.#pick(5) === 0
        ? ({ service: ROLES[this.#pick(2) + 1] ?? 'web', how: this.#pick(2) === 0 ? 'loops' : 'sick' } as const)
        : null;
    const app = { ...next.app, bad };
    this.log.push(`${next.what.join(', ')}${bad === null ? '' : `; ${bad.service} ${bad.how}`}`);
    const repaired = affected(before, app).includes('db');
    if (bad === null && (!past.broken || repaired)) await this.#good(app, before);
    else await this.#failing(app, before);
  }

  async #good(app: MadeUp, before: MadeUp | undefined): Promise<void> {
    const tag = this.#release(app);
    const wanted = before === undefined ? [] : this.#replaced(before, app);
    if (before !== undefined && this.#pick(3) === 0) {
      const { plan } = await this.#project.json<DeployResult>(['app:deploy', '--tag', tag, '--dry-run']);
      const planned = (plan?.services ?? []).filter(({ change }) => change !== 'unchanged');
      expect(
        planned.map(({ service, change }) => `${service} ${change}`),
        this.log.join('\n'),
      ).toEqual(wanted.map((service) => `${service} replaced`));
    }
    const there = before === undefined ? new Map<string, string>() : this.#containers();
    const { code, stdout, stderr } = await this.#project.zebu(['app:deploy', '--tag', tag, '--json']);
    expect(code, `${this.log.join('\n')}\n${stdout}\n${stderr}`).toBe(0);
    const now = this.#containers();
    if (before !== undefined)
      expect(
        [...now].flatMap(([service, id]) => (there.get(service) === id ? [] : [service])).toSorted(),
        this.log.join('\n'),
      ).toEqual(wanted);
    this.#live = app;
    this.#inForce(app);
  }

  /** What cannot become good is not called live, and what was live before is what runs. */
  async #failing(app: MadeUp, before: MadeUp): Promise<void> {
    const started = Date.now();
    const { code, stdout, stderr } = await this.#project.zebu(['app:deploy', '--tag', this.#release(app), '--json']);
    const said = `${this.log.join('\n')}\n${stdout}\n${stderr}`;
    expect([7, 8], said).toContain(code);
    expect(stdout, said).toMatch(/restarts again and again|is unhealthy|exited with code 3/);
    expect(Date.now() - started, said).toBeLessThan(100_000);
    this.log.push('failed, as it had to');
    const { bad } = app;
    // What was broken before is still there when it was not the deploy's fault; somebody mends it.
    this.#guest.run(
      `docker exec ${this.#container('db')} touch /shared/ok; ${this.#until('{{.State.Health.Status}}', 'web', 'healthy')}`,
    );
    this.#inForce(before);
    if (bad !== null) expect(Object.keys(before.parts), said).toContain(bad.service);
  }

  /** Holds what every container has and sees to what the release says. */
  #inForce(app: MadeUp): void {
    const names = Object.keys(app.parts).toSorted();
    const look = `for each in ${names.join(' ')}; do
  container=${this.#project.app}-$each-1
  echo "$each state $(docker inspect --format '{{.State.Running}} {{.RestartCount}}' $container | cut -d' ' -f1)"
  docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' $container | sed -n -e "s/^ENV=/$each env /p" -e "s/^SETTING=/$each setting /p"
  docker inspect --format '{{index .Config.Labels "label"}} {{index .Config.Labels "check"}} {{with .Config.Healthcheck}}{{.Interval}}{{end}}' $container | sed "s/^/$each labels /"
  for network in $(docker inspect --format '{{range $name, $_ := .NetworkSettings.Networks}} {{$name}}{{end}}' $container); do
    case $network in *_net*) docker network inspect --format '{{index .Options "com.docker.network.driver.mtu"}}' $network | sed "s/^/$each mtu /" ;; esac
  done
  docker exec $container sh -c 'for file in config run/secrets/from-file file folder/it; do [ ! -e /$file ] || { printf "$0 $file "; cat /$file; echo; }; done' $each </dev/null
done`;
    const seen = new Set(this.#guest.run(look).split('\n'));
    const missing = names.flatMap((name) => {
      const { env, label, check, config, secret, setting, file, folder, mtu } = seenOf(app, name);
      const interval = name === 'worker' ? '' : `${1 + Number(check) / 1000}s`;
      const lines = [
        `${name} state true`,
        `${name} env ${env ?? ''}`,
        `${name} labels ${label ?? ''} ${check ?? ''} ${interval}`,
        ...(setting === '' ? [] : [`${name} setting ${setting ?? ''}`]),
        ...(config === '' ? [] : [`${name} config ${config ?? ''}`]),
        ...(secret === '' ? [] : [`${name} run/secrets/from-file ${secret ?? ''}`]),
        ...(file === '' ? [] : [`${name} file ${file ?? ''}`]),
        ...(folder === '' ? [] : [`${name} folder/it ${folder ?? ''}`]),
        ...(mtu === '' ? [] : [`${name} mtu ${mtu ?? ''}`]),
      ];
      return lines.filter((line) => !seen.has(line));
    });
    expect(missing, `${this.log.join('\n')}\n${[...seen].join('\n')}`).toEqual([]);
  }
}
