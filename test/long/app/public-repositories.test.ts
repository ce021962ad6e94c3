import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBaseImage } from '../../support/base-image.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { theLab } from '../../support/lab.js';
import { makeProject, type Project } from '../../support/project.js';

/** What a public project has that mounts its checkout or makes something of it, with the images of tests. */
interface Repository {
  readonly name: string;
  readonly compose?: string;
  readonly env?: string;
  readonly files: Readonly<Record<string, string>>;
  /** From the first commit to the second; null for a file that goes. */
  readonly change: Readonly<Record<string, string | null>>;
  /** What services write in the first: service, script. */
  readonly writes?: readonly (readonly [service: string, script: string])[];
  /** service → folders and files that have to be the same. */
  readonly looks: Readonly<Record<string, readonly string[]>>;
}

const REPOSITORIES: readonly Repository[] = [
  {
    name: 'a project that one service has, and its public folder another',
    files: {
      'compose.yml': `services:
  nginx: { image: base:1, volumes: ['./public:/var/www/html/public', './.docker/nginx.conf:/etc/nginx/default.conf'], depends_on: [fpm], command: sh -c "cat /etc/nginx/default.conf /var/www/html/public/index.php >/seen; exec stay" }
  fpm: { image: base:1, volumes: ['.:/var/www/html'] }
  composer: { image: base:1, volumes: ['.:/var/www/html'], working_dir: /var/www/html, profiles: [composer], command: composer install }
`,
      '.docker/nginx.conf': 'one\n',
      'public/index.php': '<?php one\n',
      'src/a.php': 'one\n',
    },
    change: { 'public/index.php': '<?php two\n', 'src/a.php': 'two\n', '.docker/nginx.conf': 'two\n' },
    writes: [
      ['fpm', 'busybox mkdir -p /var/www/html/vendor/bin; echo x >/var/www/html/vendor/bin/phpunit'],
      ['fpm', 'busybox mkdir -p /var/www/html/public/build; echo b >/var/www/html/public/build/app.js'],
    ],
    looks: { nginx: ['/var/www/html/public', '/seen'], fpm: ['/var/www/html'] },
  },
  {
    name: 'node_modules of its own volume, consistency and labels of mounts',
    files: {
      'compose.yml': `services:
  app: { image: base:1, working_dir: /src, volumes: ['.:/src:cached', '/src/node_modules'], command: 'sh -c "[ -e node_modules/dep ] || echo 1 >node_modules/dep; exec stay"' }
  worker: { image: base:1, volumes: ['./:/app:rw,z', './logs:/app/logs:Z'] }
  look: { image: base:1, volumes: [{ type: bind, source: '.', target: /app, read_only: true }] }
`,
      'package.json': '1\n',
      'logs/.gitignore': '*\n!.gitignore\n',
    },
    change: { 'package.json': '2\n', 'lib/x.js': '2\n' },
    writes: [['worker', 'echo l >/app/logs/out; echo t >/app/tmp.txt']],
    looks: { app: ['/src'], worker: ['/app'], look: ['/app'] },
  },
  {
    name: 'Compose files in a folder below, a migration, sockets',
    compose: 'docker/docker-compose.yml',
    files: {
      'docker/docker-compose.yml': `x-app: &app
  image: base:1
  working_dir: /rails
  volumes: ['..:/rails', 'bundle:/usr/local/bundle', '../tmp/sockets:/sockets']
services:
  migrate: { <<: *app, command: sh -c "echo migrated >>/rails/db/schema.log" }
  web: { <<: *app, command: sh -c "rm -f tmp/pids/server.pid; echo 1 >tmp/pids/server.pid; exec stay", depends_on: { migrate: { condition: service_completed_successfully } } }
  proxy: { image: base:1, volumes: ['../tmp/sockets:/sockets:ro', '../public:/public:ro'] }
volumes: { bundle: {} }
`,
      'db/migrate/1.rb': '1\n',
      'public/index.html': '1\n',
      'tmp/pids/.keep': '',
      'config/app.yml': '1\n',
    },
    change: { 'db/migrate/2.rb': '2\n', 'public/index.html': '2\n', 'config/app.yml': null },
    writes: [['web', 'echo s >/sockets/puma.sock; echo up >/rails/public/upload']],
    looks: { web: ['/rails', '/sockets'], proxy: ['/sockets', '/public'] },
  },
  {
    name: 'volumes whose devices are folders of the repository, and the repository itself',
    files: {
      'compose.yml': `services:
  app: { image: base:1, volumes: ['code:/code', 'shared_data:/app/data'] }
  pipe: { image: base:1, volumes: ['shared_data:/app/data'] }
  cron: { image: base:1, volumes: ['./:/code'] }
volumes:
  code: { driver: local, driver_opts: { type: none, o: bind, device: "\${PWD}" } }
  shared_data: { driver: local, driver_opts: { type: none, o: bind, device: ./data } }
`,
      'data/.gitkeep': '',
      code: '1\n',
    },
    change: { code: '2\n', more: '2\n' },
    writes: [
      ['app', 'echo row >/app/data/row; echo own >/code/own'],
      ['cron', 'echo c >/code/cron.log'],
    ],
    looks: { app: ['/code', '/app/data'], pipe: ['/app/data'], cron: ['/code'] },
  },
  {
    name: 'folders of the machine within the checkout, and files of data beside it',
    files: {
      'compose.yml': `services:
  fpm: { image: base:1, volumes: ['./:/html', '/srv/public/data:/html/data', './acme.json:/html/acme.json', './db.sqlite3:/db/db.sqlite3'] }
  nginx: { image: base:1, volumes: ['./:/html:ro', './etc/default.conf:/conf:ro'], network_mode: bridge }
`,
      'acme.json': '',
      'db.sqlite3': '',
      'etc/default.conf': '1\n',
      'index.php': '1\n',
    },
    change: { 'index.php': '2\n' },
    writes: [['fpm', 'echo d >/html/data/d; echo j >/html/acme.json; echo r >/db/db.sqlite3']],
    looks: { fpm: ['/html', '/db'], nginx: ['/html'] },
  },
  {
    name: '.env in the checkout, a volume and a tmpfs within it, volumes of another service',
    env: "APP_DEBUG='false'\n",
    files: {
      'compose.yml': `services:
  app: { image: base:1, volumes: ['.:/app', 'vendor:/app/vendor'], tmpfs: ['/app/cache'], command: sh -c "cat /app/.env >/app/seen; exec stay" }
  queue: { image: base:1, volumes_from: [app] }
  look: { image: base:1, volumes: ['./:/app:ro'], pid: "service:app" }
volumes: { vendor: {} }
`,
      artisan: '1\n',
      'storage/app/.gitignore': '*\n!.gitignore\n',
    },
    change: { artisan: '2\n' },
    writes: [['queue', 'echo q >/app/storage/app/q; echo v >/app/vendor/v']],
    looks: { app: ['/app'], queue: ['/app'], look: ['/app/storage', '/app/seen', '/app/.env'] },
  },
  {
    name: '.env in a checkout that nobody writes to, below the Compose files and beside them',
    compose: 'docker/compose.yml',
    env: "APP_DEBUG='false'\n",
    files: {
      'docker/compose.yml': `services:
  app: { image: base:1, volumes: ['..:/app:ro'], read_only: true, tmpfs: [/tmp], command: sh -c "cat /app/.env >/tmp/seen; exec stay" }
  part: { image: base:1, volumes: ['../config:/config:ro', '../.env:/config.env:ro'] }
`,
      'config/a': '1\n',
      index: '1\n',
    },
    change: { index: '2\n', 'config/a': '2\n' },
    looks: { app: ['/app/index', '/app/.env', '/tmp/seen'], part: ['/config', '/config.env'] },
  },
  {
    name: 'a checkout that is mounted as a whole by a later commit only',
    files: {
      'compose.yml': `services:
  api: { image: base:1, volumes: ['./media:/media', './one.txt:/one.txt', './rows:/rows'] }
  web: { image: base:1 }
`,
      'media/seed': '1\n',
      'one.txt': '1\n',
      code: '1\n',
    },
    change: {
      'compose.yml': `services:
  api: { image: base:1, volumes: ['./media:/media', './one.txt:/one.txt'] }
  web: { image: base:1, volumes: ['.:/code'] }
`,
      code: '2\n',
    },
    writes: [['api', 'echo m >/media/m; echo o >>/one.txt; echo r >/rows/r']],
    looks: { api: ['/media', '/one.txt'], web: ['/code'] },
  },
  {
    name: 'folders around those that are mounted, mounted by a later commit',
    files: {
      'compose.yml': `services:
  api: { image: base:1, volumes: ['./app/media:/media', './app/one.txt:/one.txt', './app/rows:/rows', './srv/a/b:/b'] }
  web: { image: base:1 }
`,
      'app/media/seed': '1\n',
      'app/one.txt': '1\n',
      'app/code': '1\n',
      'srv/a/b/c': '1\n',
      'srv/a/d': '1\n',
    },
    change: {
      'compose.yml': `services:
  api: { image: base:1, volumes: ['./app/media:/media', './app/one.txt:/one.txt', './app/rows:/rows', './srv/a/b:/b'] }
  web: { image: base:1, volumes: ['./app:/code', './srv:/srv:ro'] }
`,
      'app/code': '2\n',
    },
    writes: [['api', 'echo m >/media/m; echo o >>/one.txt; echo r >/rows/r; echo b >/b/w']],
    looks: { api: ['/media', '/one.txt', '/rows', '/b'], web: ['/code', '/srv'] },
  },
  {
    name: 'pipes and links among data, a home, users of their own',
    files: {
      'compose.yml': `services:
  first: { image: base:1, volumes: ['./app:/app', '/etc/localtime:/etc/localtime:ro', '~/public-home:/home-data'] }
  second: { image: base:1, volumes: ['./app/data:/data', './run:/run/app', '\${PWD}/more:/more'] }
  third: { image: base:1, volumes: ['./run:/run/app:ro', './app/conf.d:/conf.d:ro'], user: "1234:1234" }
`,
      'app/conf.d/a.conf': '1\n',
      'app/data/seed.json': '1\n',
      'app/code': '1\n',
    },
    change: { 'app/code': '2\n', 'app/data/seed.json': '2\n', 'app/conf.d/b.conf': '2\n' },
    writes: [
      [
        'first',
        'echo x >/app/data/x; busybox mkfifo /app/pipe; busybox ln -s /nowhere /app/link; echo h >/home-data/h',
      ],
      ['second', 'echo s >/run/app/s; echo m >/more/m'],
    ],
    looks: { first: ['/app', '/home-data'], second: ['/data', '/more'], third: ['/run/app', '/conf.d'] },
  },
  {
    name: 'images built in line, contexts by name',
    files: {
      'compose.yml': `x-logging: &logging { driver: json-file, options: { max-size: 5m } }
x-env: &env { A: "1" }
x-more: &more { B: "2" }
services:
  app:
    build:
      context: ./app
      dockerfile_inline: |
        FROM base:1
        COPY --from=conf . /conf/
        COPY . /app/
      additional_contexts: { conf: ./conf }
    environment: { <<: [*env, *more], C: "3" }
    logging: *logging
    extra_hosts: ["host.docker.internal:host-gateway"]
    tmpfs: /run:size=1m
    init: true
`,
      'conf/c': '1\n',
      'app/a': '1\n',
    },
    change: { 'conf/c': '2\n' },
    looks: { app: ['/conf', '/app'] },
  },
];

