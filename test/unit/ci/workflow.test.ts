import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { describe, expect, it } from 'vitest';
import type { TransportDescriptor } from '@zebu/kit';
import { ciInit } from '../../../src/lib/ci/init.js';
import { accessSecrets, renderWorkflow } from '../../../src/lib/ci/workflow.js';
import apiHook from '../../../plugins/transport-api/src/hook.js';
import sshHook from '../../../plugins/transport-ssh/src/hook.js';
import { transportHooks } from '../../support/own-transports.js';
import { configSchema } from '../../../src/lib/config/schema.js';
import type { Context } from '../../../src/lib/context/context.js';

const own = { ssh: sshHook, api: apiHook };

const PACKAGE = { file: 'zebu-1.2.3.tgz', sha512: 'ab'.repeat(64), spec: 'zebu@1.2.3' };

async function render(transport: keyof typeof own): Promise<string> {
  const { ci = {}, port } = await own[transport]();
  const config = configSchema.parse({
    app: { name: 'shop' },
    proxmox: { transport, host: 'pve.example' },
    secrets: { DB_PASSWORD: {} },
  });
  return renderWorkflow({
    config,
    access: { ...ci, port: port?.default },
    environment: 'production',
    runner: 'ubuntu-latest',
    zebu: PACKAGE,
    folder: 'deploy',
    submodules: false,
    lfs: false,
  });
}

function problems(content: string): readonly string[] {
  const { context } = parseWorkflow({ name: 'deploy.yml', content }, new NoOperationTraceWriter());
  return context.errors.getErrors().map(({ message }) => message);
}

describe.each(['ssh', 'api'] as const)('the workflow of ci:init over %s', async (transport) => {
  const content = await render(transport);
  const { ci = {} } = await own[transport]();

  it('is a workflow by the schema of GitHub, which would notice a mistake', () => {
    expect(problems(content)).toEqual([]);
    expect(problems(content.replace('runs-on', 'runz-on'))).not.toEqual([]);
  });

  it('uses actions by commit', () => {
    const used = [...content.matchAll(/uses: \S+@(\S+)/g)].map((match) => match[1]);
    expect(used).toHaveLength(2);
    for (const commit of used) expect(commit).toMatch(/^[0-9a-f]{40}$/);
  });

  it('reads the secrets it names, and no other', () => {
    const read = new Set([...content.matchAll(/secrets\.(\w+)/g)].map((match) => match[1] ?? ''));
    expect([...read].toSorted()).toEqual([...accessSecrets(ci), 'DB_PASSWORD'].toSorted());
  });
});

describe('the workflow of ci:init over a transport of somebody else', () => {
  const relay = (extra: Partial<TransportDescriptor>): TransportDescriptor => ({
    kind: 'transport',
    id: 'relay',
    apiVersion: 1,
    summary: 'a relay',
    capabilities: { hostShell: false },
    load: () => Promise.reject(new Error('nobody loads it')),
    ...extra,
  });

  async function written(descriptor: TransportDescriptor, type = 'user') {
    const top = mkdtempSync(join(tmpdir(), 'zebu-ci-'));
    try {
      const config = configSchema.parse({ app: { name: 'shop' }, proxmox: { transport: 'relay' } });
      const plugins = new Map([['zebu-plugin-relay', { version: '1.2.0', type }]]);
      const warnings: string[] = [];
      const io = { warn: (line: string) => warnings.push(line) };
      const oclif = { ...transportHooks(['zebu-plugin-relay', descriptor]), plugins };
      const options = { environment: 'production', runner: 'self-hosted', force: false, zebu: async () => PACKAGE };
      const made = await ciInit({ config, root: top, oclif, io } as unknown as Context, options);
      return { ...made, text: readFileSync(join(top, made.file), 'utf8'), warnings };
    } finally {
      rmSync(top, { recursive: true });
    }
  }

  it('hands over what it says, installs its plugin, and looks whether its port answers', async () => {
    const files = [{ secret: 'RELAY_BADGE', file: 'badge', key: 'badge_file' }];
    const { text, secrets, warnings } = await written(
      relay({ port: { default: 7443 }, ci: { files, variables: ['RELAY_PIN'] } }),
    );
    expect(problems(text)).toEqual([]);
    expect(secrets).toEqual(['RELAY_PIN', 'RELAY_BADGE', 'VM_SSH_KEY']);
    expect(text).toContain('run: zebu plugins:install zebu-plugin-relay@1.2.0\n');
    expect(text).toContain("ZEBU_PROXMOX_PORT: ${{ vars.PROXMOX_PORT || '7443' }}");
    expect(text).toContain('store RELAY_BADGE badge ZEBU_PROXMOX_BADGE_FILE');
    expect(text).toContain('Is Proxmox reachable?');
    expect(warnings).toEqual([]);
  });

  it('asks for nothing it does not say, and tries no port that nobody knows', async () => {
    const { text, secrets } = await written(relay({}));
    expect(problems(text)).toEqual([]);
    expect(secrets).toEqual(['VM_SSH_KEY']);
    expect(text).not.toContain('Is Proxmox reachable?');
  });

  it('warns of a plugin that is only on this machine', async () => {
    expect((await written(relay({}), 'link')).warnings).toEqual([
      'zebu-plugin-relay is a folder of this machine: publish it, so that the workflow can install zebu-plugin-relay@1.2.0',
    ]);
  });

  it('is not written where nobody offers it', async () => {
    await expect(written({ ...relay({}), id: 'other' })).rejects.toMatchObject({ code: 'PROVIDER_UNKNOWN' });
  });
});

describe('what the workflow checks out', () => {
  /** @param attributes of `assets/*`; none without */
  async function written(modules: boolean, attributes: string | undefined): Promise<string> {
    const top = mkdtempSync(join(tmpdir(), 'zebu-ci-'));
    try {
      const git = (...args: readonly string[]): unknown => spawnSync('git', ['-C', top, ...args]);
      git('init', '-q');
      mkdirSync(join(top, 'assets'));
      if (modules) writeFileSync(join(top, '.gitmodules'), '');
      if (attributes !== undefined) writeFileSync(join(top, 'assets/.gitattributes'), `${attributes}\n`);
      git('add', '-A');
      const config = configSchema.parse({ app: { name: 'shop' } });
      const context = { config, root: top, oclif: transportHooks() } as unknown as Context;
      const options = { environment: 'production', runner: 'self-hosted', force: false, zebu: async () => PACKAGE };
      const { file } = await ciInit(context, options);
      const text = readFileSync(join(top, file), 'utf8');
      expect(problems(text)).toEqual([]);
      return text;
    } finally {
      rmSync(top, { recursive: true });
    }
  }

  it('is also what submodules and Git LFS keep elsewhere, where there is any', async () => {
    const whole = await written(true, '*.bin filter=lfs diff=lfs merge=lfs -text');
    expect(whole).toContain('\n          submodules: recursive\n          lfs: true\n');
    expect(await written(false, '# *.bin filter=lfs')).not.toMatch(/submodules|lfs/);
    expect(await written(false, undefined)).not.toMatch(/submodules|lfs/);
  });
});
