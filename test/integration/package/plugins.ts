/** Plugins of others in the zebu that was installed: from a tarball into an empty home, to a deploy in the lab. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { ROOT } from '../../support/cli.js';
import type { Installation } from '../../support/installation.js';
import { pack } from '../../support/packed.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';
import type { ProviderList } from '../../../src/lib/providers/results.js';

const scratch = mkdtempSync(join(tmpdir(), 'zebu-plugins-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A plugin of one hook file, as somebody else could have made it. */
function brokenPlugin(name: string, hooks: readonly string[], hook: string): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  const named = Object.fromEntries(hooks.map((each) => [each, './hook.js']));
  const manifest = { name: `zebu-plugin-${name}`, version: '1.0.0', type: 'module', oclif: { hooks: named } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'hook.js'), hook);
  return folder;
}

const descriptor = (id: string, version: number): string =>
  `export default async () => ({ kind: 'transport', id: '${id}', apiVersion: ${version}, summary: 'x', capabilities: {}, load: async () => ({}) });`;

/** Loads, and fails at its first request as code does that was never run. */
const FAULTY = `export default async () => ({
  kind: 'transport', id: 'faulty', apiVersion: 1, summary: 'x', capabilities: {},
  load: async () => ({ connect: async () => ({
    doRequest: async () => { throw new TypeError('x is not a function\\nand more'); },
    close: async () => {},
  }) }),
});`;

