/** Every error code is provoked by some test, and published: a code that no test names might as well not exist. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ERROR_CODES } from '../../plugins/kit/src/errors.js';
import { ROOT } from '../support/cli.js';

/** Codes without a test yet. This list may only get shorter. */
const OWED: readonly string[] = [
  'BUG',
  'IMAGE_MISMATCH',
  'DOCKER_MISSING',
  'GIT_MISSING',
  'REF_UNKNOWN',
  'REPOSITORY_UNSUPPORTED',
  'SECRET_UNKNOWN',
  'APP_MISSING',
  'PROXY_MISSING',
  'MIGRATE_REFUSED',
  'SNAPSHOT_MISSING',
  'LAB_UNSUPPORTED',
  'LAB_FAILED',
  'INTERRUPTED',
];

it('names every error code in some test, but for those owed', () => {
  const text = globSync('test/**/*.test.ts', { cwd: ROOT })
    .filter((file) => !/unit\/(codes|errors)\.test\.ts$/.test(file))
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n');
  const missing = Object.keys(ERROR_CODES).filter((code) => !new RegExp(`\\b${code}\\b`).test(text));
  expect(missing.filter((code) => !OWED.includes(code))).toEqual([]);
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
