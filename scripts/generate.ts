/**
 * Writes what is derived from schemas: the editors' JSON Schema, docs/configuration.md, and the JSON Schema of what each
 * command prints. With --check it changes nothing and fails when a file is stale.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configJsonSchema, deriveKeys } from '../src/lib/config/json-schema.js';
import { configReference } from '../src/lib/config/reference.js';
import { resultSchemas } from './result-schemas.js';

// Bundled into .build/, so the folder of the repository is one above either way.
const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.includes('--check');

function read(name: string): string | undefined {
  try {
    return readFileSync(root + name, 'utf8');
  } catch {
    // Written for the first time.
    return undefined;
  }
}

function fail(line: string): void {
  console.error(line);
  process.exitCode = 1;
}

const results = await resultSchemas(root, read);
for (const problem of results.problems) fail(problem);
// A break that was written out would be what the next run compares with.
const files: Record<string, string> = {
  'schema/zebu.schema.json': `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
  'docs/configuration.md': configReference(deriveKeys()),
  ...(results.problems.length === 0 ? results.files : {}),
};

for (const [name, text] of Object.entries(files)) {
  if (read(name) === text) continue;
  if (check) {
    fail(`${name} is stale: run \`npm run build\` and commit it.`);
    continue;
  }
  mkdirSync(dirname(root + name), { recursive: true });
  writeFileSync(root + name, text);
}

for (const name of readdirSync(`${root}schema/results`).map((file) => `schema/results/${file}`)) {
  if (results.problems.length > 0 || name in results.files) continue;
  if (check) fail(`${name} belongs to no command.`);
  else rmSync(root + name);
}
