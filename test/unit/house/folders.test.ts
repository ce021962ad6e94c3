import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { againstDirection, importsOf } from '../../../scripts/house/imports.js';
import { FOLDERS, picture } from '../../../scripts/house/table.js';

const root = new URL('../../../', import.meta.url);
const architecture = readFileSync(new URL('docs/architecture.md', root), 'utf8');

/** What is said of a house with these files. */
function judged(files: Readonly<Record<string, string>>): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'zebu-house-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return againstDirection(importsOf(pathToFileURL(`${folder}/`)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the folders of src/lib', () => {
  it('import in one direction', () => {
    expect(againstDirection(importsOf(new URL('src/lib/', root)))).toEqual([]);
  });

  it('are all in the table, in an order in which each uses only those above it', () => {
    const names = FOLDERS.map(({ name }) => name);
    const files = globSync('**/*.ts', { cwd: new URL('src/lib/', root) });
    const there = [...new Set(files.map((file) => file.split(/[\\/]/)[0] ?? ''))];
    expect(names.toSorted()).toEqual(there.toSorted());
    for (const [place, { uses }] of FOLDERS.entries())
      for (const use of uses) expect(names.slice(0, place), `${names[place]} uses ${use}`).toContain(use);
  });

  it('use what the table allows them, so that it does not rot', () => {
    const imports = importsOf(new URL('src/lib/', root));
    const idle = FOLDERS.flatMap(({ name, uses }) =>
      uses
        .filter((use) => !imports.some(({ from, to }) => from === name && to === use))
        .map((use) => `${name} → ${use}`),
    );
    expect(idle).toEqual([]);
  });

  it('are named and drawn in docs/architecture.md', () => {
    const lines = architecture.split('\n').map((line) => line.replaceAll(/ +/g, ' '));
    for (const { name, holds } of FOLDERS) expect(lines).toContain(` ${name} ${holds}`);
    expect(architecture).toContain(`\`\`\`mermaid\n${picture()}\n\`\`\``);
  });
});

describe('an import against the direction', () => {
  const types = (specifier: string): string => `import type { A } from '${specifier}';\n`;

  it('is said with what to do instead, a type and a late import, too', () => {
    expect(judged({ 'proxmox/a.ts': types('../vm/plan.js') })).toEqual([
      'proxmox/a.ts imports vm/plan.js, but proxmox may not import from vm: move what both need up into proxmox or above it, or hand it down as a parameter',
    ]);
    expect(judged({ 'ui/deep/a.ts': `const b = await import('../../config/b.js');` })).toHaveLength(1);
    expect(judged({ 'app-folder/a.sh': '# shellcheck shell=sh\n\n# include ../runner/b.sh\n' })).toHaveLength(1);
  });

  it('is one that skips the table, and one from a folder nobody placed', () => {
    expect(judged({ 'deploy/a.ts': types('../redaction/names.js') })).toEqual([
      expect.stringContaining('if deploy should know redaction, say so in scripts/house/table.ts'),
    ]);
    expect(judged({ 'attic/a.ts': types('../ui/b.js') })).toEqual([
      expect.stringContaining("the folder 'attic' is not in"),
    ]);
  });

  it('is none within a folder or downwards', () => {
    expect(judged({ 'vm/a.ts': types('./b.js') + types('../proxmox/c.js') + types('./deep/d.js') })).toEqual([]);
  });
});
