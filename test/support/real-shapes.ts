/** A change of a file of the project. */
export interface Edit {
  readonly file: string;
  /** What is replaced in it; without it the file is written anew. */
  readonly from?: string;
  readonly to: string;
}

/** A project of test/fixtures/compose, and what happens to it. */
export interface RealShape {
  readonly name: string;
  readonly compose: string;
  readonly env: string;
  /** Names in `env` that are secrets. */
  readonly secrets: readonly string[];
  readonly profiles?: readonly string[];
  /** From the first version to the second. */
  readonly change: readonly Edit[];
  /** What the change replaces in plain Compose. */
  readonly replaced: readonly string[];
  /** What zebu replaces besides, because what it is given is another content. */
  readonly better: readonly string[];
  /** From the second version to one that does not run. */
  readonly broken: readonly Edit[];
  /** Where people's data is written in the first version: service and file. */
  readonly data: readonly (readonly [service: string, file: string])[];
}

export const REAL_SHAPES: readonly RealShape[] = [
  {
    name: 'shop',
    compose: 'compose.yml',
    env: 'DB_PASSWORD=sesame-of-db\nSECRET_KEY=sesame-of-web\nBUILD_LABEL=blue\nDEBUG=off\n',
    secrets: ['DB_PASSWORD', 'SECRET_KEY'],
    change: [
      { file: 'app/version', to: 'two\n' },
      { file: 'proxy/site.conf', to: 'upstream = web:8001\n' },
    ],
    replaced: ['beat', 'migrate', 'proxy', 'web', 'worker'],
    better: [],
    broken: [
      {
        file: 'compose.yml',
        from: '"/bin/busybox", "httpd", "-f", "-p", "8000"',
        to: '"/bin/busybox", "httpd", "-f", "-p", "8001"',
      },
    ],
    data: [
      ['db', '/data/rows'],
      ['web', '/media/photo'],
    ],
  },
  {
    name: 'cloud',
    compose: 'docker-compose.yml',
    env: 'MYSQL_PASSWORD=sesame-of-cloud\nTRUSTED_DOMAIN=cloud.example.org\n',
    secrets: ['MYSQL_PASSWORD'],
    change: [
      { file: 'config/opcache.ini', to: 'memory = 256\n' },
      { file: 'docker-compose.yml', from: 'REDIS_HOST=cache', to: 'REDIS_HOST=cache:6379' },
      { file: 'docker-compose.yml', from: '- MYSQL_DATABASE=cloud', to: '- MYSQL_DATABASE=clouds' },
    ],
    replaced: ['app', 'cron', 'db'],
    better: [],
    broken: [
      {
        file: 'docker-compose.yml',
        from: 'entrypoint: ["sh", "-c", "exec sleep 1000000"]',
        to: 'entrypoint: ["sh", "-c", "exit 4"]',
      },
    ],
    data: [
      ['db', '/var/lib/mysql/rows'],
      ['app', '/var/www/html/document'],
    ],
  },
  {
    name: 'stats',
    compose: 'compose.yml',
    env: 'SECRET_KEY_BASE=sesame-of-stats\nBASE_URL=http://localhost\nHTTP_PORT=8000\n',
    secrets: ['SECRET_KEY_BASE'],
    change: [
      { file: 'events/logs.xml', to: '<clickhouse><logger/></clickhouse>\n' },
      { file: 'seed/countries', to: 'DE\nFR\n' },
      { file: 'compose.yml', from: 'POSTGRES_PASSWORD=postgres', to: 'POSTGRES_PASSWORD=other' },
    ],
    replaced: ['app', 'plain_db'],
    better: ['events_db'],
    broken: [{ file: 'events/logs.xml', to: '' }],
    data: [
      ['plain_db', '/data/rows'],
      ['events_db', '/var/lib/events/part'],
    ],
  },
  {
    name: 'forge',
    compose: 'compose.yaml',
    env: 'DB_PASSWORD=sesame-of-forge\nDOMAIN=git.example.org\n',
    secrets: ['DB_PASSWORD'],
    change: [
      { file: 'nginx/conf.d/forge.conf', to: 'server { listen 80; server_name git; }\n' },
      { file: 'compose.yaml', from: 'USER_UID=1000', to: 'USER_UID=1001' },
    ],
    replaced: ['server'],
    better: ['nginx'],
    broken: [
      {
        file: 'compose.yaml',
        from: 'image: base:1\n    container_name: forge',
        to: 'image: base:1\n    command: ["sh", "-c", "exit 3"]\n    container_name: forge',
      },
    ],
    data: [
      ['server', '/data/repository'],
      ['db', '/data/rows'],
      ['certbot', '/etc/letsencrypt/key'],
    ],
  },
  {
    name: 'watch',
    compose: 'compose.yml',
    env: 'ADMIN_PASSWORD=sesame-of-watch\nHOST=watch.example.org\nINTERVAL=30s\n',
    secrets: ['ADMIN_PASSWORD'],
    profiles: ['alerting'],
    change: [
      { file: 'compose.yml', from: 'targets: [exporter:9100]', to: 'targets: [exporter:9100, other:9100]' },
      { file: 'provisioning/dashboards/main.json', to: '{"title": "two"}\n' },
      { file: 'parts/common.yml', from: 'max-size: 1m', to: 'max-size: 2m' },
    ],
    replaced: ['alerts'],
    better: ['dashboards', 'metrics'],
    broken: [{ file: 'parts/exporters.yml', from: 'pid: host', to: 'pid: host\n    command: ["false"]' }],
    data: [['metrics', '/data/samples']],
  },
];
