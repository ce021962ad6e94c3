/**
 * The published JSON Schema of what each command prints under `--json`, from the static `result` of its class, and the one
 * of a failure, which all of them refer to.
 */
import { Config } from '@oclif/core';
import * as z from 'zod';
import { webhookMessage } from '../src/lib/upkeep/results.js';
import { ENVELOPE_SCHEMA, type FailureEnvelope } from '../plugins/kit/src/envelope.js';
import { ERROR_CODES } from '../plugins/kit/src/errors.js';
import type { ResultDeclaration } from '../plugins/kit/src/result.js';
import { breaks, type Schema } from './schema-breaks.js';

interface PublishedResult {
  readonly version: number;
  readonly oneOf: readonly [{ readonly properties: { readonly result: Schema } }, unknown];
}

type PublishedFailure = Schema & { readonly version: number };

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/**
 * How the files are put together, for who takes them apart: raised when something is elsewhere than it was, whether or not
 * what commands print has changed. 2: a failure is a file of its own; without a number it stood in each.
 */
const LAYOUT = 2;

export const FAILURE_FILE = 'schema/failure.json';

/** As it is seen from the files of the results. */
const REFERENCE = { $ref: '../failure.json' };

const failure = {
  $schema: DIALECT,
  title: 'zebu COMMAND --json, when it failed',
  description: 'What any command of zebu prints instead of a result.',
  version: ENVELOPE_SCHEMA,
  layout: LAYOUT,
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
      } satisfies Record<keyof FailureEnvelope['error'], unknown>,
      required: ['code', 'exit', 'message'],
    },
    warnings: { type: 'array', items: { type: 'string' } },
  } satisfies Record<keyof FailureEnvelope, unknown>,
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

export const WEBHOOK_FILE = 'schema/webhook.json';

/** What `notify.webhook` is sent. */
export function webhookSchema(): unknown {
  return {
    $schema: DIALECT,
    title: 'What zebu sends to a webhook of notify',
    ...(open(z.toJSONSchema(webhookMessage, { io: 'output' })) as Record<string, unknown>),
  };
}

async function publish(id: string, summary: string, { version, schema }: ResultDeclaration): Promise<unknown> {
  const result = open(z.toJSONSchema((await schema()) as z.ZodType, { io: 'output' }));
  return {
    $schema: DIALECT,
    title: `zebu ${id} --json`,
    description: summary,
    version,
    layout: LAYOUT,
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
      REFERENCE,
    ],
  };
}

export const resultFile = (id: string): string => `schema/results/${id.replaceAll(':', '.')}.json`;

const textOf = (schema: unknown): string => `${JSON.stringify(schema, null, 2)}\n`;

/**
 * What would break readers of failures, whose version is the envelope's.
 * @param text of the file that is there
 */
export function failureProblems(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const before = JSON.parse(text) as PublishedFailure;
  if (before.version !== failure.version) return [];
  return [...breaks(before, failure, 'failure')].map((what) => `${what}: raise ENVELOPE_SCHEMA of the kit.`);
}

/**
 * File name → text for every command of zebu and for failures, and what is wrong: commands that declare nothing, and
 * changes that break readers without a new version.
 * @param committed the text that is there
 */
export async function resultSchemas(
  root: string,
  committed: (file: string) => string | undefined,
): Promise<{ files: Record<string, string>; problems: readonly string[] }> {
  const config = await Config.load({ root, userPlugins: false, devPlugins: false });
  const files: Record<string, string> = { [FAILURE_FILE]: textOf(failure) };
  const problems = [...failureProblems(committed(FAILURE_FILE))];
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
    files[file] = textOf(published);
  }
  return { files, problems };
}
