import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { makeBaseImage } from '../../support/base-image.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { makeProject, type Project } from '../../support/project.js';

/** What many a public project has, each service one shape that plain Compose takes. */
const COMPOSE = `services:
  # Nothing says when it is up, and who needs it ends until it is.
  db: { image: "base:1", restart: always, command: sh -c "sleep 8; exec httpd -f -p 3306" }
  web:
    image: base:1
    restart: always
    depends_on: [db]
    command: sh -c "sleep 0.5; wget -O - http://db:3306/ 2>&1 | grep -q 404 || exit 1; exec stay"
  # Its settings lie in the folder above.
  settings:
    image: base:1
    env_file: ../.env
    volumes: ["../.env:/given:ro"]
  # Root, and nothing that makes him more than others.
  bare: { image: "base:1", cap_drop: [ALL], volumes: ["./cache:/cache"], command: sh -c "echo 1 >/cache/file && exec stay" }
  # Its image alone says that there is data.
  store: { build: ./store, healthcheck: { test: [CMD, "true"], interval: 1s } }
  # One has the network of another.
  vpn: { image: "base:1" }
  client: { image: "base:1", network_mode: "service:vpn" }
  names:
    image: base:1
    volumes:
      - ./files:/files
      - './files/a "quoted" $$dollar:/inner'
`;

const FILES: Readonly<Record<string, string>> = {
  '.gitignore': '.env\n',
  'docker/docker-compose.yml': COMPOSE,
  'docker/store/Dockerfile': 'FROM base:1\nVOLUME /data\nENV V=1\n',
  'docker/files/a "quoted" $dollar/file': 'found\n',
  'docker/files/kept': '1\n',
};

describe('what public projects have', { timeout: 600_000 }, () => {
  let project: Project;
  let guest: Shell;
  const inside = (service: string, line: string): string =>
    guest.run(
      `docker exec $(docker ps -q --filter label=com.docker.compose.project=shapes --filter label=com.docker.compose.service=${service}) sh -c '${line}'`,
    );
  const deploy = async (tag: string, ...words: readonly string[]): Promise<void> => {
    project.release(tag);
    await project.json(['app:deploy', '--tag', tag, ...words]);
  };

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'shapes',
      files: FILES,
      config: {
        app: { compose: ['docker/docker-compose.yml'] },
        deploy: { stability: 3, timeout: 60, drain: 0 },
        secrets: { TOKEN: {} },
      },
    });
    project.write('.env', 'LEVEL=1\nTOKEN=sesame-of-shapes\n', 0o600);
    project.git('add', '-A');
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
    makeBaseImage(guest);
    guest.run(
      `printf 'FROM base:1\\nRUN ["/bin/busybox", "ln", "-s", "busybox", "/bin/grep"]\\n' | docker build -q -t base:1 - >/dev/null`,
    );
    await deploy('v1');
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('is live where one ended until another was up', () => {
    expect(guest.run(`docker inspect -f '{{.State.Status}}' shapes-web-1`)).toBe('running');
    expect(Number(guest.run(`docker inspect -f '{{.RestartCount}}' shapes-web-1`))).toBeGreaterThan(2);
  });

  it('finds settings and secrets in the .env above, and who uses them is known', async () => {
    expect(inside('settings', 'echo $LEVEL $TOKEN; cat /given')).toBe(
      "1 sesame-of-shapes\nLEVEL='1'\nTOKEN='sesame-of-shapes'",
    );
    const { secrets } = await project.json<{ secrets: { name: string; usedBy: string[] }[] }>(['secrets:list']);
    expect(secrets).toMatchObject([{ name: 'TOKEN', usedBy: ['settings'] }]);
    const { code } = await project.zebu(['app:deploy', '--tag', 'v1', '--dry-run']);
    expect(code).toBe(0);
  });

  it('may be written to by root without any capability', () => {
    expect(inside('bare', 'cat /cache/file')).toBe('1');
  });

  it('has the same files by both names, however odd they are', () => {
    expect(inside('names', 'cat /inner/file; echo 2 >/inner/new; cat /files/a*/new')).toBe('found\n2');
  });

  it('is up again after a restart where one has the network of another', async () => {
    await project.json(['app:restart', 'vpn', 'client']);
    expect(inside('client', 'echo up')).toBe('up');
  });

  it('keeps the data of an image that declares a volume when it is to be rolled, and all settings follow', async () => {
    inside('store', 'echo precious >/data/file');
    project.write('docker/store/Dockerfile', 'FROM base:1\nVOLUME /data\nENV V=2\n');
    project.write('docker/files/kept', '2\n');
    project.write('.env', 'LEVEL=2\nTOKEN=sesame-of-shapes\n', 0o600);
    project.release('v2');
    const planned = await project.zebu(['app:deploy', '--tag', 'v2', '--dry-run', '--set', 'deploy.strategy=rolling']);
    expect(planned.stdout).toMatch(/^store .*cannot be rolled: it writes to a volume of its image/m);
    const unchanged = (): string =>
      guest.run(`docker inspect -f '{{.Name}} {{.Id}}' shapes-db-1 shapes-web-1 shapes-vpn-1 shapes-bare-1`);
    const before = unchanged();
    await deploy('v2', '--set', 'deploy.strategy=rolling');
    expect(unchanged()).toBe(before);
    expect(inside('store', 'echo $V; cat /data/file')).toBe('2\nprecious');
    expect(inside('settings', 'echo $LEVEL; cat /given')).toContain("2\nLEVEL='2'");
    expect(inside('names', 'cat /files/kept /inner/new')).toBe('2\n2');
  });
});
