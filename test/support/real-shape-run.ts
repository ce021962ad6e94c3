import { cpSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { makeBaseImage } from './base-image.js';
import { PLAIN_FOLDER, checkOutPlain, containersOf } from './plain-compose.js';
import { ROOT } from './cli.js';
import { guestShell, type Shell } from './guest-shell.js';
import { makeProject, type Project } from './project.js';
import type { Edit, RealShape } from './real-shapes.js';

/** What runs: settings, states, and what is in what is mounted. */
interface Running {
  readonly containers: ReturnType<typeof containersOf>;
  readonly states: readonly string[];
  readonly contents: readonly string[];
  /** service → container */
  readonly ids: ReadonlyMap<string, string>;
  /** What plain Compose said when it was started. */
  readonly said?: string;
}

/** Everything below what a container has mounted, by its sum; but for what the kernel shows, and what a name server writes. */
const LOOK_INSIDE = `for target in $(docker inspect --format '{{range .Mounts}}{{.Destination}} {{end}}' $container); do
    case $target in /host/*|/etc/host-release) continue ;; esac
    docker exec -u 0 $container /bin/busybox sh -c '/bin/busybox find "$1" -type f | while read -r file; do echo "$0 $file $(/bin/busybox md5sum <"$file")"; done' $service $target </dev/null
  done`;

/** A project of test/fixtures/compose through its life, with plain Compose, and then with zebu. */
export class RealShapeRun {
  readonly #shape: RealShape;
  readonly #project: Project;
  #guest: Shell | undefined;

  constructor(lab: LabReport, shape: RealShape) {
    this.#shape = shape;
    this.#project = makeProject({
      lab,
      app: shape.name,
      config: {
        app: { compose: [shape.compose], profiles: shape.profiles ?? [] },
        deploy: { stability: 1, timeout: 30 },
        secrets: Object.fromEntries(shape.secrets.map((name) => [name, {}])),
      },
    });
    cpSync(`${ROOT}test/fixtures/compose/${shape.name}`, this.#project.folder, { recursive: true });
    this.#project.write('.gitignore', '.env\n');
    this.#project.write('.env', shape.env, 0o600);
    this.#project.release('v1');
    this.#edit(shape.change);
    this.#project.release('v2');
    this.#edit(shape.broken);
    this.#project.release('broken');
  }

  #edit(edits: readonly Edit[]): void {
    for (const { file, from, to } of edits) {
      if (from === undefined) {
        this.#project.write(file, to);
        continue;
      }
      const text = readFileSync(`${this.#project.folder}/${file}`, 'utf8');
      expect(text).toContain(from);
      this.#project.write(file, text.replaceAll(from, to));
    }
  }

  get #vm(): Shell {
    if (this.#guest === undefined) throw new Error('there is no VM yet');
    return this.#guest;
  }

  #running(): Running {
    const { name } = this.#shape;
    const of = `--filter label=com.docker.compose.project=${name}`;
    const text = this.#vm.run(
      `docker ps -a --no-trunc ${of} --format '{{.Label "com.docker.compose.service"}} {{.ID}} {{.State}}' | while read -r service container state; do
  echo "id $service $container"
  docker inspect --format '{{.State.Status}} {{.State.ExitCode}} {{with .State.Health}}{{.Status}}{{end}}' $container | sed "s/^/state $service /"
  [ "$state" = running ] || continue
  { ${LOOK_INSIDE}; } | sed 's/^/inside /'
done`,
    );
    const lines = text
      .split('\n')
      .map((line) => line.trimEnd())
      .toSorted();
    const of_ = (kind: string): readonly string[] =>
      lines.flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []));
    return {
      containers: containersOf(this.#vm, name),
      states: of_('state'),
      contents: of_('inside'),
      ids: new Map(of_('id').map((line) => line.split(' ') as [string, string])),
    };
  }

  #writeData(): void {
    for (const [service, file] of this.#shape.data)
      this.#vm.run(
        `docker exec -u 0 $(docker ps -q --filter label=com.docker.compose.project=${this.#shape.name} --filter label=com.docker.compose.service=${service}) sh -c 'echo precious >${file}'`,
      );
  }

  #compose(words: string): string {
    const { name, compose, profiles = [] } = this.#shape;
    const options = profiles.map((profile) => ` --profile ${profile}`).join('');
    return this.#vm.run(`cd ${PLAIN_FOLDER} && docker compose -p ${name} -f ${compose}${options} ${words}`);
  }

  #plain(ref: string): Running {
    checkOutPlain(this.#vm, this.#project.folder, ref, this.#shape.env);
    const said = this.#compose('up -d --build --wait --remove-orphans 2>&1 || [ $? = 1 ]');
    return { ...this.#running(), said };
  }

  /** Both versions with plain Compose, which leaves nothing behind. */
  #plainCompose(): { readonly first: Running; readonly second: Running } {
    const first = this.#plain('v1');
    this.#writeData();
    const second = this.#plain('v2');
    this.#compose('down -v -t 0 2>&1');
    this.#vm.run(`sudo rm -rf ${PLAIN_FOLDER}`);
    return { first, second };
  }

  #same(ours: Running, plain: Running): void {
    expect([...ours.containers.keys()]).toEqual([...plain.containers.keys()]);
    for (const [name, container] of plain.containers) {
      const { Image: wanted, ...rest } = container;
      const { Image: image, ...has } = ours.containers.get(name) ?? {};
      expect(has).toEqual(rest);
      // One that is built is built anew each time its cache is gone.
      expect(typeof image).toBe(typeof wanted);
    }
    expect(ours.states).toEqual(plain.states);
  }

  /** @throws where what runs is not what plain Compose has, but for the differences that the shape names */
  async through(): Promise<void> {
    const { change, replaced, better, data } = this.#shape;
    expect(change.length).toBeGreaterThan(0);
    const { ip } = await this.#project.json<{ ip: string }>(['vm:create']);
    this.#guest = guestShell(ip, this.#project.key);
    makeBaseImage(this.#guest);
    const plain = this.#plainCompose();
    expect(differing(plain.first, plain.second), plain.second.said).toEqual(replaced);

    await this.#project.json(['app:deploy', '--tag', 'v1']);
    const first = this.#running();
    this.#same(first, plain.first);
    expect(first.contents).toEqual(plain.first.contents);
    this.#writeData();
    await this.#project.json(['app:deploy', '--tag', 'v2']);
    const second = this.#running();
    this.#same(second, plain.second);
    expect(differing(first, second)).toEqual([...replaced, ...better].toSorted());
    const precious = data.map(([service, file]) => `${service} ${file} `);
    for (const each of precious) expect(second.contents.filter((line) => line.startsWith(each))).toHaveLength(1);

    const broken = await this.#project.zebu(['app:deploy', '--tag', 'broken', '--json']);
    expect([broken.code, broken.stdout]).toEqual([7, expect.stringContaining('DEPLOY_RESTORED')]);
    const restored = this.#running();
    this.#same(restored, plain.second);
    expect(restored.contents).toEqual(
      expect.arrayContaining(second.contents.filter((line) => precious.some((each) => line.startsWith(each)))),
    );

    await this.#project.json(['app:rollback']);
    const back = this.#running();
    this.#same(back, plain.first);
    for (const each of precious) expect(back.contents.filter((line) => line.startsWith(each))).toHaveLength(1);
  }

  async remove(): Promise<void> {
    await this.#project.zebu(['vm:destroy', '--yes']);
    this.#project.remove();
  }
}

/** Services that have another container. */
const differing = (before: Running, after: Running): readonly string[] =>
  [...after.ids].flatMap(([service, id]) => (before.ids.get(service) === id ? [] : [service])).toSorted();
