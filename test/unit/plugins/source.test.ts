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

  it('refuses a folder that is still to be built, with the line to type', () => {
    const made = (name: string, manifest: object): string => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'package.json'), JSON.stringify({ name, ...manifest }));
      return `./${name}`;
    };
    const hooks = { 'zebu:secrets': ['./dist/hook.js'] };
    const source = made('source', { oclif: { hooks }, scripts: { build: 'tsc' } });
    expect(() => pluginSource(source, folder)).toThrowError(
      expect.objectContaining({
        code: 'PLUGIN_REFUSED',
        message: './source is not built: there is no ./dist/hook.js in it',
        hint: 'In that folder: npm install && npm run build',
      }) as Error,
    );
    mkdirSync(join(folder, 'source/dist'));
    writeFileSync(join(folder, 'source/dist/hook.js'), '');
    expect(pluginSource(source, folder)).toBe(`file:${join(folder, 'source')}`);
    const commands = made('commands', { oclif: { commands: './lib/commands' } });
    expect(() => pluginSource(commands, folder)).toThrowError(/there is no \.\/lib\/commands in it/);
  });

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
