import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { DeployResult } from '../../../src/lib/deploy/results.js';
import type { AppStatus } from '../../../src/lib/app-folder/results.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import ENGINE_SOCKET from '../../../src/lib/app-folder/engine-socket.sh';
import GONE from '../../../src/lib/app-folder/gone.sh';
import ENGINE from '../../../src/lib/runner/engine.sh';
import FAIR from '../../../src/lib/runner/fair.sh';
import IN_USE from '../../../src/lib/runner/in-use.sh';
import INTENT from '../../../src/lib/runner/intent.sh';
import VERDICT from '../../../src/lib/runner/verdict.sh';
import { RECORD_FORMAT } from '../../../src/lib/app-folder/drift.js';
import type { Project } from '../../support/project.js';
import { pushImage, REGISTRY, startRegistry } from '../../support/registry.js';
import { tinyApp, version } from '../../support/tiny-app.js';

interface Failure {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details: { readonly evidence?: readonly string[]; readonly [key: string]: unknown };
  };
}

interface Listed {
  readonly releases: readonly { readonly id: string; readonly verdict: string; readonly reason: string }[];
}

const HOOK = '.zebu/hooks/pre-deploy';

describe('the verdict on a release', () => {
  let project: Project;
  let guest: Shell;
  let url: string;

  const served = async (): Promise<string> => (await (await fetch(url)).text()).trim();
  const deploy = (tag: string, ...more: string[]): Promise<DeployResult> =>
    project.json<DeployResult>(['app:deploy', '--tag', tag, ...more]);
  /** A deploy that must fail: its exit status and its error. */
  const failing = async (
    tag: string,
    ...more: string[]
  ): Promise<Failure['error'] & { readonly exit: number | null }> => {
    const run = await project.zebu(['app:deploy', '--tag', tag, '--json', ...more]);
    return { ...(JSON.parse(run.stdout) as Failure).error, exit: run.code };
  };
  const containers = (): string =>
    guest.run(`docker inspect --format '{{.Name}} {{.Id}} {{.State.StartedAt}}' $(docker ps -q) | sort`);

  beforeAll(async () => {
    project = tinyApp({
      lab: theLab(),
      app: 'verdict',
      config: { deploy: { keep: 2, stability: 1, timeout: 60 } },
    });
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, `${project.folder}/../id_ed25519`);
    url = `http://${ip}:8080/version`;
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('is exit 8 with the reason and the last words when the first one fails', async () => {
    const good = 'exec /bin/busybox sleep 100000000';
    const file = 'store/Dockerfile';
    const text = readFileSync(`${project.folder}/${file}`, 'utf8');
    expect(text).toContain(good);
    project.write(file, text.replace(good, 'echo no database here >&2; exit 3'));
    version(project, 'broken');
    const error = await failing('broken');
    expect([error.exit, error.code]).toEqual([8, 'DEPLOY_UNHEALTHY']);
    expect(error.message).toMatch(/store restarts again and again|store exited with code 3/);
    expect(error.details.evidence?.join('\n')).toContain('no database here');
    project.write(file, text);
  });

  it('leaves the containers of an unchanged commit alone', async () => {
    version(project, 'v1');
    const first = await deploy('v1');
    const before = containers();
    const again = await deploy('v1');
    expect(again).toMatchObject({ previous: first.release, sentBytes: 0, gaps: {} });
    expect(containers()).toBe(before);
    expect(await served()).toBe('v1');
  });

  it('is exit 7 with what the probe saw, and the old release serves', async () => {
    version(project, 'v2');
    const probes = ['--set', 'deploy.probes=[{"http":"http://127.0.0.1:8080/version","body":"v3","timeout":2}]'];
    const error = await failing('v2', ...probes);
    expect([error.exit, error.code]).toEqual([7, 'DEPLOY_RESTORED']);
    expect(error.message).toContain('the probe http http://127.0.0.1:8080/version failed for 2 s');
    expect(error.details.evidence?.join('\n')).toMatch(/status 200, but the answer does not contain the text\n.*v2/);
    expect(await served()).toBe('v1');
  });

  it('is exit 7 with the container that has the port, and the old release serves', async () => {
    guest.run('docker run -d --name squatter -p 8081:80 --entrypoint /bin/busybox verdict-store sleep 100000');
    const text = readFileSync(`${project.folder}/compose.yml`, 'utf8');
    project.write('compose.yml', text.replace('8080:8080', '8081:8080'));
    version(project, 'moved');
    const error = await failing('moved');
    expect([error.exit, error.code]).toEqual([7, 'DEPLOY_RESTORED']);
    expect(error.message).toContain('port 8081 is taken by the container squatter');
    expect(await served()).toBe('v1');
    guest.run('docker rm -f squatter');
    project.write('compose.yml', text);
  });

  it('is exit 6 when a hook says no, and nothing that runs was touched', async () => {
    const before = containers();
    project.write(HOOK, '#!/bin/sh\necho not on a Friday\nexit 1\n', 0o755);
    version(project, 'friday');
    const error = await failing('friday');
    expect([error.exit, error.code]).toEqual([6, 'DEPLOY_REFUSED']);
    expect(error.message).toContain('not on a Friday');
    expect(containers()).toBe(before);
    project.git('rm', '-q', '-f', HOOK);
  });

  it('of two at once one wins; the other is refused, attached or waits', async () => {
    version(project, 'v3');
    version(project, 'v4');
    guest.run('echo build >/opt/zebu/verdict/pause-at');
    const id = (await project.zebu(['app:deploy', '--tag', 'v3', '--detach'])).stdout.trim();
    const refused = await failing('v4');
    expect([refused.exit, refused.code]).toEqual([6, 'LOCK_HELD']);
    expect(refused.message).toMatch(/^Another deploy is running: .* from .*, since .* \(v3\)$/);
    const waits = deploy('v4', '--lock-wait', '120');
    const attached = deploy('v3');
    const status = await project.json<AppStatus>(['app:status']);
    expect(status.deploying?.ref).toBe('v3');
    guest.run('rm /opt/zebu/verdict/pause-at');
    expect(await project.json(['app:follow', id])).toMatchObject({ run: id, verdict: 'live' });
    expect((await attached).release).toBe(id);
    expect((await waits).previous).toBe(id);
    expect(await served()).toBe('v4');
  });

  it('finds the VM without Proxmox where it was, and with it where somebody else is by now', async () => {
    const debug = async (): Promise<string> => (await project.zebu(['app:releases', '--debug'])).stderr;
    expect(await debug()).not.toContain('GET /api2/json');
    const folder = `${project.env['ZEBU_STATE_DIR'] ?? ''}/last`;
    const [file = ''] = readdirSync(folder);
    const note = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as { host: string };
    // The lab's own sshd: it answers, with another key.
    const { host, port } = theLab().ssh;
    writeFileSync(`${folder}/${file}`, JSON.stringify({ ...note, host }));
    // A VM that was just started would be waited for.
    const flags = ['--set', `vm.ssh_port=${port}`, '--set', 'vm.ready_timeout=1'];
    const elsewhere = await project.zebu(['app:releases', '--debug', ...flags]);
    expect([elsewhere.code, elsewhere.stderr.includes('GET /api2/json/cluster/resources ok')]).toEqual([4, true]);
    expect(await debug()).toContain('GET /api2/json/cluster/resources ok');
    expect(await debug()).not.toContain('GET /api2/json');
  });

  it('goes back to the last verified one, then further, and builds nothing', async () => {
    const { releases } = await project.json<Listed>(['app:releases']);
    const reasons = releases.filter(({ verdict }) => verdict === 'restored').map(({ reason }) => reason);
    expect(reasons).toEqual([expect.stringContaining('port 8081'), expect.stringContaining('the probe')]);
    const back = await project.json<DeployResult>(['app:rollback']);
    expect(back.seconds).toBeLessThan(120);
    expect(await served()).toBe('v3');
    // deploy.keep is 2. Beyond those there is still what the store, which did not change since, was made from.
    const label = `{{index .Config.Labels "com.docker.compose.project.working_dir"}}`;
    const madeFrom = guest.run(`docker inspect --format '${label}' verdict-store-1`);
    const further = await project.json<DeployResult>(['app:rollback']);
    expect(madeFrom).toContain(`/releases/${further.release}/`);
    const none = await project.zebu(['app:rollback']);
    expect([none.code, none.stderr.split('\n')[0]]).toEqual([6, 'Error: There is no earlier release to go back to']);
    const images = guest.run("docker image ls --format '{{.Repository}}:{{.Tag}}' 'zebu/verdict-web'").split('\n');
    expect(images.length).toBeLessThanOrEqual(5);
  });

  it('brings back the pulled image that was there, and refuses one that cannot be pulled', async () => {
    const image = `${REGISTRY}/fetched:latest`;
    const running = (): string =>
      guest.run("docker inspect --format '{{.State.Status}} {{.Image}}' verdict-fetched-1").replace(/^running /, '');
    const stopRegistry = startRegistry(guest);
    const service = `{ image: "${image}", pull_policy: always, init: true, stop_grace_period: 1s, labels: { ref: "\${ZEBU_REF}" } }`;
    const compose = readFileSync(`${project.folder}/compose.yml`, 'utf8');
    project.write('compose.yml', compose.replace('services:\n', `services:\n  fetched: ${service}\n`));
    pushImage(guest, image, ['sleep', '1000000']);
    version(project, 'p1');
    await deploy('p1');
    const good = running();
    const label = (): string => guest.run(`docker inspect --format '{{.Config.Labels.ref}}' verdict-fetched-1`);
    expect(label()).toBe('p1');
    expect(good).toBe(guest.run(`docker image inspect --format '{{.Id}}' ${image}`));
    pushImage(guest, image, ['sh', '-c', 'echo no good >&2; exit 3']);
    version(project, 'p2');
    const broken = await failing('p2');
    expect([broken.exit, broken.code]).toEqual([7, 'DEPLOY_RESTORED']);
    expect(broken.message).toContain('fetched');
    // The name has moved on; the release has not.
    expect(guest.run(`docker image inspect --format '{{.Id}}' ${image}`)).not.toBe(good);
    expect([running(), await served(), label()]).toEqual([good, 'p1', 'p1']);
    stopRegistry();
    version(project, 'p3');
    const unreachable = await failing('p3');
    expect([unreachable.exit, unreachable.code]).toEqual([6, 'DEPLOY_REFUSED']);
    expect(unreachable.message).toContain('an image cannot be pulled');
    expect([running(), await served()]).toEqual([good, 'p1']);
  });

  it('removes a pulled image with the last release that needs it', async () => {
    const image = `${REGISTRY}/fetched:latest`;
    const stopRegistry = startRegistry(guest);
    const there = (): string => guest.run(`docker image ls -q --no-trunc ${REGISTRY}/fetched`);
    const old = guest.run("docker inspect --format '{{.Image}}' verdict-fetched-1");
    pushImage(guest, image, ['sleep', '2000000']);
    version(project, 'p4');
    const { release } = await deploy('p4');
    stopRegistry();
    expect(there()).toContain(old);
    await project.json(['app:prune', '--keep', '2']);
    expect(there()).toContain(old);
    await project.json(['app:rollback']);
    expect(guest.run("docker inspect --format '{{.Image}}' verdict-fetched-1")).toBe(old);
    await project.json(['app:rollback', release]);
    project.write(
      'compose.yml',
      readFileSync(`${project.folder}/compose.yml`, 'utf8').replace('pull_policy: always, ', ''),
    );
    version(project, 'p5');
    await deploy('p5');
    expect(there()).not.toContain(old);
    expect(there()).not.toBe('');
    expect(await served()).toBe('p5');
  });

  it('sees containers through the socket as the client of Docker shows them', () => {
    const image = guest.run("docker inspect --format '{{.Image}}' verdict-web-1");
    const said = guest.run(`work=$(mktemp -d) project=looks only= mode=deploy image=${image}
clock() { clock=1; }
${[GONE, ENGINE_SOCKET, ENGINE, INTENT, VERDICT, FAIR, IN_USE].join('')}
record_format='${RECORD_FORMAT}' base=/opt/zebu/looks
made() { docker "$@" --label com.docker.compose.project=looks --label com.docker.compose.oneoff=False $of "$image" $command >/dev/null; }
for each in looks-b looks-Z looks-c; do docker network create $each >/dev/null; done
command='/bin/busybox sleep 1000'
of='--label com.docker.compose.service=web --label com.docker.compose.config-hash=abc --network looks-b --network-alias web --restart unless-stopped -p 18080:80 -p 18082-18084:8082-8084 -p 127.0.0.1:18090-18091:18090-18091/udp --expose 70-72 -v /opt/zebu/looks/releases/r1/tree:/srv --health-interval 1s'
made run -d --name looks-web --health-cmd 'echo "a \\"b\\" | \\\\ c"' --label 'odd=a"b\\c{}[],:'
docker network connect --alias web looks-Z looks-web
# As by hand: nobody finds it there by its service's name.
docker network connect looks-c looks-web
of='--health-interval 1s --health-retries 1 --restart on-failure:3' made run -d --name looks-ill --health-cmd 'exit 1'
of='--network none' made run -d --name looks-bare
of= command='/bin/busybox false' made run -d --name looks-job
of= made create --name looks-made
for each in looks-ill looks-web; do
  until docker inspect --format '{{.State.Health.Status}}' $each | grep -q unhealthy; do sleep .1; done
done
# Their health is looked at no more.
docker pause looks-web looks-ill >/dev/null
sleep 1.5
project_containers
for near in yes no; do
  [ $near = yes ] || engine_near() { false; }
  note_began
  list_uses "$work"
  { look_at $ids; cat "$work/began" "$work/looked-before"; inspect; grep ^own "$work/uses"; named_releases "$work/uses"; } >"$work/$near"
done
cat "$work/yes"
diff "$work/yes" "$work/no" && echo the same
docker rm -f $ids >/dev/null; docker network rm looks-b looks-Z looks-c >/dev/null; rm -r "$work"`);
    expect(said).toMatch(/\nthe same$/);
    for (const one of [
      /^web\|paused\|unhealthy\|.*\|unless-stopped 1\|\/looks-web\|.*\| looks-Z looks-b $/m,
      /^web\|exited\|\|1\|.*\/looks-job\|.*\| bridge $/m,
      /^own\tweb\|abc\|.*\|1\|.*0[.]0[.]0[.]0:18082->8082\/tcp/m,
      /^r1$/m,
    ])
      expect(said).toMatch(one);
  });

  it('does not wait for what Docker waits for: a health check is asked as soon as the container is up', async () => {
    const text = project.read('compose.yml');
    const slow = text.replace(/(wget.*)interval: 10s.*\}/, '$1interval: 50s, timeout: 5s }');
    expect(slow).not.toBe(text);
    project.write('compose.yml', slow);
    version(project, 'slow');
    const { seconds, gaps } = await deploy('slow');
    expect(seconds).toBeLessThan(40);
    expect(gaps['web']).toBeLessThan(40);
    expect(guest.run("docker inspect --format '{{.State.Health.Status}}' verdict-web-1")).toBe('starting');
    expect((await project.json<AppStatus>(['app:status'])).healthy).toBe(true);
    const started = Date.now();
    await project.json(['app:restart', 'web']);
    expect(Date.now() - started).toBeLessThan(40_000);
    expect(guest.run("docker inspect --format '{{.State.Health.Status}}' verdict-web-1")).toBe('starting');
    expect((await project.json<AppStatus>(['app:status'])).healthy).toBe(true);
    project.write('compose.yml', text);
  });
});
