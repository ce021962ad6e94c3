import { stringify } from 'yaml';
import type { App } from './app.js';

const check = { test: ['CMD', 'true'], interval: '1s', start_period: '20s', start_interval: '300ms' };
const common = { restart: 'unless-stopped', stop_signal: 'SIGKILL', healthcheck: check };

/** What is live already is told of such a one without asking Compose: no paths, nothing that is read from elsewhere. */
export const lean = (): App => ({
  compose: {
    services: {
      api: {
        ...common,
        build: { context: './api', args: { LEVEL: '${LEVEL:-0}' } },
        environment: { LEVEL: '${LEVEL}' },
      },
      web: { ...common, build: './web', image: 'lean/web:1', depends_on: { api: { condition: 'service_healthy' } } },
      db: { ...common, image: 'base:1', volumes: ['db:/data'] },
      cache: { ...common, image: 'tool:1', networks: ['default', 'inner'] },
    },
    volumes: { db: {} },
    networks: { inner: {} },
  },
  files: {
    'api/Dockerfile':
      'FROM base:1 AS run\nARG LEVEL\nLABEL level=$LEVEL\nCOPY . /api/\nCOPY --from=tool:1 /bin/stay /stay\nFROM run AS other\nLABEL other=1\nFROM run\n',
    'api/version': '0\n',
    'api/run.sh': '#!/bin/sh\n',
    'web/Dockerfile': 'ARG BASE=base:1\nFROM ${BASE}\nCOPY . /web/\n',
    'web/page': '0\n',
  },
  env: { LEVEL: '0' },
});

/** Everything that has a path, a content or another file. */
export const full = (): App => ({
  compose: {
    include: ['parts/more.yml'],
    services: {
      api: {
        ...common,
        build: { context: './api', args: { LEVEL: '${LEVEL:-0}' } },
        environment: { LEVEL: '${LEVEL}', TOKEN: '${TOKEN}' },
        networks: ['default', 'inner'],
      },
      web: {
        ...common,
        build: './web',
        image: 'lean/web:1',
        depends_on: { api: { condition: 'service_healthy' } },
        volumes: ['./conf/site.conf:/conf/site.conf:ro', './html:/html:ro'],
        configs: ['banner', { source: 'from-env', target: '/from-env' }, { source: 'from-file', target: '/from-file' }],
        secrets: ['token', 'file-secret'],
      },
      db: { ...common, image: 'base:1', volumes: ['db:/data', './init:/init'] },
      worker: {
        extends: { file: 'parts/common.yml', service: 'worker' },
        env_file: ['env/worker.env'],
        deploy: { replicas: 2 },
      },
      side: { ...common, image: 'base:1', network_mode: 'service:api' },
      job: { image: 'tool:1', command: ['sh', '-c', 'echo job; cat /html/index.html'], volumes: ['./html:/html:ro'] },
      cache: { ...common, image: 'tool:1', networks: ['default', 'inner'] },
      extra: { ...common, image: 'tool:1', profiles: ['extra'] },
    },
    volumes: { db: {} },
    networks: { inner: {} },
    configs: {
      banner: { content: 'banner ${LEVEL}\n' },
      'from-env': { environment: 'LEVEL' },
      'from-file': { file: './conf/given' },
    },
    secrets: { token: { environment: 'TOKEN' }, 'file-secret': { file: './conf/secret' } },
  },
  files: {
    ...lean().files,
    'parts/common.yml': stringify({ services: { worker: { ...common, image: 'base:1', environment: { PART: 0 } } } }),
    'parts/more.yml': stringify({
      services: { more: { ...common, image: 'base:1', volumes: ['./more.conf:/more.conf:ro'] } },
    }),
    'parts/more.conf': '0\n',
    'env/worker.env': 'WORKER=0\n',
    'conf/site.conf': '0\n',
    'conf/given': '0\n',
    'conf/secret': '0\n',
    'html/index.html': '0\n',
    'init/script': '0\n',
  },
  env: { LEVEL: '0', TOKEN: 'sesame-0' },
});

