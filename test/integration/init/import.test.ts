/** A stack that somebody started by hand becomes an app, with what is in its volume. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { makeProject, type Project } from '../../support/project.js';

const COMPOSE = `services:
  web:
    build: .
    command: [/bin/busybox, sleep, "100000000"]
    stop_signal: SIGKILL
    ports: ["8090:8080"]
    volumes: [data:/data]
    environment: { WORD: only-in-the-vm }
volumes: { data: {} }
`;

interface Made {
  readonly imported: { readonly project: string; readonly services: readonly unknown[] };
  readonly next: readonly string[];
}

let project: Project;
let guest: Shell;
let home: string;
let from: string;

beforeAll(async () => {
  project = makeProject({
    lab: inject('lab'),
    app: 'shop',
    config: { deploy: { stability: 1 } },
    files: {
      'compose.yml': COMPOSE,
      Dockerfile: 'FROM scratch\nCOPY busybox /bin/busybox\n',
      '.gitignore': 'busybox\n',
    },
  });
  project.write('.zebu/hooks/pre-build', '#!/bin/sh\ncp "$(command -v busybox)" busybox\n', 0o755);
  // The lab's Proxmox stays in an overlay: zebu.yml is written anew.
  copyFileSync(join(project.folder, 'zebu.yml'), join(project.folder, 'zebu.lab.yml'));
  const { ip, hostKeys } = await project.json<{ ip: string; hostKeys: readonly string[] }>(['vm:create']);
  guest = guestShell(ip, project.key);
  from = `deploy@${ip}`;
  home = join(project.folder, '..', 'home');
  mkdirSync(join(home, '.ssh'), { recursive: true });
  writeFileSync(join(home, '.ssh/known_hosts'), hostKeys.map((key) => `${ip} ${key}\n`).join(''));
});
afterAll(async () => {
  await project.zebu(['vm:destroy', '--yes', '--env', 'lab']);
  project.remove();
});

it('is imported under its name, and deployed with what its volume holds', async () => {
  const write = (file: string, text: string): string => `printf '%s' '${text}' >${file}`;
  guest.run(
    `mkdir old && cd old && cp /bin/busybox . && ${write('compose.yml', COMPOSE)} && ${write('Dockerfile', 'FROM scratch\nCOPY busybox /bin/busybox\n')} && docker compose -p shop up -d --build && docker exec shop-web-1 /bin/busybox touch /data/kept`,
  );
  const own = { env: { HOME: home } };
  const args = ['init', '--from-host', from, '--identity-file', project.key, '--yes', '--json'];
  const none = await project.zebu([...args, '--stack', 'nope', '--force'], own);
  expect(none.code).toBe(2);
  expect(JSON.parse(none.stdout)).toMatchObject({
    error: { message: `There is no stack nope on ${from}; there is shop` },
  });
  const run = await project.zebu([...args, '--force'], own);
  expect(run.code, run.stdout + run.stderr).toBe(0);
  expect(run.stdout).not.toContain('only-in-the-vm');
  const { imported, next } = (JSON.parse(run.stdout) as { result: Made }).result;
  expect(imported).toMatchObject({
    project: 'shop',
    services: [{ name: 'web', ports: ['8090:8080'], healthcheck: false }],
  });
  expect(next.join('\n')).not.toContain('compose.yml');
  project.release('v1');
  await project.json(['app:deploy', '--tag', 'v1', '--env', 'lab'], own);
  const containers = guest.run('docker ps --filter label=com.docker.compose.project=shop --format "{{.Names}}"');
  expect(containers).toBe('shop-web-1');
  expect(guest.run('docker exec shop-web-1 /bin/busybox ls /data')).toBe('kept');
});
