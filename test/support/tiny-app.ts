import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { makeProject, type Project } from './project.js';

/** Often until it is healthy, and seldom from then on: each check is a program that is started. */
const health = (test: string): string =>
  `    healthcheck: { test: ${test}, interval: 10s, timeout: 5s, retries: 3, start_period: 60s, start_interval: 500ms }\n`;

/** Two services from scratch: `web` serves /version, `store` has a volume. Both come back with the machine. */
function composeFile(port: number): string {
  const service = (name: string): string =>
    `  ${name}:\n    build: { context: ., dockerfile: ${name}/Dockerfile }\n    restart: unless-stopped\n    init: true\n    stop_grace_period: 1s\n    environment: { TOKEN: "\${TOKEN}" }\n`;
  return `services:
${service('store')}    volumes: [data:/data]
${health('[CMD, /bin/busybox, test, -f, /data/ready]')}${service('web')}    ports: ["${port}:8080"]
${health('[CMD, /bin/busybox, wget, -q, -O, /dev/null, "http://127.0.0.1:8080/version"]')}volumes: { data: }
`;
}

const FILES = {
  'store/Dockerfile':
    'FROM scratch\nCOPY busybox /bin/busybox\nCMD ["/bin/busybox", "sh", "-c", "/bin/busybox touch /data/ready; exec /bin/busybox sleep 100000000"]\n',
  'web/Dockerfile':
    'FROM scratch\nCOPY busybox /bin/busybox\nCOPY web/www /www\nCMD ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]\n',
  'web/www/version': '0\n',
  '.gitignore': 'busybox\n.env\n',
};

const PRE_BUILD = '#!/bin/sh\nset -eu\ncp "$(command -v busybox)" busybox\n';

export interface TinyOptions {
  readonly lab: LabReport;
  readonly app: string;
  readonly port?: number;
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export function tinyApp({ lab, app, port = 8080, config = {} }: TinyOptions): Project {
  const project = makeProject({
    lab,
    app,
    files: { ...FILES, 'compose.yml': composeFile(port) },
    config: { secrets: { TOKEN: { required: true } }, ...config },
  });
  project.write('.zebu/hooks/pre-build', PRE_BUILD, 0o755);
  project.write('.env', 'TOKEN=first\n', 0o600);
  return project;
}

/** A release whose `web` serves `version`. */
export function version(project: Project, name: string): void {
  project.write('web/www/version', `${name}\n`);
  project.release(name);
}
