/**
 * Every error code is provoked by a test that runs zebu, whose envelope is held to what is published (see refusal.ts and
 * cli.ts of test/support): a code that no such test names might as well not exist.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ERROR_CODES } from '../../plugins/kit/src/errors.js';
import { ROOT } from '../support/cli.js';

it('names every error code in some test of the command line', () => {
  const text = globSync('test/{integration,e2e}/**/*.ts', { cwd: ROOT })
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

it('publishes every error code with every command', () => {
  const files = globSync('schema/results/*.json', { cwd: ROOT });
  expect(files.length).toBeGreaterThan(50);
  for (const file of files) {
    const { oneOf } = JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as {
      oneOf: readonly [unknown, { properties: { error: { properties: Record<string, { enum?: unknown[] }> } } }];
    };
    const { code, exit } = oneOf[1].properties.error.properties;
    expect(code?.enum, file).toEqual(Object.keys(ERROR_CODES));
    expect(new Set(exit?.enum), file).toEqual(new Set(Object.values(ERROR_CODES)));
  }
});
