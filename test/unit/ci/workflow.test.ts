import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { describe, expect, it } from 'vitest';
import { ciInit } from '../../../src/lib/ci/init.js';
import { accessSecrets, renderWorkflow } from '../../../src/lib/ci/workflow.js';
import apiHook from '../../../plugins/transport-api/src/hook.js';
import sshHook from '../../../plugins/transport-ssh/src/hook.js';
import { transportHooks } from '../../support/own-transports.js';
import { configSchema } from '../../../src/lib/config/schema.js';
import type { Context } from '../../../src/lib/context/context.js';

const own = { ssh: sshHook, api: apiHook };

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
    zebuVersion: '1.2.3',
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
      const options = { environment: 'production', runner: 'self-hosted', force: false, zebuVersion: '1.2.3' };
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
