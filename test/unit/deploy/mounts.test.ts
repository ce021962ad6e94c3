import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { CONFIG } from '../../../src/lib/deploy/runner/config.js';
import { MOUNTS } from '../../../src/lib/deploy/runner/mounts.js';

/** Runs the part of the runner on what `docker compose config --format json` prints. */
function releaseMounts(volumes: readonly object[]): readonly string[] {
  const config = { services: { other: { volumes: [] }, web: { image: 'x', volumes } } };
  const run = spawnSync('sh', ['-c', `release=/opt/zebu/shop/releases/r1\n${CONFIG}${MOUNTS}\nrelease_mounts`], {
    input: JSON.stringify(config, null, 2),
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  return run.stdout.split('\n').filter((line) => line !== '');
}

const tree = '/opt/zebu/shop/releases/r1/tree';

describe('bind mounts from within a release', () => {
  it('are found by service, path and target', () => {
    const volumes = [
      { type: 'bind', source: `${tree}/data`, target: '/data', bind: { create_host_path: true } },
      { type: 'bind', source: `${tree}/app/up loads`, target: '/up', bind: {} },
    ];
    expect(releaseMounts(volumes)).toEqual(['web|tree/data|/data', 'web|tree/app/up loads|/up']);
  });

  it('are none where they are read-only, elsewhere, or volumes', () => {
    const volumes = [
      { type: 'bind', source: `${tree}/nginx.conf`, target: '/etc/nginx.conf', read_only: true },
      { type: 'bind', source: '/var/run/docker.sock', target: '/var/run/docker.sock' },
      { type: 'bind', source: '/opt/zebu/shop/releases/r10/tree/x', target: '/x' },
      { type: 'volume', source: 'data', target: '/data', volume: {} },
    ];
    expect(releaseMounts(volumes)).toEqual([]);
  });
});
