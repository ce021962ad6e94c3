/** The main job on a virtual machine that really boots: created over SSH, deployed to, looked at, and gone again. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { theLab } from '../support/lab.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { AppStatus } from '../../src/lib/app-folder/results.js';
import { guestShell } from '../support/guest-shell.js';
import { HookReceiver, isSigned } from '../support/hook-receiver.js';
import { makeProject, type Project } from '../support/project.js';

/** An emulated machine takes minutes for what takes a real one seconds. */
const EMULATED_MS = 840_000;

const lab = theLab();
const HOOK_KEY = 'a-key-that-webhooks-are-signed-with';
let project: Project;
let receiver: HookReceiver;

beforeAll(async () => {
  receiver = await HookReceiver.make(lab.network.gateway);
  project = makeProject({
    lab,
    app: 'shop',
    example: 'shop',
    config: {
      app: { compose: ['compose.yml', 'compose.production.yml'] },
      secrets: { API_KEY: { required: true }, HOOK_KEY: { required: true } },
      // Each look is a few seconds of an emulated processor.
      watch: { every: 60 },
      vm: { memory_mb: 1024 },
    },
  });
  project.write('.gitignore', '.env\nbase/busybox\n');
  project.write('.env', `API_KEY=a-key-of-the-test\nHOOK_KEY=${HOOK_KEY}\n`, 0o600);
  const config = parse(readFileSync(join(project.folder, 'zebu.yml'), 'utf8')) as Record<string, unknown>;
  const webhook = `http://${lab.network.gateway}:${receiver.port}/hook`;
  const notify = [{ name: 'hook', webhook, key: 'HOOK_KEY', events: ['deployed', 'down'] }];
  project.write('zebu.yml', stringify({ ...config, notify }));
  project.release('v1');
});
afterAll(async () => {
  await project.zebu(['vm:destroy', '--yes']);
  project.remove();
  receiver.close();
});

interface Status {
  readonly healthy: boolean;
  readonly release: string;
}

const address = async (): Promise<string> => (await project.json<{ ip: string }>(['vm:status'])).ip;
const page = async (ip: string): Promise<string> => {
  const response = await fetch(`http://${ip}:8080/`, { signal: AbortSignal.timeout(30_000) });
  expect(response.status).toBe(200);
  return response.text();
};

it('creates a VM that boots, over SSH', async () => {
  const created = await project.json<{ changed: boolean; docker: string }>(['vm:create'], {
    timeoutMs: EMULATED_MS,
  });
  expect(created).toMatchObject({ changed: true, docker: expect.stringMatching(/^\d+\./) as string });
});

it('deploys a tag whose page can be fetched from outside the VM', async () => {
  const { release } = await project.json<{ release: string }>(['app:deploy', '--tag', 'v1'], {
    timeoutMs: EMULATED_MS,
  });
  expect(await project.json<Status>(['app:status'])).toMatchObject({ healthy: true, release });
  expect(await page(await address())).toMatch(/visit/i);
  const logs = await project.zebu(['app:logs', '--tail', '5']);
  expect(logs.code).toBe(0);
  expect(logs.stdout).not.toBe('');
});

it('is told by the VM what happened, and looked after by it, in the sandbox of systemd', async () => {
  await receiver.until(() => receiver.events('/hook').includes('deployed'), 120, 'told of the deploy');
  const [told] = receiver.received;
  expect(told !== undefined && isSigned(told, HOOK_KEY)).toBe(true);
  // Waited for in the VM: a command for each try is ten seconds of an emulated processor.
  const guest = guestShell(await address(), project.key);
  // With addresses of their own at each start, QEMU would translate Docker's programs anew each time.
  expect(guest.run('cat /proc/sys/kernel/randomize_va_space')).toBe('0');
  const unit = 'zebu-watch@shop.service';
  await guest.later(
    `for n in $(seq 150); do grep -q '^well ' /opt/zebu/shop/watch/state && [ "$(systemctl show -P ExecMainExitTimestampMonotonic ${unit})" != 0 ] && exit 0; sleep 2; done; exit 1`,
  );
  expect(guest.run(`systemctl show -P Result ${unit}`)).toBe('success');
  expect((await project.json<AppStatus>(['app:status'])).watch?.health).toBe('well');
});

it('has the app back after a restart of the VM', async () => {
  await project.json(['vm:restart'], { timeoutMs: EMULATED_MS });
  await expect
    .poll(async () => (await project.json<Status>(['app:status'])).healthy, { timeout: 300_000, interval: 5000 })
    .toBe(true);
  expect(await page(await address())).toMatch(/visit/i);
});
