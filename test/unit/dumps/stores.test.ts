import { describe, expect, it } from 'vitest';
import { variables } from '@zebu/kit';
import STORES from '../../../src/lib/dumps/stores.sh';
import { inEachShell, runIn } from '../../support/shells.js';

interface Container {
  readonly service: string;
  readonly image: string;
  readonly running?: boolean;
  readonly path?: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly id?: string;
}

const line = ({
  service,
  image,
  running = true,
  path = 'docker-entrypoint.sh',
  args = [],
  env = [],
  id,
}: Container): string =>
  [
    service,
    id ?? `id-${service}`,
    running,
    image,
    `${JSON.stringify(path)} ${JSON.stringify(args)}`,
    JSON.stringify(env),
  ].join('\t');

const found = (containers: readonly Container[], stores = '', volumes = ''): readonly string[] =>
  inEachShell((shell) =>
    runIn(shell, `${variables({ data_stores: stores, data_volumes: volumes })}${STORES}choose_stores`, {
      input: containers.map((each) => `${line(each)}\n`).join(''),
    })
      .stdout.split('\n')
      .filter((each) => each !== ''),
  );

describe('stores', () => {
  it.each<[Container, string]>([
    [{ service: 'db', image: 'postgres:18', args: ['postgres'] }, 'postgres'],
    [{ service: 'db', image: 'postgres@sha256:00', args: ['-c', 'max_connections=9'] }, 'postgres'],
    [
      { service: 'db', image: 'registry.example.org:5000/postgis/postgis:17-3.5', args: ['postgres', '-c', 'x=1'] },
      'postgres',
    ],
    [{ service: 'db', image: 'zebu/shop-db:0123', args: ['postgres'], env: ['A=b', 'PG_MAJOR=17'] }, 'postgres'],
    [{ service: 'db', image: 'mariadb:11', args: ['mariadbd'] }, 'mariadb'],
    [{ service: 'db', image: 'mysql:8.4', args: ['mysqld', '--sql-mode='] }, 'mysql'],
    [{ service: 'db', image: 'mongo:8', args: ['mongod'] }, 'mongo'],
    [{ service: 'db', image: 'redis:8-alpine', args: ['redis-server', '--appendonly', 'yes'] }, 'redis'],
    [
      { service: 'db', image: 'zebu/shop-db:0123', args: ['redis-server'], env: ['REDIS_DOWNLOAD_URL=https://x'] },
      'redis',
    ],
    [{ service: 'db', image: 'valkey/valkey:9', args: ['sh', '-c', 'valkey-server --requirepass "$P"'] }, 'redis'],
  ])('%o are found', (container, kind) => {
    expect(found([container])).toEqual([`db|${kind}|db|id-db|true|`]);
  });

  it.each<Container>([
    // Clients of the same image.
    { service: 'migrate', image: 'postgres:18', args: ['psql', '-f', '/postgres/x.sql'] },
    { service: 'backup', image: 'postgres:18', args: ['sh', '-c', 'pg_dump postgres-main'], path: '/bin/sh' },
    { service: 'cli', image: 'redis:8', args: ['redis-cli', 'ping'] },
    { service: 'web', image: 'shop-web', args: ['node', 'server.js'], env: ['DATABASE=postgres', 'X=,"PG_MAJOR='] },
    { service: 'exporter', image: 'prometheuscommunity/postgres-exporter', args: ['postgres'] },
  ])('%o are not', (container) => {
    expect(found([container])).toEqual([]);
  });

  it('that zebu.yml names come first, in another way or not at all', () => {
    const containers: readonly Container[] = [
      { service: 'db', image: 'postgres:18', args: ['postgres'] },
      { service: 'cache', image: 'redis:8', args: ['redis-server'] },
      { service: 'web', image: 'shop-web', args: ['node'] },
    ];
    const stores = [
      'cache|none|cache|',
      'notes|sqlite|web|/data/notes.db',
      'main|command|db|3',
      'gone|postgres|old|',
    ].join('\n');
    expect(found(containers, stores, 'uploads web:/app/media')).toEqual([
      'notes|sqlite|web|id-web|true|/data/notes.db',
      'main|command|db|id-db|true|3',
      'gone|postgres|old|||',
      'uploads|volume||||uploads',
      'web-app-media|volume|web|id-web||/app/media',
    ]);
  });

  it('of several containers are in the one that runs', () => {
    const db: Container = { service: 'db', image: 'postgres:18', args: ['postgres'] };
    expect(
      found([
        { ...db, running: false, id: 'old' },
        { ...db, id: 'new' },
        { ...db, id: 'other' },
      ]),
    ).toEqual(['db|postgres|db|new|true|']);
    expect(found([{ ...db, running: false, id: 'old' }])).toEqual(['db|postgres|db|old|false|']);
    expect(found([])).toEqual([]);
  });
});
