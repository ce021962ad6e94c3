import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { ZebuError } from '@zebu/kit';
import type { Scaffolded } from './results.js';

export type PluginKind = 'hook' | 'secrets' | 'transport';

export interface ScaffoldRequest {
  /** Folder of zebu's package. */
  readonly zebuRoot: string;
  readonly cwd: string;
  readonly name: string;
  readonly kind: PluginKind;
}

const SUMMARIES: Readonly<Record<PluginKind, (name: string) => string>> = {
  hook: (name) => `What ${name} does when zebu has deployed.`,
  secrets: (name) => `Secrets from ${name}.`,
  transport: (name) => `Proxmox VE through ${name}.`,
};

const HOOKS: Readonly<Record<PluginKind, Readonly<Record<string, string>>>> = {
  hook: { 'zebu:after-deploy': './dist/after-deploy.js' },
  secrets: { 'zebu:secret-sources': './dist/hook.js' },
  transport: { 'zebu:transports': './dist/hook.js' },
};

/** npm leaves a .gitignore out of packages, so it travels under another name. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: '.gitignore' };

/** A checkout brings the kit as a folder; an installed zebu names the version that it was made with. */
async function kitVersion(zebuRoot: string): Promise<string> {
  const source = join(zebuRoot, 'plugins/kit');
  if (existsSync(join(source, 'src'))) return `file:${source}`;
  const { version } = JSON.parse(await readFile(join(zebuRoot, 'package.json'), 'utf8')) as { version: string };
  return `^${version}`;
}

/**
 * Writes a plugin that works and has tests into a new folder.
 * @throws USAGE for a name that cannot be a package's or for a folder that is in use
 */
export async function scaffoldPlugin({ zebuRoot, cwd, name, kind }: ScaffoldRequest): Promise<Scaffolded> {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new ZebuError('USAGE', `${name} cannot be the name of a plugin`, {
      hint: 'Lower-case letters, digits and hyphens, as in zebu plugin:new vault --secrets',
    });
  }
  const folder = resolve(cwd, `zebu-plugin-${name}`);
  const there = await readdir(folder).catch(() => []);
  if (there.length > 0) {
    throw new ZebuError('USAGE', `${relative(cwd, folder)} is there and not empty`, { hint: 'Choose another name.' });
  }
  const values: Readonly<Record<string, string>> = {
    name,
    key: name.replaceAll('-', '_'),
    VARIABLE: name.replaceAll('-', '_').toUpperCase(),
    summary: SUMMARIES[kind](name),
    kit: await kitVersion(zebuRoot),
  };
  const fill = (text: string): string =>
    text.replaceAll(/__(name|key|VARIABLE|summary|kit)__/g, (_, key: string) => values[key] ?? '');
  const files: string[] = [];
  for (const part of ['common', kind]) {
    const template = join(zebuRoot, 'templates/plugin', part);
    for (const entry of await readdir(template, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = relative(template, join(entry.parentPath, RENAMED[entry.name] ?? entry.name));
      let text = fill(await readFile(join(entry.parentPath, entry.name), 'utf8'));
      if (path === 'package.json') {
        const manifest = JSON.parse(text) as { oclif: { hooks: Record<string, string> } };
        manifest.oclif.hooks = { ...HOOKS[kind] };
        text = `${JSON.stringify(manifest, null, 2)}\n`;
      }
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
      files.push(path);
    }
  }
  return { name, kind, package: `zebu-plugin-${name}`, folder, files: files.toSorted() };
}
