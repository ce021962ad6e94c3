import { has, member, noSecrets, section, service, toggle, type EditRow } from './row.js';

export const OF_SERVICES: readonly EditRow[] = [
  member('api', 'environment', (n) => ({ N: n, DOLLAR: `a$$b \${LEVEL:-x} "'\\ \t é ${n}` })),
  member('db', 'environment', (n) => [`N=${n}`, 'LEVEL', 'NOT_SET']),
  member('db', 'command', (n) => ['sh', '-c', `echo $$HOME ${n}; exec sleep 1000000`]),
  member('db', 'labels', (n) => ({ n: `${n} a=b "c" $$d` })),
  member('db', 'tmpfs', (n) => [`/tmp-${n}`]),
  member('db', 'mem_limit', (n) => `${64 + n}m`),
  member('db', 'ulimits', (n) => ({ nofile: { soft: 100 + n, hard: 1000 + n } })),
  member('db', 'cap_add', (n) => [n % 2 ? 'NET_ADMIN' : 'SYS_TIME']),
  member('db', 'hostname', (n) => `h${n}`),
  member('db', 'extra_hosts', (n) => [`h${n}:192.0.2.1`]),
  member('db', 'logging', (n) => ({ driver: 'json-file', options: { 'max-size': `${n + 1}m` } })),
  member('db', 'restart', (n) => (n % 2 ? 'always' : 'on-failure:3')),
  member('db', 'stop_grace_period', (n) => `${n}s`),
  member('db', 'healthcheck', (n) => ({ test: ['CMD-SHELL', `true ${n}`], interval: '1s' })),
  member('db', 'user', (n) => String(n)),
  member('db', 'working_dir', (n) => `/w${n}`),
  member('db', 'container_name', (n) => `own-${n}`),
  member('db', 'volumes', (n) => ['db:/data', `anon${n}:/anon`, '/anonymous']),
  member('cache', 'networks', (n) => ({ default: { aliases: [`a${n}`] }, ...(n % 2 ? { inner: null } : {}) })),
  member('cache', 'scale', (n) => n % 4),
  member('cache', 'deploy', (n) => ({ replicas: n % 4, resources: { limits: { memory: `${64 + n}m` } } })),
  member('cache', 'depends_on', (n) => (n % 2 ? ['db'] : { api: { condition: 'service_healthy', restart: true } })),
  member('cache', 'image', (n) => (n % 2 ? 'base:1' : 'tool:1')),
  member('cache', 'network_mode', () => 'none'),
  member('worker', 'deploy', (n) => ({ replicas: n % 4 })),
  member('worker', 'pid', (n) => (n % 2 ? 'host' : 'service:db')),
  member('side', 'network_mode', (n) => (n % 2 ? 'service:web' : 'service:api')),
  member('side', 'volumes_from', (n) => (n % 2 ? ['db'] : ['web:ro'])),
  member('more', 'command', (n) => ['sleep', `1000${n}`]),
  {
    name: 'cache: network_mode and back',
    apply: (app) => {
      const of = service(app, 'cache');
      delete of['networks'];
      toggle(of, 'network_mode', 'service:db');
    },
    to: has('cache'),
  },
  {
    name: 'a service is renamed',
    apply: (app, n) => {
      const all = section(app, 'services');
      const name = Object.keys(all).find((each) => each.startsWith('cache')) ?? 'cache';
      const of = all[name];
      delete all[name];
      all[`cache-${n}`] = of;
    },
    to: (app) => Object.keys(section(app, 'services')).some((each) => each.startsWith('cache')),
  },
  {
    name: 'a service comes or goes',
    apply: (app) => {
      toggle(section(app, 'services'), 'guest', { image: 'tool:1', stop_signal: 'SIGKILL' });
    },
  },
  {
    name: 'a one-shot that others wait for',
    apply: (app, n) => {
      section(app, 'services')['first'] = { image: 'base:1', command: ['echo', String(n)], environment: { N: n } };
      service(app, 'db')['depends_on'] = { first: { condition: 'service_completed_successfully' } };
    },
  },
  {
    name: 'another profile in .env',
    apply: (app) => {
      toggle(app.env, 'COMPOSE_PROFILES', 'extra');
    },
  },
  {
    name: 'a value in .env',
    apply: (app, n) => {
      app.env['LEVEL'] = String(n);
    },
  },
  {
    name: 'a value in .env with signs',
    apply: (app, n) => {
      app.env['LEVEL'] = `'$x "${n}" #'`;
    },
  },
  {
    name: 'a secret in .env',
    apply: (app, n) => {
      app.env['TOKEN'] = `sesame-${n}`;
    },
    to: (app) => app.env['TOKEN'] !== undefined,
  },
  {
    name: 'a committed .env',
    apply: (app, n) => {
      app.files['.env'] = `LEVEL=${n}\nTOKEN=open\n`;
      service(app, 'db')['environment'] = { LEVEL: '${LEVEL}' };
    },
    to: noSecrets,
  },
  {
    name: 'a committed .env that is a link',
    apply: (app, n) => {
      app.files['env/prod'] = `LEVEL=${n}\nTOKEN=open\n`;
      app.files['.env'] = { link: 'env/prod' };
      service(app, 'db')['environment'] = { LEVEL: '${LEVEL}' };
    },
    to: noSecrets,
  },
  {
    name: 'no committed .env',
    apply: (app) => {
      delete app.files['.env'];
    },
    to: noSecrets,
  },
  { name: 'nothing', apply: () => {} },
  {
    name: 'what nobody uses',
    apply: (app, n) => {
      app.files['README.md'] = `${n}\n`;
    },
  },
  {
    name: 'a comment in the Compose file',
    apply: (app, n) => {
      app.compose['x-comment'] = n;
    },
  },
  {
    name: 'the name in the Compose file',
    apply: (app, n) => {
      app.compose['name'] = `name-${n}`;
    },
  },
  {
    name: 'order of services',
    apply: (app) => {
      app.compose['services'] = Object.fromEntries(Object.entries(section(app, 'services')).toReversed());
    },
  },
];
