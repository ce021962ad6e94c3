import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const folder = fileURLToPath(new URL('../../schema/results/', import.meta.url));
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

function validatorOf(command: string): ValidateFunction | undefined {
  const file = `${folder}${command.replaceAll(':', '.')}.json`;
  if (!existsSync(file)) return undefined;
  let validate = compiled.get(command);
  if (validate === undefined) {
    const ajv = new Ajv2020({ allErrors: false, strict: false });
    validate = ajv.compile(closed(JSON.parse(readFileSync(file, 'utf8'))) as object);
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
  const side = envelope.ok === true ? '#/oneOf/0' : '#/oneOf/1';
  const errors = (validate?.errors ?? []).filter(({ schemaPath }) => schemaPath.startsWith(side));
  return errors.map((each) => `${each.instancePath} ${each.message ?? ''} ${JSON.stringify(each.params)}`).join('; ');
}
