import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { git, makeProject, type Project } from '../../support/project.js';

/** An image made of the VM's own busybox: no registry is asked. */
const BASE =
  'mkdir -p /tmp/base/bin && cp "$(command -v busybox)" /tmp/base/bin/ && tar -c -C /tmp/base . | docker import - base:1';
const FOREVER = '[/bin/busybox, sleep, "1000000"]';

const FILES: Readonly<Record<string, string>> = {
  'compose.yml': `
include: [parts/worker.yml]
services:
  web:
    extends: { file: parts/common.yml, service: common }
    build:
      context: .
      args: { COLOR: "\${COLOR}" }
      secrets: [token]
    container_name: wild-web
    environment: { GREETING: "\${GREETING:-none}" }
    ports: ["9999:9999"]
    depends_on:
      first: { condition: service_completed_successfully }
      worker: { condition: service_healthy }
    volumes:
      - ./conf/app.conf:/etc/app.conf:ro
      - ./state:/state
  first:
    image: base:1
    command: [/bin/busybox, "true"]
    env_file: .env
  debug:
    image: base:1
    profiles: [debug]
    command: ${FOREVER}
  extra:
    image: base:1
    profiles: [extra]
    command: ${FOREVER}
    environment: { COLOR: "\${COLOR}" }
    depends_on: { worker: { condition: service_healthy } }
    stop_signal: SIGKILL
secrets:
  token: { environment: TOKEN }
`,
  'compose.override.yml': `
services:
  web:
    ports: !reset null
    environment: { LATER: "yes" }
`,
  'parts/common.yml': `
services:
  common:
    command: ${FOREVER}
    stop_signal: SIGKILL
    environment: { FROM_COMMON: "1" }
`,
  'parts/worker.yml': `
services:
  worker:
    image: base:1
    command: ${FOREVER}
    stop_signal: SIGKILL
    healthcheck: { test: [CMD, /bin/busybox, "true"], interval: 5s, start_interval: 1s, start_period: 30s }
`,
  Dockerfile: `FROM base:1
ARG COLOR
RUN --mount=type=secret,id=token ["/bin/busybox", "sh", "-c", "echo $COLOR >/color; /bin/busybox wc -c </run/secrets/token >/length"]
`,
  'conf/app.conf': 'setting = 1\n',
  // A template's: settings, and placeholders where secrets belong.
  '.env': 'COLOR=green\nGREETING=hello\nTOKEN=changethis\n',
};

const OLD_STACK = `
services:
  worker: { image: "base:1", command: ${FOREVER}, stop_signal: SIGKILL, volumes: ["kept:/kept"] }
  gone: { image: "base:1", command: ${FOREVER}, stop_signal: SIGKILL }
volumes: { kept: {} }
`;

interface Status {
  readonly services: readonly {
    readonly service: string;
    readonly container: string;
    readonly ports: readonly string[];
  }[];
}

