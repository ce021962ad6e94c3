import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { pluginFolder, pluginSource } from '../../../src/lib/plugins/source.js';

const folder = mkdtempSync(join(tmpdir(), 'zebu-source-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'here.tgz'), '');
for (const [name, manifest] of [
  ['plugin', { name: 'p', oclif: {} }],
  ['package', { name: 'p' }],
] as const) {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'package.json'), JSON.stringify(manifest));
}

describe('pluginSource', () => {
  it.each(['./here.tgz', 'here.tgz', './plugin', '../' + folder.split('/').at(-1) + '/plugin'])(
    'names %s as npm wants a file',
    (word) => {
      expect(pluginSource(word, folder)).toBe(`file:${join(folder, word)}`);
    },
  );

  it.each(['plugin', 'owner/plugin', '@scope/plugin@1', 'https://example.org/plugin.tgz', 'file:/x/plugin.tgz'])(
    'leaves %s to npm',
    (word) => {
      expect(pluginSource(word, folder)).toBe(word);
    },
  );

  it('says when there is nothing at a path, instead of asking GitHub for it', () => {
    for (const word of ['./gone', 'gone.tgz', '/gone/away'])
      expect(() => pluginSource(word, folder)).toThrowError(
        expect.objectContaining({
          code: 'PLUGIN_REFUSED',
          message: `${word}: there is no such file or folder`,
        }) as Error,
      );
  });
});

describe('pluginFolder', () => {
  it('is the folder of a plugin and of nothing else', () => {
    expect(pluginFolder('plugin', folder)).toBe(join(folder, 'plugin'));
    expect(() => pluginFolder('package', folder)).toThrowError(/no `oclif`/);
    expect(() => pluginFolder('.', folder)).toThrowError(/no package\.json/);
  });
});
