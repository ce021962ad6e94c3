/** The repository has its licence once; each package gets it when it is packed. That it is in there: installed.test.ts. */
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../support/cli.js';
import { git } from '../../support/project.js';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const plugins = globSync('plugins/*/package.json', { cwd: ROOT });

describe('the licence', () => {
  it.each(plugins)('is copied in by %s', (file) => {
    const { scripts } = JSON.parse(read(file)) as { scripts?: Record<string, string> };
    expect(scripts?.['prepack']).toBe('node ../../scripts/licence.mjs');
  });

  it('arrives as it is', () => {
    const folder = mkdtempSync(join(tmpdir(), 'zebu-licence-'));
    try {
      const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/licence.mjs')], { cwd: folder });
      expect(status).toBe(0);
      expect(readFileSync(join(folder, 'LICENSE'), 'utf8')).toBe(read('LICENSE'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('comes with what is packed for the registry: no plugin is packed without its scripts', () => {
    for (const workflow of ['ci', 'release']) {
      const packing = read(`.github/workflows/${workflow}.yml`).match(/npm pack .*/g) ?? [];
      expect(packing.filter((line) => line.includes('--workspaces'))).toHaveLength(1);
      expect(packing.filter((line) => line.includes('--workspaces') && line.includes('--ignore-scripts'))).toEqual([]);
    }
  });
});

describe('what is made from something else', () => {
  it('is committed only where somebody reads it there: no copies of the licence, no manifests of plugins', () => {
    const tracked = git(ROOT, 'ls-files', 'oclif.manifest.json', 'plugins/*/oclif.manifest.json', 'plugins/*/LICENSE');
    expect(tracked.trim().split('\n')).toEqual(['oclif.manifest.json']);
  });
});
