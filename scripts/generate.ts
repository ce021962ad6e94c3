/**
 * Writes what is derived from the configuration schema: the editors' JSON Schema and docs/configuration.md.
 * With --check it changes nothing and fails when a file is stale.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configJsonSchema, configKeys } from '../src/lib/config/keys.js';
import { configReference } from '../src/lib/config/reference.js';

// Bundled into .build/, so the folder of the repository is one above either way.
const root = fileURLToPath(new URL('..', import.meta.url));
const files: Record<string, string> = {
  'schema/zebu.schema.json': `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
  'docs/configuration.md': configReference(configKeys()),
};

for (const [name, text] of Object.entries(files)) {
  const path = root + name;
  let before = '';
  try {
    before = readFileSync(path, 'utf8');
  } catch {
    // Written for the first time.
  }
  if (before === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${name} is stale: run \`npm run build\` and commit it.`);
    process.exitCode = 1;
    continue;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