/** Shapes that the Compose files of well-known self-hosted apps have. */
export const stack = (): App => {
  const shared = {
    ...common,
    image: 'stack-local:1',
    platform: '',
    build: { context: './app', args: ['BASE_IMAGE'] },
    environment: { CONF: '/etc/app', PASSED_ON: null, EMPTY: '', LEVEL: null },
    env_file: '.env',
    depends_on: { db: { condition: 'service_healthy' }, redis: { condition: 'service_started' } },
    volumes: [
      'media:/media',
      './app/conf:/etc/app',
      './geo:/geo:ro',
      './certs:/certs',
      '/etc/localtime:/etc/localtime:ro',
    ],
    networks: ['internal_network', 'external_network'],
  };
  return {
    compose: {
      name: 'stack-of-others',
      services: {
        web: {
          ...shared,
          container_name: 'stack-web',
          command: 'sleep 1000000',
          ports: ['127.0.0.1:${PORT:-48190}:80', { target: 81, published: '48191', protocol: 'udp' }],
          healthcheck: {
            test: ['CMD-SHELL', 'test -n "$$CONF" && ls / | grep -q bin'],
            interval: '1s',
            start_period: '20s',
            start_interval: '300ms',
          },
        },
        worker: { ...shared, command: ['sleep', '1000000'], labels: ['a.b=c', 'd'] },
        cron: {
          ...shared,
          command: 'sh -c "exec sleep 1000000"',
          volumes: ['media:/media:ro', '/var/run/docker.sock:/var/run/docker.sock'],
        },
        migrate: { ...shared, command: ['true'], restart: 'on-failure', healthcheck: { disable: true } },
        db: {
          ...common,
          image: 'base:1',
          shm_size: '64mb',
          environment: ['POSTGRES_PASSWORD=${TOKEN:?a password}', 'POSTGRES_DB=${DB:-app}', 'NAMED_ONLY', 'NOT_THERE'],
          volumes: [
            'database:/var/lib/data',
            './init.sql:/init.sql:ro,z',
            './volumes/db:/state:Z',
            { type: 'bind', source: './store', target: '/store/' },
            { type: 'bind', read_only: true, source: './postgres/', target: '/opt/db/' },
          ],
          healthcheck: {
            test: ['CMD-SHELL', 'ls $${HOME:-/}'],
            interval: '1s',
            start_period: '20s',
            start_interval: '300ms',
          },
          networks: ['internal_network'],
        },
        redis: {
          ...common,
          image: 'docker.io/library/tool:1',
          command: 'sleep 1000000',
          ulimits: { nofile: { soft: 10032, hard: 10032 } },
          tmpfs: '/run',
          networks: { internal_network: { aliases: ['cache', 'kv'] } },
          healthcheck: { disable: false, test: ['CMD', 'true'], interval: '1s' },
        },
        tools: {
          ...common,
          image: 'tool:1',
          profiles: ['tools'],
          volumes: ['./geo:/geo'],
          networks: ['internal_network'],
        },
      },
      volumes: { database: { driver: 'local' }, media: null },
      networks: { external_network: null, internal_network: { internal: true } },
    },
    files: {
      'app/Dockerfile': 'ARG BASE_IMAGE=base:1\nFROM ${BASE_IMAGE}\nCOPY --chmod=755 run /run\nCOPY . /app/\n',
      'app/run': '0\n',
      'app/conf/app.yml': '0\n',
      'geo/.gitkeep': '',
      'store/.gitkeep': '',
      'init.sql': '0\n',
      'postgres/entry': { program: '0\n' },
      'conf/site.conf': '0\n',
      'parts/more.conf': '0\n',
    },
    env: { LEVEL: '0', TOKEN: 'sesame-0', NAMED_ONLY: 'x', BASE_IMAGE: 'base:1', DB: 'app' },
  };
};
