import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { describe, expect, it } from 'vitest';
import { accessSecrets, renderWorkflow } from '../../../src/lib/ci/workflow.js';
import { configSchema } from '../../../src/lib/config/schema.js';

function render(transport: string): string {
  const config = configSchema.parse({
    app: { name: 'shop' },
    proxmox: { transport, host: 'pve.example' },
    secrets: { DB_PASSWORD: {} },
  });
  return renderWorkflow({
    config,
    environment: 'production',
    runner: 'ubuntu-latest',
    zebuVersion: '1.2.3',
    folder: 'deploy',
  });
}

function problems(content: string): readonly string[] {
  const { context } = parseWorkflow({ name: 'deploy.yml', content }, new NoOperationTraceWriter());
  return context.errors.getErrors().map(({ message }) => message);
}

describe.each(['ssh', 'api'])('the workflow of ci:init over %s', (transport) => {
  const content = render(transport);

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
    expect([...read].toSorted()).toEqual([...accessSecrets(transport), 'DB_PASSWORD'].toSorted());
  });
});
