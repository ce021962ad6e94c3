/**
 * Writes what is derived from schemas and manifests: the editors' JSON Schema, docs/configuration.md, the JSON Schema of
 * what each command prints, docs/commands and the man page. With --check it changes nothing and fails when a file is stale.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configJsonSchema, deriveKeys } from '../src/lib/config/json-schema.js';
import { configReference } from '../src/lib/config/reference.js';
import { documentedCommands } from './reference/load.js';
import { MAN_PAGE, manPage } from './reference/man.js';
import { COMMANDS_FOLDER, commandPages } from './reference/markdown.js';
import { resultSchemas, WEBHOOK_FILE, webhookSchema } from './result-schemas.js';

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
const commands = documentedCommands((name) => results.files[name] ?? readFileSync(root + name, 'utf8'));
for (const { id, exits } of commands)
  if (exits === undefined) fail(`${id} does not declare how it can end: add a static \`exits\`.`);
const { version, description } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as Record<string, string>;

// A break that was written out would be what the next run compares with.
const files: Record<string, string> = {
  'schema/zebu.schema.json': `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
  [WEBHOOK_FILE]: `${JSON.stringify(webhookSchema(), null, 2)}\n`,
  'docs/configuration.md': configReference(deriveKeys()),
  ...(results.problems.length === 0 ? results.files : {}),
  ...commandPages(commands),
  [MAN_PAGE]: manPage(commands, version ?? '', description ?? ''),
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

const there = ['schema/results', COMMANDS_FOLDER].flatMap((folder) =>
  readdirSync(root + folder).map((file) => `${folder}/${file}`),
);
for (const name of there) {
  if (results.problems.length > 0 || name in files) continue;
  if (check) fail(`${name} belongs to no command.`);
  else rmSync(root + name);
}
