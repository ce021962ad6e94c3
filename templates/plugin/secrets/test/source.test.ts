import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { descriptorCases, secretSourceCases } from '@zebu/kit/conformance';
import hook from '../src/hook.js';
import { factory } from '../src/source.js';

const root = mkdtempSync(join(tmpdir(), '__name__-'));
const present = { DB_PASSWORD: 'correct horse', API_KEY: "quote ' and $dollar" };
writeFileSync(join(root, 'secrets.json'), JSON.stringify(present));

const cases = [
  ...descriptorCases(hook),
  ...secretSourceCases({
    factory,
    root,
    settings: { file: 'secrets.json' },
    present,
    absent: 'NOT_THERE',
    broken: { file: 'missing.json' },
  }),
];
for (const { name, run } of cases) test(name, run);
