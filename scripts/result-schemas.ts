/** The published JSON Schema of what each command prints under `--json`, from the static `result` of its class. */
import { Config } from '@oclif/core';
import * as z from 'zod';
import { ENVELOPE_SCHEMA } from '../plugins/kit/src/envelope.js';
import { ERROR_CODES } from '../plugins/kit/src/errors.js';
import type { ResultDeclaration } from '../plugins/kit/src/result.js';
import { breaks, type Schema } from './schema-breaks.js';

interface PublishedResult {
  readonly version: number;
  readonly oneOf: readonly [{ readonly properties: { readonly result: Schema } }, unknown];
}

const failure = {
  type: 'object',
  properties: {
    ok: { const: false },
    command: { type: 'string' },
    schema: { const: ENVELOPE_SCHEMA },
    error: {
      type: 'object',
      properties: {
        code: { enum: Object.keys(ERROR_CODES) },
        exit: { enum: [...new Set(Object.values(ERROR_CODES))].toSorted((a, b) => a - b) },
        message: { type: 'string', description: 'One line: what is wrong, and where.' },
        hint: { type: 'string', description: 'What to do.' },
        details: { type: 'object', description: 'What depends on the code.' },
      },
      required: ['code', 'exit', 'message'],
    },
    warnings: { type: 'array', items: { type: 'string' } },
  },
  required: ['ok', 'command', 'schema', 'error', 'warnings'],
};

/** Readers have to put up with fields that they do not know: adding one is no change of the version. */
function open(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(open);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key, value]) => !(key === 'additionalProperties' && value === false) && key !== '$schema')
      .map(([key, value]) => [key, key === 'default' ? value : open(value)]),
  );
}

async function publish(id: string, summary: string, { version, schema }: ResultDeclaration): Promise<unknown> {
  const result = open(z.toJSONSchema((await schema()) as z.ZodType, { io: 'output' }));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `zebu ${id} --json`,
    description: summary,
    version,
    oneOf: [
      {
        type: 'object',
        properties: {
          ok: { const: true },
          command: { const: id },
          schema: { const: ENVELOPE_SCHEMA },
          result,
          warnings: { type: 'array', items: { type: 'string' } },
        },
        required: ['ok', 'command', 'schema', 'result', 'warnings'],
      },
      failure,
    ],
  };
}

export const resultFile = (id: string): string => `schema/results/${id.replaceAll(':', '.')}.json`;

/**
 * File name → text for every command of zebu, and what is wrong: commands that declare nothing, and changes that break
 * readers without a new version.
 * @param committed the text that is there
 */
export async function resultSchemas(
  root: string,
  committed: (file: string) => string | undefined,
): Promise<{ files: Record<string, string>; problems: readonly string[] }> {
  const config = await Config.load({ root, userPlugins: false, devPlugins: false });
  const files: Record<string, string> = {};
  const problems: string[] = [];
  const own = config.commands.filter(({ pluginName }) => pluginName === 'zebu' || pluginName?.startsWith('@zebu/'));
  for (const command of own.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const { id, summary } = command;
    if ((command.examples ?? []).length === 0) problems.push(`${id} has no example: add a static \`examples\`.`);
    const { result } = (await command.load()) as unknown as { result?: ResultDeclaration };
    if (result === undefined) {
      problems.push(`${id} declares no result: add a static \`result\`, see "A command" in CONTRIBUTING.md.`);
      continue;
    }
    const file = resultFile(id);
    const published = (await publish(id, summary ?? '', result)) as PublishedResult;
    const text = committed(file);
    if (text !== undefined) {
      const before = JSON.parse(text) as PublishedResult;
      const found = [...breaks(before.oneOf[0].properties.result, published.oneOf[0].properties.result)];
      if (before.version === published.version)
        problems.push(...found.map((what) => `${id}: ${what}: raise the version in its \`resultOf\`.`));
    }
    files[file] = `${JSON.stringify(published, null, 2)}\n`;
  }
  return { files, problems };
}