export function describePlugins(installed: () => Installation): void {
  describe('plugins of others, in a clean home', () => {
    let project: Project;
    let hook: Server | undefined;
    let env: Record<string, string>;
    const heard: unknown[] = [];

    beforeAll(async () => {
      project = makeProject({
        lab: theLab(),
        installed: installed(),
        app: 'plugged',
        config: {
          app: { compose: ['compose.yml'], url: 'http://plugged.example' },
          deploy: { stability: 1 },
          secrets: { GREETING: { required: true } },
        },
        secretSources: [{ use: 'command', command: ['./pass', 'show', 'plugged/{name}'] }],
      });
      // The VM's own busybox: no registry is asked.
      project.write('.zebu/hooks/pre-build', '#!/bin/sh\nset -eu\ncp "$(command -v busybox)" busybox\n', 0o755);
      project.write('.gitignore', 'busybox\n');
      project.write('Dockerfile', 'FROM scratch\nCOPY busybox /bin/busybox\nENTRYPOINT ["/bin/busybox"]\n');
      project.write(
        'compose.yml',
        'services:\n  web:\n    build: .\n    restart: always\n    environment: { GREETING: "${GREETING}" }\n    command: ["sh", "-c", "echo said $$GREETING; exec /bin/busybox sleep 1000"]\n',
      );
      project.write('pass', '#!/bin/sh\n[ "$2" = plugged/GREETING ] && echo from-the-store\n', 0o755);
      project.release('v1');
      hook = createServer((request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          heard.push(JSON.parse(body));
          response.end();
        });
      });
      const server = hook;
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      env = { ZEBU_NOTIFY_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
      await project.json(['vm:create']);
    });
    afterAll(async () => {
      hook?.close();
      await project.zebu(['vm:destroy', '--yes']);
      project.remove();
    });

    it('are installed from a tarball and from a folder, and listed with where they came from', async () => {
      const tarball = pack(join(ROOT, 'examples/plugins/secrets-command'), scratch);
      const notifier = join(ROOT, 'examples/plugins/notify-webhook');
      pack(notifier, scratch);
      for (const source of [tarball, notifier]) {
        const run = await project.zebu(['plugins:install', source]);
        expect(run, run.stderr).toMatchObject({ code: 0 });
      }
      const list = await project.json<ProviderList>(['providers']);
      expect(list.providers).toContainEqual(
        expect.objectContaining({
          kind: 'secrets',
          id: 'command',
          plugin: 'zebu-plugin-secrets-command',
          from: 'installed',
        }),
      );
      expect(list.hooks.map(({ event }) => event)).toEqual(['zebu:after-deploy', 'zebu:after-rollback']);
      expect(list.problems).toEqual([]);
      // All that they left is below the data folder.
      expect(readdirSync(installed().at('home')).filter((name) => name !== '.local')).toEqual([]);
    });

    it('take part in a deploy: the secret reaches the app, the webhook hears how it ended', async () => {
      const { release } = await project.json<{ release: string }>(['app:deploy', '--tag', 'v1'], { env });
      const logs = await project.zebu(['app:logs']);
      expect(logs.stdout).toContain('said ');
      const run = await project.json<{ stdout: string }>([
        'vm:ssh',
        '--',
        'sh',
        '-c',
        'docker inspect -f "{{.Config.Env}}" $(docker ps -q) | grep -c from-the-store',
      ]);
      expect(run.stdout.trim()).toBe('1');
      expect(heard).toEqual([
        expect.objectContaining({
          app: 'plugged',
          operation: 'deploy',
          outcome: { ok: true, result: expect.objectContaining({ release, ref: 'v1' }) as unknown },
        }),
      ]);
      expect(JSON.stringify(heard)).not.toContain('from-the-store');
    });

    it('do not run install scripts unless told to, say which there are, and take the place of a link', async () => {
      const ran = join(scratch, 'ran');
      const folder = brokenPlugin('scripted', ['zebu:transports'], descriptor('scripted', 1));
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as object;
      const scripts = { postinstall: `touch ${ran}` };
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, scripts }));
      const tarball = pack(folder, scratch);
      expect((await project.zebu(['plugins:link', '--no-install', folder])).code).toBe(0);
      const run = await project.zebu(['plugins:install', tarball]);
      expect([run.code, run.stdout]).toEqual([0, 'zebu-plugin-scripted 1.0.0 installed\n']);
      expect(run.stderr).toContain('A plugin runs with your rights');
      expect(run.stderr).toContain(`Install scripts were not run: zebu-plugin-scripted (postinstall: touch ${ran}).`);
      expect(existsSync(ran)).toBe(false);
      expect((await project.zebu(['plugins:uninstall', 'zebu-plugin-scripted'])).code).toBe(0);
      const allowed = await project.json<{ skippedScripts: string[] }>(['plugins:install', '--allow-scripts', tarball]);
      expect([allowed.skippedScripts, existsSync(ran)]).toEqual([[], true]);
      expect((await project.zebu(['plugins:uninstall', 'zebu-plugin-scripted'])).code).toBe(0);
    });

    it('that cannot be loaded or were made for another contract are named, and break nothing else', async () => {
      const folders = [
        brokenPlugin('faulty', ['zebu:transports'], FAULTY),
        brokenPlugin('throws', ['zebu:transports', 'init', 'prerun'], "throw new Error('not on this machine');"),
        brokenPlugin('ancient', ['zebu:transports'], descriptor('ancient', 0)),
        brokenPlugin('future', ['zebu:transports'], descriptor('future', 99)),
      ];
      for (const folder of folders) expect((await project.zebu(['plugins:link', '--no-install', folder])).code).toBe(0);
      const status = await project.zebu(['vm:status']);
      expect(status, status.stderr).toMatchObject({ code: 0 });
      expect(status.stderr.trim().split('\n')).toEqual([
        expect.stringMatching(/zebu-plugin-ancient offers nothing: it was made for contract version 0, older than/),
        expect.stringMatching(/zebu-plugin-future offers nothing: it was made for contract version 99, newer than/),
        'warning: The plugin zebu-plugin-throws offers nothing: not on this machine',
      ]);
      const chosen = await project.zebu(['vm:status', '--set', 'proxmox.transport=future']);
      expect(chosen.code).toBe(3);
      expect(chosen.stderr).toContain('`future` of zebu-plugin-future cannot be used');
      // What nobody foresaw is one line all the same, without what was behind its first line break.
      expect(await refusal(project, ['vm:status', '--set', 'proxmox.transport=faulty'])).toEqual({
        code: 'PROVIDER_BROKEN',
        exit: 3,
        message: 'The plugin zebu-plugin-faulty failed: x is not a function',
        hint: 'This is a defect of the plugin: update it (zebu plugins:update), or choose another (zebu providers).',
      });
      const { problems } = await project.json<ProviderList>(['providers']);
      expect(problems.map(({ plugin }) => plugin).toSorted()).toEqual([
        'zebu-plugin-ancient',
        'zebu-plugin-future',
        'zebu-plugin-throws',
      ]);
    });
  });
}
