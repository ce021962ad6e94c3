import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBaseImage } from '../../support/base-image.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { theLab } from '../../support/lab.js';
import { makeProject, type Project } from '../../support/project.js';

/** As tutorials of Django have it: the checkout is mounted, and the database lies beside manage.py. */
const COMPOSE = `services:
  web:
    image: base:1
    working_dir: /code
    command: [sh, manage]
    volumes: ['.:/code', '/code/node_modules']
    environment: { DEBUG: "\${DEBUG}" }
  worker: { image: base:1, volumes: ['./media:/media'] }
  nginx: { image: base:1, volumes: ['./static:/static:ro', './nginx.conf:/etc/nginx.conf:ro'] }
  db: { image: base:1, volumes: ['./data/rows:/rows'] }
`;
const MANAGE = `set -e
cat code .env >running
[ -e db.sqlite3 ] || echo rows >db.sqlite3
busybox mkdir -p __pycache__ node_modules static/collected
echo compiled >__pycache__/code.pyc
cat static/site.css >static/collected/site.css
exec stay
`;
const FILES = {
  'compose.yml': COMPOSE,
  manage: MANAGE,
  code: '1\n',
  gone: '1\n',
  'settings.ini': '1\n',
  'static/site.css': '1\n',
  'nginx.conf': '1\n',
  'media/.gitkeep': '',
  '.gitignore': 'db.sqlite3\n__pycache__\n.env\n',
};
/** Where Compose alone has its checkout, in the VM. */
const PLAIN = '/srv/beside';

