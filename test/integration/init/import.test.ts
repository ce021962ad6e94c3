/** A stack that somebody started by hand becomes an app, with what is in its volume. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { plain } from '../../support/modes.js';
import { makeProject, type Project } from '../../support/project.js';
import { CTRL_C, onTerminal, type TerminalRun } from '../../support/terminal.js';

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

/** Another one on the same machine. */
const OTHER = 'services: { web: { build: ., command: [/bin/busybox, sleep, "100000000"], stop_signal: SIGKILL } }';

interface Made {
  readonly imported: { readonly project: string; readonly services: readonly unknown[] };
  readonly next: readonly string[];
}

let project: Project;
let guest: Shell;
let from: string;
let own: { readonly env: { readonly HOME: string } };

beforeAll(async () => {
  project = makeProject({
    lab: theLab(),
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
  const home = join(project.folder, '..', 'home');
  mkdirSync(join(home, '.ssh'), { recursive: true });
  writeFileSync(join(home, '.ssh/known_hosts'), hostKeys.map((key) => `${ip} ${key}\n`).join(''));
  own = { env: { HOME: home } };
  const write = (file: string, text: string): string => `printf '%s' '${text}' >${file}`;
  guest.run(
    `mkdir old && cd old && cp /bin/busybox . && ${write('compose.yml', COMPOSE)} && ${write('other.yml', OTHER)} && ${write('Dockerfile', 'FROM scratch\nCOPY busybox /bin/busybox\n')} && docker compose -p shop up -d --build && docker exec shop-web-1 /bin/busybox touch /data/kept`,
  );
});
afterAll(async () => {
  await project.zebu(['vm:destroy', '--yes', '--env', 'lab']);
  project.remove();
});

const importing = (): readonly string[] => ['init', '--from-host', from, '--identity-file', project.key, '--force'];

it('is chosen where several run: on a terminal by its name, elsewhere by a flag', async () => {
  guest.run('cd old && docker compose -p blog -f other.yml up -d --build');
  const several = `There are several stacks on ${from}: blog, shop`;
  for (const more of [['--yes'], ['--json'], ['--yes', '--json']]) {
    const run = await project.zebu([...importing(), ...more], own);
    expect(run.code).toBe(2);
    if (more.includes('--json')) {
      const { error } = JSON.parse(run.stdout) as { error: unknown };
      expect(error).toMatchObject({ code: 'USAGE', message: several, hint: 'Give --stack (ZEBU_STACK).' });
    } else expect(run.stderr).toBe(`Error: ${several}\n  -> Give --stack (ZEBU_STACK).\n`);
  }
  const chosen = await project.zebu([...importing(), '--yes', '--json'], { env: { ...own.env, ZEBU_STACK: 'blog' } });
  expect(JSON.parse(chosen.stdout)).toMatchObject({ result: { imported: { project: 'blog' } } });

  const terminal = { cwd: project.folder, env: { ...project.env, ...own.env } };
  const choose = (name: string): Promise<TerminalRun> =>
    onTerminal(importing(), {
      ...terminal,
      keys: [
        ['Stack to import (blog, shop)', `${name}\r`],
        ['Address of the Proxmox host', '\r'],
      ],
    });
  const wrong = await choose('nope');
  expect(wrong.code).toBe(2);
  expect(plain(wrong.screen)).toContain(`Error: There is no stack nope on ${from}; there is blog, shop`);
  const right = await choose('shop');
  expect(right.code, right.screen).toBe(0);
  expect(readFileSync(join(project.folder, 'zebu.yml'), 'utf8')).toContain('name: shop');
  // Return alone takes what is offered.
  expect((await choose('')).code).toBe(0);
  expect(readFileSync(join(project.folder, 'zebu.yml'), 'utf8')).toContain('name: blog');
  const left = await onTerminal(importing(), { ...terminal, keys: [['Stack to import', CTRL_C]] });
  expect(left.code).toBe(130);
  guest.run('cd old && docker compose -p blog -f other.yml down');
});

it('is imported under its name, and deployed with what its volume holds', async () => {
  const args = [...importing(), '--yes', '--json'];
  const none = await project.zebu([...args, '--stack', 'nope'], own);
  expect(none.code).toBe(2);
  expect(JSON.parse(none.stdout)).toMatchObject({
    error: { message: `There is no stack nope on ${from}; there is shop` },
  });
  const run = await project.zebu(args, own);
  expect(run.code, run.stdout + run.stderr).toBe(0);
  expect(run.stdout).not.toContain('only-in-the-vm');
  const { imported, next } = (JSON.parse(run.stdout) as { result: Made }).result;
  expect(imported).toMatchObject({
    project: 'shop',
    services: [{ name: 'web', ports: ['8090:8080'], healthcheck: false, oneShot: false }],
  });
  expect(next.join('\n')).not.toContain('compose.yml');
  project.release('v1');
  await project.json(['app:deploy', '--tag', 'v1', '--env', 'lab'], own);
  const containers = guest.run('docker ps --filter label=com.docker.compose.project=shop --format "{{.Names}}"');
  expect(containers).toBe('shop-web-1');
  expect(guest.run('docker exec shop-web-1 /bin/busybox ls /data')).toBe('kept');
});
