import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { BASE_IMAGE } from '../../support/base-image.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { makeProject, type Project } from '../../support/project.js';

const service = (name: string, command: string, volumes: readonly string[], more = ''): string =>
  `  ${name}:\n    image: base:1\n    restart: unless-stopped\n    stop_signal: SIGKILL\n    command: [/bin/busybox, sh, -c, ${JSON.stringify(command)}]\n    volumes: ${JSON.stringify(volumes)}\n${more}`;
const STAY = 'exec /bin/busybox sleep 1000000';

/** Everything below lies in folders of its own, as Compose names them: \`docker/\` is the project directory. */
const composeFile = (extra = ''): string => `services:
${service('web', 'exec /bin/busybox httpd -f -p 80 -h /www', ['./certbot/www:/www:ro', './site.conf:/etc/site.conf:ro', '../secrets:/secrets:ro'])}${service('certbot', `echo token-1 >/www/challenge; ${STAY}`, ['./certbot/www:/www'])}${service('registry', STAY, ['./storage:/storage'])}${service('home', STAY, ['./home:/home', './home/cache:/home/cache'])}${service('db', STAY, ['pg:/pg'], '    configs: [{ source: settings, target: /settings }]\n')}${extra}volumes:
  pg: { driver_opts: { type: none, o: bind, device: "\${PWD}/pgdata" } }
configs:
  settings: { file: ./settings.conf }
`;

const FILES: Readonly<Record<string, string>> = {
  'docker/docker-compose.yml': composeFile(),
  'docker/site.conf': 'conf\n',
  'docker/settings.conf': 'settings\n',
  'docker/storage/.gitkeep': '',
  'docker/home/settings': '1\n',
  'pgdata/.gitkeep': '',
  'secrets/app.conf': 'password = hello\n',
  '.gitattributes': 'secrets/** filter=rot diff=rot\n',
  note: '1\n',
};

