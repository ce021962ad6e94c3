import { cpSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { stringify } from 'yaml';
import type { DeployResult } from '../../../src/lib/deploy/results.js';
import { liveCompose } from '../../../src/lib/app/live-compose.js';
import COMPOSE from '../../../src/lib/runner/compose.sh';
import CONFIG from '../../../src/lib/runner/config.sh';
import DATA from '../../../src/lib/runner/data.sh';
import MOUNTS from '../../../src/lib/runner/mounts.sh';
import REASON from '../../../src/lib/runner/reason.sh';
import SOURCES from '../../../src/lib/runner/sources.sh';
import UNREAD from '../../../src/lib/runner/unread.sh';
import { makeBaseImage } from '../../support/base-image.js';
import { PLAIN_FOLDER, checkOutPlain, containersOf, servicesOf } from '../../support/plain-compose.js';
import { FOLDER, holders } from '../../support/compose-features/fixture.js';
import { ROWS } from '../../support/compose-features/index.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { makeProject, type Project } from '../../support/project.js';

const APP = 'features';
const ENV = 'SETTING=debug\nEMPTY=\nTOKEN=sesame-open\n';

interface Seen {
  readonly services: ReturnType<typeof servicesOf>;
  readonly containers: ReturnType<typeof containersOf>;
  /** What Docker says of the networks and volumes, without what is another one each time. */
  readonly standing: readonly string[];
}

const OF_APP = `--filter label=com.docker.compose.project=${APP}`;
const STANDING = `docker network inspect --format 'network {{.Name}} {{.Driver}} {{.Internal}} {{.Attachable}} {{.EnableIPv6}} {{json .Options}} {{json .Labels}}' $(docker network ls -q ${OF_APP})
docker network inspect --format '{{json .IPAM}}' features-own-net features_inner
docker volume inspect --format 'volume {{.Name}} {{.Driver}} {{json .Options}} {{json .Labels}}' features_kept features-own-name`;

/** What the VM says to Compose files: of those that are refused why, else nothing; one script for all. */
function refusals(guest: Shell, files: readonly (object | string)[]): readonly string[] {
  const tries = files.map(
    (file) => `
rm -rf "$base" && mkdir -p "$tree" "$work" "$base/shared" && cd "$tree" && echo A=1 >app.env && cat >compose.yml <<'END'
${typeof file === 'string' ? file : stringify(file)}
END
images= environment= reason=
if ! read_config; then reason=$(grep -v '^$' "$work/error" | tail -n 1); else check_given && map_mounts; fi
printf '%s\\n' "$reason"`,
  );
  return guest
    .run(
      `base=/tmp/refusals/app release=/tmp/refusals/app/releases/r1 work=/tmp/refusals/app/work project=refusals
tree=$release/tree directory=$tree files='-f compose.yml' limit=60 previous= links= settings_from=
logged() { :; }
${COMPOSE}${REASON}${CONFIG}${UNREAD}${SOURCES}${MOUNTS}${DATA}
overlays() { images=; }
${tries.join('')}
echo .`,
    )
    .split('\n')
    .slice(0, -1);
}

describe('every feature of Compose, beside plain Compose', { timeout: 300_000 }, () => {
  let project: Project;
  let guest: Shell;
  let said: string;
  let plain: Seen;
  let ours: Seen;

  const seen = (rendered: string): Seen => ({
    services: servicesOf(rendered),
    containers: containersOf(guest, APP),
    standing: guest.run(STANDING).split('\n').toSorted(),
  });

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: APP,
      config: {
        app: { profiles: ['on'] },
        vm: { memory_mb: 1024 },
        deploy: { stability: 1, timeout: 60 },
        secrets: { TOKEN: {} },
      },
    });
    cpSync(FOLDER, project.folder, { recursive: true });
    project.write('.gitignore', '.env\n');
    project.write('.env', ENV, 0o600);
    project.release('v1');
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
    makeBaseImage(guest);
    guest.run('docker volume create features-outside && docker network create features-outside');
    // The same name, so that all that Compose derives from it is the same; gone before zebu comes.
    checkOutPlain(guest, project.folder, 'v1', ENV);
    const compose = `cd ${PLAIN_FOLDER} && docker compose -p ${APP}`;
    guest.run(`${compose} --profile on build >/dev/null 2>&1; ${compose} --profile on create 2>&1`);
    plain = seen(guest.run(`${compose} --profile '*' config --format json 2>/dev/null`));
    guest.run(`${compose} --profile on down -v -t 0 2>&1`);
    const { release } = await project.json<DeployResult>(['app:deploy', '--tag', 'v1'], { timeoutMs: 280_000 });
    said = (await project.zebu(['app:logs', '--release', release])).stdout;
    const live = liveCompose(`/opt/zebu/${APP}`);
    ours = seen(guest.run(`${live}compose --profile '*' config --format json 2>/dev/null`));
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('starts the same containers, networks and volumes', () => {
    expect([...ours.containers.keys()]).toEqual([...plain.containers.keys()]);
    expect(ours.standing).toEqual(plain.standing);
    expect(Object.keys(ours.services)).toEqual(Object.keys(plain.services));
    expect(plain.containers.size).toBeGreaterThan(30);
  });

  it.each(ROWS.filter(({ proof }) => proof.kind === 'as Compose').map(({ name }) => name))(
    'is as Compose: %s',
    (name) => {
      const found = holders(name);
      expect(found).not.toEqual([]);
      if (!name.startsWith('services.')) return;
      for (const service of found) {
        expect(ours.services[service]).toEqual(plain.services[service]);
        for (const [container, inspected] of plain.containers) {
          const { Labels } = inspected['Config'] as { readonly Labels: Readonly<Record<string, string>> };
          if (Labels['com.docker.compose.service'] === service)
            expect(ours.containers.get(container)).toEqual(inspected);
        }
      }
    },
  );

  it('refuses by name what its table says is refused, and what the Compose of the VM does not know', () => {
    const rows = ROWS.flatMap(({ name, proof }) =>
      proof.kind === 'refused'
        ? [{ name, file: proof.file, why: proof.why }]
        : proof.kind === 'newer'
          ? [{ name, file: proof.file, why: new RegExp(name.split('.').at(-1) ?? name, 'i') }]
          : [],
    );
    const why = refusals(
      guest,
      rows.map(({ file }) => file),
    );
    expect(why).toHaveLength(rows.length);
    expect(
      rows.map(({ name, why: wanted }, index) =>
        wanted.test(why[index] ?? '') ? name : `${name}: ${why[index] ?? ''} is not ${String(wanted)}`,
      ),
    ).toEqual(rows.map(({ name }) => name));
  });

  it('tells what plain Compose would have read, and what it calls the project', () => {
    expect(said).toContain('name: another-name in compose.yml is not used: the project is called features');
  });

  it('merges several files, with !reset and !override', async () => {
    project.write('compose.override.yml', 'services: {}\n');
    project.write(
      'compose.yml',
      'services: { web: { image: "base:1", ports: ["48090:80"], labels: { a: "1" }, dns: [192.0.2.1] } }\n',
    );
    project.write(
      'more.yml',
      'services: { web: { ports: !reset null, labels: { b: "2" }, dns: !override [192.0.2.2] } }\n',
    );
    project.release('v2');
    const files = ['--set', 'app.compose=["compose.yml","more.yml"]'];
    const { release } = await project.json<DeployResult>(['app:deploy', '--tag', 'v2', ...files]);
    const container = JSON.parse(guest.run(`docker inspect ${APP}-web-1`)) as readonly {
      readonly Config: { readonly Labels: object };
      readonly HostConfig: { readonly PortBindings: object; readonly Dns: readonly string[] };
    }[];
    expect(container[0]).toMatchObject({
      Config: { Labels: { a: '1', b: '2' } },
      HostConfig: { PortBindings: {}, Dns: ['192.0.2.2'] },
    });
    expect((await project.zebu(['app:logs', '--release', release])).stdout).not.toContain('is not read');
    const { plan } = await project.json<DeployResult>(['app:deploy', '--tag', 'v2', '--dry-run']);
    expect(plan?.steps.join('\n')).toContain('compose.override.yml is not read: app.compose names compose.yml alone');
  });
});
