import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT, zebu } from '../../support/cli.js';
import type { PluginKind } from '../../../src/lib/plugin-template/scaffold.js';
import type { Scaffolded } from '../../../src/lib/plugin-template/results.js';

const scratch = mkdtempSync(join(tmpdir(), 'zebu-scaffold-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('plugin:new', () => {
  it.each<PluginKind>(['transport', 'secrets', 'hook'])(
    '--%s writes a plugin whose types and tests pass',
    async (kind) => {
      const run = await zebu(['plugin:new', `my-${kind}`, `--${kind}`, '--json'], { cwd: scratch });
      expect(run, run.stderr).toMatchObject({ code: 0 });
      const { folder } = (JSON.parse(run.stdout) as { result: Scaffolded }).result;
      expect(readFileSync(join(folder, 'README.md'), 'utf8')).toMatch(new RegExp(`^# zebu-plugin-my-${kind}\n\n[A-Z]`));
      for (const file of globSync('**/*.*', { cwd: folder }))
        expect(readFileSync(join(folder, file), 'utf8'), file).not.toMatch(/__\w+__|\*\*(?:name|summary)\*\*/);
      // What npm install would bring, from the checkout.
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
      const npm = (script: string): ReturnType<typeof spawnSync> =>
        spawnSync(process.execPath, [`${ROOT}node_modules/npm/bin/npm-cli.js`, 'run', script], {
          cwd: folder,
          encoding: 'utf8',
          env: { ...process.env, PATH: `${ROOT}node_modules/node/bin:${process.env['PATH'] ?? ''}`, NODE_OPTIONS: '' },
        });
      const [check, test] = [npm('check'), npm('test')];
      expect(check.status, String(check.stdout)).toBe(0);
      expect(test.status, String(test.stdout)).toBe(0);
      expect(String(test.stdout)).toMatch(/^# pass [1-9]|ℹ pass [1-9]/m);
      rmSync(join(folder, 'node_modules'));
    },
  );

  it('does not write over what is there', async () => {
    const run = await zebu(['plugin:new', 'my-hook', '--hook'], { cwd: scratch });
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('is there and not empty') as string });
  });
});