describe('paths of a Compose file', () => {
  let project: Project;
  let guest: Shell;
  const inVm = (script: string): string => guest.run(script);
  const inContainer = (name: string, script: string): string =>
    inVm(`docker exec paths-${name}-1 /bin/busybox sh -c '${script}'`);
  const deploy = async (tag: string): Promise<string> => {
    project.release(tag);
    return (await project.json<{ release: string }>(['app:deploy', '--tag', tag])).release;
  };

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'paths',
      files: FILES,
      config: { app: { compose: ['docker/docker-compose.yml'] }, deploy: { stability: 1, keep: 2 } },
    });
    project.git('config', 'filter.rot.clean', 'tr a-z n-za-m');
    project.git('config', 'filter.rot.smudge', 'tr a-z n-za-m');
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
    inVm(`{ ${BASE_IMAGE}; } >/dev/null 2>&1`);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('lead where Compose leads them, once for all services', async () => {
    const release = await deploy('v1');
    expect(inContainer('web', '/bin/busybox cat /www/challenge /etc/site.conf /secrets/app.conf')).toBe(
      'token-1\nconf\npassword = hello',
    );
    const { stdout } = await project.zebu(['app:logs', '--release', release]);
    expect(stdout).toContain(
      'registry: ./docker/storage holds nothing in the commit: it is data, kept in /opt/zebu/paths/shared/mounts/docker/storage',
    );
    expect(inContainer('registry', '/bin/busybox ls -A /storage')).toBe('.gitkeep');
  });

  it('hold what was written after more deploys than are kept, and start again', async () => {
    inContainer('db', 'echo row >/pg/rows');
    inContainer('registry', 'echo package >/storage/pkg-1');
    const first = inVm('docker inspect -f "{{.Created}}" paths-db-1');
    project.write('note', '2\n');
    await deploy('v2');
    project.write('note', '3\n');
    const release = await deploy('v3');
    // What runs is the container of the first release: its file is there as long as it is.
    expect(inVm('docker inspect -f "{{.Created}}" paths-db-1')).toBe(first);
    inVm('docker restart -t 0 $(docker ps -aq) >/dev/null');
    expect(inContainer('db', '/bin/busybox cat /pg/rows /settings')).toBe('row\nsettings');
    expect(inContainer('registry', '/bin/busybox cat /storage/pkg-1')).toBe('package');
    expect(inVm(`grep -h '"step":"prune","state":"done"' /opt/zebu/paths/journals/${release}.jsonl`)).toContain(
      '0 old releases removed, 1 kept: containers or volumes use them',
    );
  });

  it('are the same after going back, and in a plan', async () => {
    await project.json(['app:rollback']);
    expect(inContainer('registry', '/bin/busybox cat /storage/pkg-1')).toBe('package');
    const { plan } = await project.json<{
      plan: { steps: readonly string[]; services: readonly { service: string; change: string }[] };
    }>(['app:deploy', '--tag', 'v3', '--dry-run']);
    expect(plan.services.map(({ service: name, change }) => `${name} ${change}`)).toEqual([
      'certbot unchanged',
      'db unchanged',
      'home unchanged',
      'registry unchanged',
      'web unchanged',
    ]);
    expect(plan.steps.join('\n')).toContain('./docker/storage holds nothing in the commit');
  });

  it('are refused by name where they lead nowhere, by the plan as by the deploy', async () => {
    project.write('docker/docker-compose.yml', composeFile(service('late', STAY, ['./certs:/certs:ro'])));
    project.release('v5');
    for (const flags of [['--dry-run'], []]) {
      const { code, stderr } = await project.zebu(['app:deploy', '--tag', 'v5', ...flags]);
      expect(code).toBe(6);
      expect(stderr).toContain('late mounts ./docker/certs read-only, but it is neither part of the commit nor');
    }
    project.write('docker/docker-compose.yml', composeFile());
  });

  it('take over what an earlier zebu left in the folder of a release', async () => {
    // The newest of all, so that it is kept beside the next one. As it was: the folder of the release itself was mounted.
    await deploy('v6');
    const old = inVm('readlink -f /opt/zebu/paths/current');
    const storage = `${old}/tree/docker/storage`;
    inVm(
      `cd ${old} && sed -i '/^directory=/d' plan && rm -rf ${storage} && mv /opt/zebu/paths/shared/mounts/docker/storage ${storage}`,
    );
    const release = await deploy('v7');
    expect(inContainer('registry', '/bin/busybox cat /storage/pkg-1')).toBe('package');
    expect(inVm(`readlink ${storage}`)).toBe('/opt/zebu/paths/shared/mounts/docker/storage');
    expect((await project.zebu(['app:logs', '--release', release])).stdout).toContain('from now on');
  });

  it('of the commit that services have written into follow the commit, and keep what was written', async () => {
    const seen = (): string =>
      inContainer('home', 'cd /home; /bin/busybox cat settings rows cache/page; /bin/busybox ls');
    inContainer('home', 'echo row >/home/rows; echo page >/home/cache/page');
    project.write('docker/home/settings', '2\n');
    project.write('docker/home/added', '2\n');
    project.release('h2');
    const planned = await project.json<{ plan: { services: readonly { service: string; change: string }[] } }>([
      ...['app:deploy', '--tag', 'h2', '--dry-run'],
    ]);
    const replaced = planned.plan.services.filter(({ change }) => change !== 'unchanged');
    expect(replaced.map(({ service: name }) => name)).toEqual(['home']);
    const release = await deploy('h2');
    expect(seen()).toBe('2\nrow\npage\nadded\ncache\nrows\nsettings');
    expect((await project.zebu(['app:logs', '--release', release])).stdout).toContain(
      './docker/home is part of the commit, and services have written into it: it is kept in',
    );
    await project.json(['app:rollback']);
    expect(seen()).toBe('1\nrow\npage\ncache\nrows\nsettings');
    project.write('docker/home/settings', '3\n');
    await deploy('h3');
    await project.json(['app:prune', '--keep', '2']);
    inVm('docker restart -t 0 $(docker ps -aq) >/dev/null');
    expect(seen()).toBe('3\nrow\npage\nadded\ncache\nrows\nsettings');
  });

  it('keep their data when the app is removed, which takes no image of others along', async () => {
    inVm('docker tag base:1 paths-other:1 && docker tag base:1 somebody/else:1');
    await project.json(['app:destroy', '--yes']);
    expect(inVm('cat /opt/zebu/paths/shared/mounts/pgdata/rows')).toBe('row');
    expect(inVm('docker image ls --format "{{.Repository}}:{{.Tag}}" | sort')).toBe(
      'base:1\npaths-other:1\nsomebody/else:1',
    );
    await deploy('v8');
    expect(inContainer('db', '/bin/busybox cat /pg/rows')).toBe('row');
  });
});
