import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CONFIG } from '../../../src/lib/deploy/runner/config.js';
import { IMAGES } from '../../../src/lib/deploy/runner/images.js';

/** Runs the part of the runner on what `docker compose config --format json` prints. */
function builtImages(services: Readonly<Record<string, object>>): readonly string[] {
  const work = mkdtempSync(join(tmpdir(), 'zebu-images-'));
  try {
    writeFileSync(join(work, 'config'), JSON.stringify({ name: 'shop', services, volumes: { image: {} } }, null, 2));
    const run = spawnSync('sh', ['-c', `work=${work} project=shop\n${CONFIG}${IMAGES}\nbuilt_images`], {
      encoding: 'utf8',
    });
    expect(run.stderr).toBe('');
    return run.stdout.split('\n').filter((line) => line !== '');
  } finally {
    rmSync(work, { recursive: true });
  }
}

it('pins what is built, under its own or its given name, for everyone who uses it', () => {
  expect(
    builtImages({
      db: { image: 'postgres:18', networks: { default: null } },
      jobs: { command: ['work'], image: 'shop-web' },
      named: { build: { context: '/x', args: { image: 'no' } }, image: 'registry.example/shop/named:v1' },
      web: { build: { context: '/x' }, labels: { build: 'no', image: 'no' } },
    }),
  ).toEqual(['jobs shop-web web', 'named registry.example/shop/named:v1 named', 'web shop-web web']);
});

it('pins nothing where nothing is built', () => {
  expect(builtImages({ db: { image: 'postgres:18' } })).toEqual([]);
});
