import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { IMAGES, makeDatabaseImages } from './database-images.js';
import { guestShell, type Shell } from './guest-shell.js';
import { PackageMirror } from './package-mirror.js';
import { makeProject, type Project } from './project.js';

/** A shop with 10,000 rows in PostgreSQL; `web` is healthy as long as it finds its table. */
const COMPOSE = `services:
  db:
    image: ${IMAGES.postgres}
    environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: "\${DB_PASSWORD}", POSTGRES_DB: shop }
    volumes: [db:/var/lib/postgresql/data]
    restart: unless-stopped
    stop_grace_period: 20s
    healthcheck: { test: [CMD, pg_isready, -q, -h, 127.0.0.1], interval: 1s, timeout: 5s, retries: 60, start_period: 60s }
  web:
    image: ${IMAGES.postgres}
    command: [sleep, "1000000"]
    stop_signal: SIGKILL
    environment: { PGHOST: db, PGUSER: shop, PGDATABASE: shop, PGPASSWORD: "\${DB_PASSWORD}" }
    restart: unless-stopped
    depends_on: { db: { condition: service_healthy } }
    healthcheck: { test: [CMD, psql, -Atc, "select count(*) from orders"], interval: 1s, timeout: 5s, retries: 60, start_period: 60s }
volumes: { db: {} }
`;

export const ROWS = 10_000;

/** What the first release does to an empty database, and every later one once more. */
const FIRST = `create table if not exists orders (id int primary key, note text not null, total numeric(10,2), made timestamptz default '2026-01-01');
do $$ begin if not exists (select from pg_roles where rolname = 'reader') then create role reader login password 'a-reader''s'; end if; end $$;
grant select on orders to reader;
create index if not exists by_note on orders (note);
insert into orders (id, note, total) select i, 'note ' || i || E' \\'quoted\\' \\t \\\\ é', i * 1.5 from generate_series(1, ${ROWS}) i on conflict do nothing;`;

export interface RowsOptions {
  readonly lab: LabReport;
  readonly app: string;
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly compose?: string;
}

export function rowsApp({ lab, app, config = {}, compose = COMPOSE }: RowsOptions): Project {
  const project = makeProject({
    lab,
    app,
    files: { 'compose.yml': compose, '.gitignore': '.env\n' },
    config: {
      ...config,
      secrets: { DB_PASSWORD: {}, ...config['secrets'] },
      deploy: {
        stability: 1,
        timeout: 90,
        release_command: { service: 'web', command: ['psql', '-q', '-v', 'ON_ERROR_STOP=1', '-c', FIRST] },
        ...config['deploy'],
      },
    },
  });
  project.write('.env', 'DB_PASSWORD="it\'s \\"so\\""\n', 0o600);
  return project;
}

/** A VM with the image of its database, and nothing of the app: as a stranger gets it. */
export async function rowsMachine(project: Project, { network }: LabReport, mirror: PackageMirror): Promise<Shell> {
  await project.json(['vm:create']);
  const { ip } = await project.json<{ ip: string }>(['vm:status']);
  const guest = guestShell(ip, project.key);
  await makeDatabaseImages(guest, `http://${network.gateway}:${mirror.port}`, ['postgres']);
  return guest;
}

export interface LiveRows {
  readonly project: Project;
  readonly guest: Shell;
  remove(): Promise<void>;
}

/** The shop as v1, live in a VM of its own. */
export async function liveRows(lab: LabReport, app: string): Promise<LiveRows> {
  const mirror = await PackageMirror.make(lab.network.gateway);
  const project = rowsApp({ lab, app });
  const guest = await rowsMachine(project, lab, mirror);
  project.release('v1');
  await project.json(['app:deploy', '--tag', 'v1']);
  return {
    project,
    guest,
    remove: async () => {
      await project.zebu(['vm:destroy', '--yes']);
      project.remove();
      mirror.close();
    },
  };
}
