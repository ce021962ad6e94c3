import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const failures = new URL('../../schema/failure.json', import.meta.url);
const results = new URL('../../schema/results/', import.meta.url);
const compiled = new Map<string, ValidateFunction>();

/** Stricter than what is published: a field nobody documented is a defect of ours, though not of the reader's. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  return 'properties' in copy && !('additionalProperties' in copy) && copy['type'] === 'object'
    ? { ...copy, additionalProperties: false }
    : copy;
}

const read = (url: URL): object => closed(JSON.parse(readFileSync(fileURLToPath(url), 'utf8'))) as object;

function validatorOf(command: string): ValidateFunction | undefined {
  const file = new URL(`${command.replaceAll(':', '.')}.json`, results);
  if (!existsSync(fileURLToPath(file))) return undefined;
  let validate = compiled.get(command);
  if (validate === undefined) {
    // Each file is known by where it is, as a reader has it: what it refers to is found from there, and nowhere else.
    const ajv = new Ajv2020({ allErrors: false, strict: false });
    ajv.addSchema(read(failures), failures.href);
    ajv.addSchema(read(file), file.href);
    validate = ajv.getSchema(file.href);
    if (validate === undefined) throw new Error(`${file.href} was not compiled`);
    compiled.set(command, validate);
  }
  return validate;
}

/**
 * What is wrong with the output of `--json` by the schema that is published for the command it names; undefined when
 * nothing is. An envelope of a command without a schema is only held to be one JSON document.
 */
export function publishedProblem(stdout: string): string | undefined {
  let envelope: { command?: unknown; ok?: unknown };
  try {
    envelope = JSON.parse(stdout) as typeof envelope;
  } catch {
    return `not one JSON document: ${stdout.slice(0, 200)}`;
  }
  const validate = validatorOf(String(envelope.command));
  const valid: boolean = validate === undefined || validate(envelope);
  if (valid) return undefined;
  // Of the two alternatives the errors of the one that was meant.
  const errors = (validate?.errors ?? []).filter(
    ({ schemaPath }) => schemaPath.startsWith('#/oneOf/0') === (envelope.ok === true),
  );
  return errors.map((each) => `${each.instancePath} ${each.message ?? ''} ${JSON.stringify(each.params)}`).join('; ');
}
