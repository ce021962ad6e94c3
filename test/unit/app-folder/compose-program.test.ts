import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import FIND from '../../../src/lib/app-folder/compose-program.sh';
import { inEachShell } from '../../support/shells.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'zebu-compose-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function plugin(folder: string, mode = 0o755): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'docker-compose');
  writeFileSync(file, '');
  chmodSync(file, mode);
  return file;
}

/** @param env without it, of a user whose home it is */
const found = (env: Readonly<Record<string, string>> = { HOME: home }): string =>
  inEachShell(
    ({ argv, path }) =>
      spawnSync(argv[0] ?? '', [...argv.slice(1), '-uc', `${FIND}\nprintf %s "$compose_program"`], {
        encoding: 'utf8',
        env: { PATH: `${path}:${process.env['PATH'] ?? ''}`, ...env },
      }).stdout,
  );

describe('Compose itself', () => {
  it('is found where Docker finds it first, of its user before that of the machine', () => {
    const own = plugin(join(home, '.docker/cli-plugins'));
    expect(found()).toBe(own);
    const other = plugin(join(home, 'other/cli-plugins'));
    expect(found({ HOME: home, DOCKER_CONFIG: join(home, 'other') })).toBe(other);
  });

  it('is left to Docker where it was told of other folders, and where the name would be several words', () => {
    plugin(join(home, 'two words/cli-plugins'));
    expect(found({ HOME: home, DOCKER_CONFIG: join(home, 'two words') })).toBe('docker compose');
    plugin(join(home, '.docker/cli-plugins'));
    writeFileSync(join(home, '.docker/config.json'), '{"cliPluginsExtraDirs": ["/opt/plugins"]}');
    expect(found()).toBe('docker compose');
  });

  it('is not what cannot be started, and nobody needs a home', () => {
    const own = plugin(join(home, '.docker/cli-plugins'), 0o644);
    expect(found()).not.toBe(own);
    expect(found({})).toMatch(/docker.compose$/);
  });
});
