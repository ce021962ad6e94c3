/** Plugins as `plugins:install` leaves them, without npm: of each kind that `plugin:new` scaffolds, in turn. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KINDS = [
  { event: 'zebu:transports', kind: 'transport' },
  { event: 'zebu:secret-sources', kind: 'secrets' },
  { event: 'zebu:after-deploy', kind: 'hook' },
];

/** @param dataDir zebu's data folder, which is made */
export function installMany(count: number, dataDir: string): void {
  const names = Array.from({ length: count }, (_, index) => `zebu-plugin-bench-${index}`);
  for (const [index, name] of names.entries()) {
    const { event, kind } = KINDS[index % KINDS.length] ?? { event: '', kind: '' };
    const folder = join(dataDir, 'node_modules', name);
    mkdirSync(join(folder, 'dist'), { recursive: true });
    const manifest = {
      name,
      version: '1.0.0',
      type: 'module',
      zebu: { contract: 1 },
      oclif: { hooks: { [event]: './dist/hook.js' } },
    };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
    const descriptor = `{ kind: '${kind}', id: 'bench-${index}', apiVersion: 1, summary: '', load: async () => ({}) }`;
    writeFileSync(join(folder, 'dist/hook.js'), `export default async () => (${descriptor});\n`);
  }
  const installed = {
    private: true,
    oclif: { schema: 1, plugins: names.map((name) => ({ name, tag: 'latest', type: 'user' })) },
    dependencies: Object.fromEntries(names.map((name) => [name, '1.0.0'])),
  };
  writeFileSync(join(dataDir, 'package.json'), JSON.stringify(installed, null, 2));
}