/** Where Compose alone has its checkout, in the VM. */
const PLAIN = '/srv/plain';
/** Of the machine, and not of the repository. */
const CLEAN =
  'sudo rm -rf /srv/public ~/public-home && sudo mkdir -p /srv/public/data && sudo chmod 777 /srv/public/data';

describe('what public projects do with their checkout', { timeout: 300_000 }, () => {
  let project: Project;
  let guest: Shell;

  beforeAll(async () => {
    project = makeProject({ lab: theLab(), app: 'public', config: { deploy: { stability: 1, keep: 2 } } });
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
    makeBaseImage(guest);
  }, 300_000);
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  /** Both commits, under their tags. */
  const commit = ({ files, change, env }: Repository, [one, two]: readonly [string, string]): void => {
    for (const name of readdirSync(project.folder))
      if (name !== '.git' && name !== 'zebu.yml') rmSync(join(project.folder, name), { recursive: true });
    for (const [file, text] of Object.entries({ '.gitignore': '.env\n', ...files })) project.write(file, text);
    if (env !== undefined) project.write('.env', env, 0o600);
    project.release(one);
    for (const [file, text] of Object.entries(change))
      if (text === null) rmSync(join(project.folder, file));
      else project.write(file, text);
    project.release(two);
  };
  const plain = (tag: string, { compose = 'compose.yml', env = '' }: Repository): void => {
    const bundle = execFileSync('git', ['bundle', 'create', '-q', '-', '--all'], { cwd: project.folder });
    const command = `docker compose -p public -f ${compose}`;
    guest.run(`set -e
mkdir -p /tmp/sent && base64 -d >/tmp/sent/bundle <<'BUNDLE'
${bundle.toString('base64')}
BUNDLE
[ -d ${PLAIN} ] || { sudo mkdir ${PLAIN} && sudo chown "$(id -u)" ${PLAIN} && git init -q ${PLAIN}; }
cd ${PLAIN} && git fetch -qf --tags /tmp/sent/bundle && git -c advice.detachedHead=false checkout -q ${tag}
${env === '' ? '' : `echo "${env.trim()}" >.env`}
{ ${command} build && ${command} up -d --force-recreate -t 0; } >/tmp/sent/said 2>&1 || { cat /tmp/sent/said >&2; exit 1; }`);
  };
  const inside = (service: string, script: string): string =>
    guest.run(
      `docker exec -u 0 $(docker ps -q --filter label=com.docker.compose.project=public --filter label=com.docker.compose.service=${service}) sh -c '${script}'`,
    );
  const sees = ({ looks }: Repository): unknown =>
    Object.entries(looks).map(([service, places]) =>
      places.map((place) => [
        service,
        ...inside(
          service,
          `busybox find ${place} ! -type d ! -path "*/.git/*" ! -name zebu.yml | busybox sort | while read -r each; do echo "$each $([ -f "$each" ] && cat "$each")"; done`,
        ).split('\n'),
      ]),
    );
  const write = ({ writes = [] }: Repository): void => {
    for (const [service, script] of writes) inside(service, script);
  };
  const zebu = (repository: Repository, ...words: readonly string[]): Promise<unknown> =>
    project.json([...words, '--set', `app.compose=["${repository.compose ?? 'compose.yml'}"]`]);

  it.each(REPOSITORIES.map((each, index) => [each.name, each, index] as const))(
    'is there after a change and after going back as with Compose alone: %s',
    async (_, repository, index) => {
      const tags = [`r${index}-1`, `r${index}-2`] as const;
      commit(repository, tags);
      guest.run(CLEAN);
      const alone: unknown[] = [];
      for (const tag of [...tags, tags[0]]) {
        plain(tag, repository);
        if (alone.length === 0) write(repository);
        alone.push(sees(repository));
      }
      guest.run(`cd ${PLAIN} && docker compose -p public -f ${repository.compose ?? 'compose.yml'} --profile '*' down -v -t 0 2>/dev/null
sudo rm -rf ${PLAIN}; ${CLEAN}`);

      await zebu(repository, 'app:deploy', '--tag', tags[0]);
      write(repository);
      const ours = [sees(repository)];
      await zebu(repository, 'app:deploy', '--tag', tags[1]);
      ours.push(sees(repository));
      await zebu(repository, 'app:rollback');
      ours.push(sees(repository));
      expect(ours).toEqual(alone);
      await zebu(repository, 'app:destroy', '--yes', '--volumes');
    },
  );
});