describe('a service that writes into the checkout', { timeout: 600_000 }, () => {
  let project: Project;
  let guest: Shell;

  const deploy = async (tag: string): Promise<string> =>
    (await project.json<{ release: string }>(['app:deploy', '--tag', tag])).release;
  /** The same commit, as whoever has no zebu brings it into force. */
  const plain = (tag: string, debug = 'off'): void => {
    const bundle = execFileSync('git', ['bundle', 'create', '-q', '-', '--all'], { cwd: project.folder });
    guest.run(
      `set -e
mkdir -p /tmp/sent && base64 -d >/tmp/sent/bundle <<'BUNDLE'
${bundle.toString('base64')}
BUNDLE
[ -d ${PLAIN} ] || { sudo mkdir ${PLAIN} && sudo chown "$(id -u)" ${PLAIN} && git init -q ${PLAIN}; }
cd ${PLAIN} && echo "DEBUG='${debug}'" >.env && git fetch -qf --tags /tmp/sent/bundle && git -c advice.detachedHead=false checkout -q ${tag}
docker compose -p beside up -d --quiet-pull --remove-orphans 2>/tmp/sent/said || { cat /tmp/sent/said >&2; exit 1; }
# What Compose does not see: the program is another one.
docker compose -p beside restart -t 0 web 2>/dev/null`,
    );
  };
  const inside = (app: string, service: string, script: string): string =>
    guest.run(`docker exec ${app}-${service}-1 sh -c '${script}'`);
  /** All files that a service sees below a folder, with what is in them. */
  const tree = (app: string, service: string, folder: string): readonly string[] =>
    inside(
      app,
      service,
      `cd ${folder} && busybox find . -type f ! -path "./.git/*" ! -name compose.yml ! -name zebu.yml | busybox sort | while read -r each; do echo "$each: $(busybox head -n 3 "$each")"; done`,
    ).split('\n');
  const sees = (app: string): unknown => ({
    web: tree(app, 'web', '/code'),
    worker: tree(app, 'worker', '/media'),
    nginx: [...tree(app, 'nginx', '/static'), inside(app, 'nginx', 'cat /etc/nginx.conf')],
    db: tree(app, 'db', '/rows'),
  });
  const write = (script: string, service = 'web'): void => {
    for (const app of ['whole', 'beside']) inside(app, service, script);
  };

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'whole',
      files: FILES,
      config: { deploy: { stability: 1, keep: 2 }, data: { volumes: ['web:/code'] } },
    });
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
    makeBaseImage(guest);
    project.write('.env', 'DEBUG=off\n', 0o600);
    project.release('v1');
    plain('v1');
    await deploy('v1');
  }, 600_000);
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('finds in each release what it wrote, as with a checkout that is pulled', async () => {
    expect(sees('whole')).toEqual(sees('beside'));
    write('echo more >>db.sqlite3; echo own >settings.ini; echo log >app.log; busybox mkdir -p media/deep');
    write('echo photo >media/deep/photo');
    write('echo thumb >/media/thumb', 'worker');
    write('echo row >/rows/row', 'db');
    expect(sees('whole')).toEqual(sees('beside'));
    expect(inside('whole', 'web', 'cat media/thumb data/rows/row')).toBe('thumb\nrow');
    expect(inside('whole', 'nginx', 'cat /static/collected/site.css')).toBe('1');

    project.write('.env', 'DEBUG=on\n', 0o600);
    project.write('code', '2\n');
    project.write('static/site.css', '2\n');
    project.write('added/by', '2\n');
    rmSync(join(project.folder, 'gone'));
    project.release('v2');
    const { plan } = await project.json<{ plan: { services: readonly { service: string; change: string }[] } }>([
      ...['app:deploy', '--tag', 'v2', '--dry-run'],
    ]);
    const replaced = plan.services.filter(({ change }) => change !== 'unchanged');
    expect(replaced.map(({ service }) => service)).toEqual(['nginx', 'web']);
    plain('v2', 'on');
    await deploy('v2');
    expect(sees('whole')).toEqual(sees('beside'));
    expect(inside('whole', 'web', 'cat running db.sqlite3 settings.ini app.log')).toBe(
      "2\nDEBUG='on'\nrows\nmore\nown\nlog",
    );
  });

  it('finds it after going back, too', async () => {
    write('echo of-v2 >>db.sqlite3');
    await project.json(['app:rollback']);
    plain('v1');
    expect(sees('whole')).toEqual(sees('beside'));
    expect(inside('whole', 'web', 'cat running db.sqlite3 gone')).toBe("1\nDEBUG='off'\nrows\nmore\nof-v2\n1");
    await deploy('v2');
  });

  it('and after a release that failed, and more releases than are kept', async () => {
    project.write('manage', MANAGE.replace('exec stay', 'echo broken >>db.sqlite3; exit 3'));
    project.write('code', '3\n');
    project.release('v3');
    expect((await project.zebu(['app:deploy', '--tag', 'v3'])).code).toBe(7);
    expect(inside('whole', 'web', 'cat running code')).toBe("2\nDEBUG='on'\n2");
    project.write('manage', MANAGE);
    for (const tag of ['v4', 'v5', 'v6']) {
      project.write('code', `${tag}\n`);
      project.release(tag);
      await deploy(tag);
    }
    await project.json(['app:prune', '--keep', '2']);
    guest.run('docker restart -t 0 $(docker ps -q --filter label=com.docker.compose.project=whole) >/dev/null');
    expect(inside('whole', 'web', 'cat running app.log media/thumb data/rows/row')).toBe(
      "v6\nDEBUG='on'\nlog\nthumb\nrow",
    );
    expect(inside('whole', 'web', 'cat db.sqlite3')).toContain('of-v2\nbroken');
  });

  it('has it back from a dump, beside the files of the release that is live', async () => {
    await project.json(['data:dump']);
    inside('whole', 'web', 'echo spoilt >app.log; busybox rm -r media/deep');
    project.write('code', 'v6b\n');
    project.release('v6b');
    await deploy('v6b');
    await project.json(['data:restore', '--yes', '--no-dump']);
    const seen = "v6b\nDEBUG='on'\nv6b\nlog\nphoto\nown";
    expect(inside('whole', 'web', 'cat running code app.log media/deep/photo settings.ini')).toBe(seen);
    // What nobody else has changed follows the next commit, too.
    project.write('code', 'v6\n');
    project.release('v6c');
    await deploy('v6c');
    expect(inside('whole', 'web', 'cat code; busybox find . -name "*.before-*" -o -name "*.zebu-*"')).toBe('v6');
  });

  it('is told of a file of the commit in the place of one of its own, before anything is touched', async () => {
    project.write('app.log', 'of the commit\n');
    project.release('v7');
    const { code, stderr } = await project.zebu(['app:deploy', '--tag', 'v7']);
    expect(code).toBe(6);
    expect(stderr).toContain('the commit has something else in app.log there');
    expect(inside('whole', 'web', 'cat app.log running')).toBe("log\nv6\nDEBUG='on'");
    rmSync(join(project.folder, 'app.log'));
  });

  it('finds a part of it also where that alone is mounted, and all of it once it is again', async () => {
    const parts = "services:\n  worker: { image: base:1, volumes: ['./media:/media', './static:/static'] }\n";
    project.write('compose.yml', parts);
    project.write('static/site.css', '8\n');
    project.release('v8');
    await deploy('v8');
    expect(tree('whole', 'worker', '/media')).toEqual(['./.gitkeep: ', './deep/photo: photo', './thumb: thumb']);
    expect(tree('whole', 'worker', '/static')).toEqual(['./collected/site.css: 2', './site.css: 8']);
    inside('whole', 'worker', 'echo late >/static/late');
    project.write('compose.yml', COMPOSE);
    project.write('code', '9\n');
    project.release('v9');
    await deploy('v9');
    const seen = inside('whole', 'web', 'cat running app.log static/late static/site.css data/rows/row');
    expect(seen).toBe("9\nDEBUG='on'\nlog\nlate\n8\nrow");
  });
});
