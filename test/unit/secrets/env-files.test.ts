import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/lib/config/schema.js';
import { sourceEntries } from '../../../src/lib/secrets/env-files.js';
import { git } from '../../support/project.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'zebu-env-files-'));
  git(root, 'init', '-q', '-b', 'main');
  mkdirSync(join(root, 'docker'));
});
afterEach(() => rmSync(root, { recursive: true }));

const entries = (compose: string, more: Record<string, unknown> = {}): Promise<unknown> =>
  sourceEntries({ root, config: configSchema.parse({ app: { name: 'shop', compose: [compose] }, ...more }) });

describe('the .env of the project directory', () => {
  it('is read behind that beside zebu.yml, as Compose does', async () => {
    const alone = [{ use: 'env' }, { use: 'dotenv' }];
    expect(await entries('docker/compose.yml')).toEqual(alone);
    writeFileSync(join(root, 'docker/.env'), 'A=1\n');
    const both = [...alone, { use: 'dotenv', file: 'docker/.env' }];
    expect(await entries('docker/compose.yml')).toEqual(both);
    expect(await entries('compose.yml')).toEqual(alone);
    expect(await entries('docker/compose.yml', { secret_sources: both })).toEqual(both);
    const own = [{ use: 'dotenv', file: 'prod.env' }];
    expect(await entries('docker/compose.yml', { secret_sources: own })).toEqual(own);
  });

  it('is left to Compose in the VM where it is part of the commit', async () => {
    writeFileSync(join(root, 'docker/.env'), 'A=1\n');
    git(root, 'add', '-A');
    expect(await entries('docker/compose.yml')).toEqual([{ use: 'env' }, { use: 'dotenv' }]);
  });
});
