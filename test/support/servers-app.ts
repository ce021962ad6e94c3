import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { IMAGES } from './database-images.js';
import { makeProject, type Project } from './project.js';

/** With what a shell, SQL and Compose would trip over. */
export const ROOT_PASSWORD = `it's "so" \\ %p`;
/** Redis takes no double quotes and no backslash in an argument. */
export const PASSWORD = "it's %p so";

/** Servers as people run them: a password from a file, as an argument, in the environment; a log of changes, a replica, a file. */
const COMPOSE = `services:
  maria:
    image: ${IMAGES.mariadb}
    environment:
      MARIADB_ROOT_PASSWORD_FILE: /run/secrets/root
      MARIADB_DATABASE: shop
      MARIADB_USER: shop
      MARIADB_PASSWORD: "\${PASSWORD}"
    secrets: [root]
    volumes: [maria:/var/lib/mysql]
    restart: unless-stopped
    healthcheck: { test: [CMD, mariadb, -u, shop, "-p\${PASSWORD}", -h, 127.0.0.1, -e, select 1], interval: 1s, timeout: 5s, retries: 60, start_period: 60s }
  cache:
    image: ${IMAGES.redis}
    command: [redis-server, --requirepass, "\${PASSWORD}", --appendonly, "yes"]
    volumes: [cache:/data]
    restart: unless-stopped
  replica:
    image: ${IMAGES.redis}
    command: [redis-server, --requirepass, "\${PASSWORD}", --masterauth, "\${PASSWORD}", --replicaof, cache, "6379"]
    volumes: [replica:/data]
    restart: unless-stopped
  keys:
    image: ${IMAGES.valkey}
    command: [sh, -c, 'exec valkey-server --requirepass "$$VALKEY_PASSWORD"']
    environment: { VALKEY_PASSWORD: "\${PASSWORD}" }
    volumes: [keys:/data]
    restart: unless-stopped
  notes:
    image: ${IMAGES.sqlite}
    volumes: [notes:/data]
    stop_signal: SIGKILL
    restart: unless-stopped
  bare:
    image: ${IMAGES.bare}
    restart: unless-stopped
secrets: { root: { environment: ROOT_PASSWORD } }
volumes: { maria: {}, cache: {}, replica: {}, keys: {}, notes: {} }
`;

export function serversApp(lab: LabReport, app: string): Project {
  const project = makeProject({
    lab,
    app,
    files: { 'compose.yml': COMPOSE, '.gitignore': '.env\n' },
    config: {
      vm: { memory_mb: 1024 },
      secrets: { PASSWORD: {}, ROOT_PASSWORD: {} },
      deploy: { stability: 1, timeout: 120 },
      data: {
        stores: {
          bare: { service: 'bare', kind: 'none' },
          notes: { service: 'notes', kind: 'sqlite', path: '/data/notes.db' },
        },
      },
    },
  });
  project.write('zebu.bare.yml', 'data: { stores: { bare: { service: bare, kind: redis } } }\n');
  project.write(
    '.env',
    `PASSWORD=${JSON.stringify(PASSWORD)}\nROOT_PASSWORD=${JSON.stringify(ROOT_PASSWORD)}\n`,
    0o600,
  );
  return project;
}
