/**
 * Every error code is provoked by a test that runs zebu, whose envelope is held to what is published (see refusal.ts and
 * cli.ts of test/support): a code that no such test names might as well not exist.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { ERROR_CODES } from '../../plugins/kit/src/errors.js';
import { ROOT } from '../support/cli.js';

it('names every error code in some test of the command line', () => {
  const text = globSync('test/{integration,e2e,long}/**/*.ts', { cwd: ROOT })
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n');
  const missing = Object.keys(ERROR_CODES).filter((code) => !new RegExp(`\\b${code}\\b`).test(text));
  expect(missing).toEqual([]);
});

it('throws every error code somewhere', () => {
  const text = globSync(['src/**/*.ts', 'plugins/*/src/**/*.ts'], { cwd: ROOT })
    .filter((file) => !file.endsWith('kit/src/errors.ts'))
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n');
  expect(Object.keys(ERROR_CODES).filter((code) => !new RegExp(`\\b${code}\\b`).test(text))).toEqual([]);
});

it('publishes every error code, once, with every command', () => {
  const published = join(ROOT, 'schema/failure.json');
  const { properties } = JSON.parse(readFileSync(published, 'utf8')) as {
    properties: { error: { properties: Record<string, { enum?: unknown[] }> } };
  };
  const { code, exit } = properties.error.properties;
  expect(code?.enum).toEqual(Object.keys(ERROR_CODES));
  expect(new Set(exit?.enum)).toEqual(new Set(Object.values(ERROR_CODES)));

  const files = globSync('schema/results/*.json', { cwd: ROOT });
  expect(files.length).toBeGreaterThan(50);
  for (const file of files) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const { oneOf } = JSON.parse(text) as { oneOf: readonly [unknown, { $ref: string }] };
    expect(join(ROOT, dirname(file), oneOf[1].$ref), file).toBe(published);
    // Whatever else a command says of codes, it does not list them.
    expect(text, file).not.toContain('"NEEDS_CONFIRMATION"');
  }
});
