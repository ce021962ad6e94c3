import { readdirSync, readFileSync } from 'node:fs';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { released, withVersion } from '../../../scripts/version.js';
import { ROOT } from '../../support/cli.js';

const FOLDER = `${ROOT}.github/workflows/`;

/** Jobs that have to write somewhere. */
const MORE: Readonly<Record<string, object>> = {
  publish: { contents: 'read', 'id-token': 'write' },
  look: { contents: 'read', issues: 'write' },
};

function problems(name: string, content: string): readonly string[] {
  const { context } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  return context.errors.getErrors().map(({ message }) => message);
}

describe.each(readdirSync(FOLDER))('the workflow %s', (name) => {
  const content = readFileSync(FOLDER + name, 'utf8');

  it('is a workflow by the schema of GitHub, which would notice a mistake', () => {
    expect(problems(name, content)).toEqual([]);
    expect(problems(name, content.replaceAll('runs-on', 'runz-on'))).not.toEqual([]);
  });

  it('uses actions by commit, and reads without leaving its credentials behind', () => {
    const used = [...content.matchAll(/uses: \S+@(\S+) # v\d/g)].map((match) => match[1]);
    expect(used.length).toBe([...content.matchAll(/uses:/g)].length);
    for (const commit of used) expect(commit).toMatch(/^[0-9a-f]{40}$/);
    expect([...content.matchAll(/persist-credentials: false/g)]).toHaveLength(
      [...content.matchAll(/checkout@/g)].length,
    );
  });

  it('may do no more than it has to, and holds no secret', () => {
    const { permissions, jobs } = parse(content) as {
      permissions: unknown;
      jobs: Record<string, { permissions?: unknown; 'timeout-minutes'?: number }>;
    };
    expect(permissions).toEqual({ contents: 'read' });
    for (const [job, each] of Object.entries(jobs)) {
      expect(each['timeout-minutes'], job).toBeGreaterThan(0);
      expect(each.permissions ?? {}, job).toEqual(MORE[job] ?? {});
    }
    expect(content).not.toMatch(/secrets\./);
  });

  it('takes nothing that others can write into a command line', () => {
    const { jobs } = parse(content) as { jobs: Record<string, { steps: { run?: string }[] }> };
    const commands = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) expect(command).not.toContain('${{');
  });
});

describe('the matrix', () => {
  it('begins with the oldest Node that the package allows', () => {
    const { engines } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { engines: { node: string } };
    const { jobs } = parse(readFileSync(`${FOLDER}ci.yml`, 'utf8')) as {
      jobs: { installed: { strategy: { matrix: { node: string[] } } } };
    };
    expect(jobs.installed.strategy.matrix.node).toEqual([`${engines.node.replace('>=', '')}.0`, '22', '24', '26']);
  });
});

describe('a version', () => {
  it('is set in a package and in what it asks of the others, and nowhere else', () => {
    const manifest = `{\n  "version": "0.1.0",\n  "dependencies": {\n    "@zebu/kit": "0.1.0",\n    "zod": "^0.1.0"\n  }\n}\n`;
    expect(withVersion(manifest, '1.0.0-rc.1')).toBe(
      manifest.replace('"version": "0.1.0"', '"version": "1.0.0-rc.1"').replace('kit": "0.1.0"', 'kit": "1.0.0-rc.1"'),
    );
  });

  it('closes what was unreleased; with nothing there is no release', () => {
    expect(released('# C\n\n## Unreleased\n\n- a\n\n## 0.1.0 (x)\n\n- b\n', '0.2.0', '2026-11-25')).toBe(
      '# C\n\n## Unreleased\n\n## 0.2.0 (2026-11-25)\n\n- a\n\n## 0.1.0 (x)\n\n- b\n',
    );
    expect(released('# C\n\n## Unreleased\n\n## 0.1.0 (x)\n\n- b\n', '0.2.0', 'd')).toBeUndefined();
    expect(released('# C\n', '0.2.0', 'd')).toBeUndefined();
  });
});
