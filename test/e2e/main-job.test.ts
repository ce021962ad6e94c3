/** The main job on a virtual machine that really boots: created over SSH, deployed to, looked at, and gone again. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { theLab } from '../support/lab.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { AppStatus } from '../../src/lib/app-folder/results.js';
import { HookReceiver, isSigned } from '../support/hook-receiver.js';
import { proxmoxSection, makeProject, type Project } from '../support/project.js';

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
const page = async (): Promise<string> => {
  const response = await fetch(`http://${await address()}:8080/`, { signal: AbortSignal.timeout(30_000) });
  expect(response.status).toBe(200);
  return response.text();
};

/** Over the other wire, with the same VM and the same state. */
function overTheApi(): Record<string, string> {
  const { transport, host, port, token_file, fingerprint } = proxmoxSection(lab, 'api');
  return {
    ZEBU_PROXMOX_TRANSPORT: String(transport),
    ZEBU_PROXMOX_HOST: String(host),
    ZEBU_PROXMOX_PORT: String(port),
    ZEBU_PROXMOX_TOKEN_FILE: String(token_file),
    ZEBU_PROXMOX_FINGERPRINT: String(fingerprint),
  };
}

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
  expect(await page()).toMatch(/visit/i);
  const logs = await project.zebu(['app:logs', '--tail', '5']);
  expect(logs.code).toBe(0);
  expect(logs.stdout).not.toBe('');
});

it('is told by the VM what happened, and looked after by it, in the sandbox of systemd', async () => {
  await receiver.until(() => receiver.events('/hook').includes('deployed'), 120, 'told of the deploy');
  const [told] = receiver.received;
  expect(told !== undefined && isSigned(told, HOOK_KEY)).toBe(true);
  await expect
    .poll(async () => (await project.json<AppStatus>(['app:status'])).watch?.health, {
      timeout: 300_000,
      interval: 5000,
    })
    .toBe('well');
  const { stdout } = await project.zebu(['doctor', '--json']);
  const { checks } = (
    JSON.parse(stdout) as { result: { checks: readonly { id: string; status: string; detail: string }[] } }
  ).result;
  const found = (id: string) => checks.find((each) => each.id === id);
  expect(found('units')).toMatchObject({ status: 'ok', detail: expect.stringContaining('(success)') as string });
  expect(found('notify')).toMatchObject({ status: 'ok', detail: expect.stringMatching(/^hook was told/) as string });
});

it('deploys a second tag over the API transport, to the same VM', async () => {
  project.write('web/www/version', 'v2\n');
  project.release('v2');
  const env = overTheApi();
  const { release } = await project.json<{ release: string }>(['app:deploy', '--tag', 'v2'], {
    env,
    timeoutMs: EMULATED_MS,
  });
  expect(await project.json<Status>(['app:status'], { env })).toMatchObject({ healthy: true, release });
  expect(await project.json(['vm:create'], { env })).toMatchObject({ changed: false });
});

it('has the app back after a restart of the VM', async () => {
  await project.json(['vm:restart'], { timeoutMs: EMULATED_MS });
  await expect
    .poll(async () => (await project.json<Status>(['app:status'])).healthy, { timeout: 300_000, interval: 3000 })
    .toBe(true);
  expect(await page()).toMatch(/visit/i);
});