describe('Compose files as they are', () => {
  let project: Project;
  const inContainer = async (...command: string[]): Promise<string> =>
    (await project.json<{ stdout: string }>(['app:exec', 'web', '--', '/bin/busybox', ...command])).stdout.trim();
  const said = async (release: string): Promise<string> =>
    (await project.zebu(['app:logs', '--release', release])).stdout;
  const inVm = async (script: string): Promise<string> => {
    const run = await project.zebu(['vm:ssh', '--', 'sh', '-c', script]);
    expect([run.code, run.stderr]).toEqual([0, '']);
    return run.stdout.trim();
  };

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'wild',
      files: FILES,
      config: {
        app: { compose: ['compose.yml', 'compose.override.yml'], profiles: ['extra'] },
        deploy: { stability: 1, strategy: 'rolling', drain: 0 },
        secrets: { TOKEN: { required: true } },
      },
    });
    project.release('v1');
    await project.json(['vm:create']);
    await inVm(`{ ${BASE}; } >/dev/null 2>&1`);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('takes over a stack of the same name with its volumes, and says so', async () => {
    const write = `printf '%s' '${OLD_STACK}' >/tmp/old.yml`;
    await inVm(`${write} && docker compose -f /tmp/old.yml -p wild up -d >/dev/null 2>&1`);
    const { release } = await project.json<{ release: string }>(['app:deploy', '--tag', 'v1'], {
      env: { TOKEN: 'twelve-bytes' },
    });
    expect(await said(release)).toContain('a stack named wild is there already (2 containers): it is taken over');
    const openly = 'first is given TOKEN as .env of the commit has it, not the secret of that name';
    expect(await said(release)).toContain(openly);
    expect((await project.zebu(['app:deploy', '--tag', 'v1', '--dry-run'])).stdout).toContain(openly);
    expect(await inVm('docker volume ls -q')).toContain('wild_kept');
    const { services } = await project.json<Status>(['app:status']);
    expect(services.map(({ service }) => service).toSorted()).toEqual(['extra', 'first', 'web', 'worker']);
    expect(services.find(({ service }) => service === 'web')).toMatchObject({ container: 'wild-web', ports: [] });
  });

  it.each([
    ['.env beside zebu.yml', ['sh', '-c', 'echo $GREETING'], 'hello'],
    ['the later file', ['sh', '-c', 'echo $LATER'], 'yes'],
    ['extends', ['sh', '-c', 'echo $FROM_COMMON'], '1'],
    ['build arguments', ['cat', '/color'], 'green'],
    ['build secrets', ['cat', '/length'], '12'],
    ['read-only mounts of the commit', ['cat', '/etc/app.conf'], 'setting = 1'],
  ])('knows %s', async (_, command, answer) => {
    expect(await inContainer(...command)).toBe(answer);
  });

  it('keeps the data of a relative mount across releases, and says why a service is recreated', async () => {
    await inContainer('sh', '-c', 'echo precious >/state/file');
    project.write('.env', 'COLOR=blue\nGREETING=hello\n');
    project.release('v2');
    const { release } = await project.json<{ release: string }>(['app:deploy', '--tag', 'v2']);
    expect(await inContainer('cat', '/color', '/state/file')).toBe('blue\nprecious');
    const lines = await said(release);
    expect(lines).toContain('./state is not part of the commit and is kept in /opt/zebu/wild/shared/mounts/state');
    expect(lines).toContain('web cannot be rolled and is recreated: it has the fixed container_name wild-web');
  });

  it('brings submodules, and what Git LFS keeps elsewhere', async () => {
    const lib = mkdtempSync(join(tmpdir(), 'zebu-lib-'));
    try {
      git(lib, 'init', '-q', '-b', 'main');
      writeFileSync(join(lib, 'lib.conf'), 'from the submodule\n');
      git(lib, 'add', '-A');
      git(lib, 'commit', '-q', '-m', 'lib');
      project.git('-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', lib, 'vendor/lib');
    } finally {
      rmSync(lib, { recursive: true });
    }
    const oid = createHash('sha256').update('large').digest('hex');
    project.write('.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n');
    project.write('conf/a.bin', `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 5\n`);
    project.write(`.git/lfs/objects/${oid.slice(0, 2)}/${oid.slice(2, 4)}/${oid}`, 'large');
    const mounts =
      '      - ./conf/a.bin:/a.bin:ro\n      - ./vendor/lib/lib.conf:/lib.conf:ro\n      - ./state:/state\n';
    project.write('compose.yml', (FILES['compose.yml'] ?? '').replace('      - ./state:/state\n', mounts));
    project.release('v3');
    const planned = await project.json<{ sentBytes: number; commit: string }>([
      'app:deploy',
      '--tag',
      'v3',
      '--dry-run',
    ]);
    const { commit, sentBytes } = await project.json<typeof planned>(['app:deploy', '--tag', 'v3']);
    expect(await inContainer('cat', '/a.bin', '/lib.conf', '/state/file')).toBe('largefrom the submodule\nprecious');
    expect([planned.commit, planned.sentBytes]).toEqual([commit, sentBytes]);
    expect(commit).toBe(project.git('rev-parse', 'HEAD'));
    const again = await project.json<typeof planned>(['app:deploy', '--tag', 'v3']);
    expect(again.sentBytes).toBe(0);
  });
});
