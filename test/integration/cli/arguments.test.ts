import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { invocationProblem, invoke } from '../../support/invocations.js';

/** What is no word of a command's is told before anything is connected: nobody listens at this host. */
describe('an argument that cannot be one', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'zebu-arguments-'));
  beforeAll(() => {
    writeFileSync(
      join(folder, 'zebu.yml'),
      'app: { name: shop }\nproxmox: { transport: ssh, host: 127.0.0.1, port: 1, user: root }\nsecrets: { TOKEN: { generate: true } }\n',
    );
    writeFileSync(join(folder, 'compose.yml'), 'services: {}\n');
    spawnSync('git', ['init', '-q', folder]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const exec = ['app:exec', '--json'];
  it.each<readonly string[]>([
    ['app:rollback', '--json', '../x'],
    ['app:rollback', '--json', 'v1;reboot'],
    ['app:follow', '--json', '../20261124T053000Z-1a2b3c4'],
    ['app:logs', '--json', '--release', 'v1.2'],
    ['app:logs', '--json', '--release='],
    ['app:logs', '--json', 'we b'],
    ['app:logs', '--json', '--folow'],
    ['app:start', '--json', ''],
    ['app:stop', '--json', '../web'],
    ['app:restart', '--json', 'web\nsecond'],
    [...exec, ' web', '--', 'true'],
    [...exec, '--user', 'a b', 'web', '--', 'true'],
    [...exec, '--workdir', 'relative', 'web', '--', 'true'],
    ['app:run', '--json', '--workdir', '', 'web', '--', 'true'],
    ['secrets:rotate', '--json', 'TO KEN'],
    ['secrets:generate', '--json', '-x'],
    ['secrets:rollback', '--json', '-1'],
    ['secrets:get', '--json', 'a'.repeat(300)],
    ['vm:snapshot:delete', '--json', '1'],
    ['vm:snapshot:rollback', '--json', '--yes', 'x y'],
    ['vm:snapshot:create', '--json', '../x'],
    ['vm:backup:restore', '--json', '--yes', ''],
    ['vm:backup:restore', '--json', '--yes', '--storage', 'a b', 'latest'],
    ['vm:backup:create', '--json', '--storage', '../x'],
    ['vm:backup:create', '--json', '--prune', 'keep-last=x'],
    ['vm:migrate', '--json', 'a b'],
    ['vm:resize', '--json', '--disk', '1e9'],
    ['app:deploy', '--json', '--lock-wait', 'x'],
    ['app:prune', '--json', '--keep', '0'],
    ['app:top', '--json', '--interval', '0'],
    ['vm:exec', '--json', '--timeout', '-1', '--', 'true'],
    ['vm:console', '--json', '--tail', '1e3'],
  ])('%j is refused before anything is connected', async (...words) => {
    const ended = await invoke(words, folder);
    expect([invocationProblem(ended), ended.exit, ended.stdout]).toEqual([undefined, 2, expect.any(String)]);
    expect(JSON.parse(ended.stdout)).toMatchObject({ ok: false, error: { exit: 2 } });
  });

  it.each<readonly string[]>([
    ['app:rollback', '--json', '20261124T053000Z-1a2b3c4'],
    ['app:rollback', '--json', 'release/v1.2+build'],
    ['app:logs', '--json', '--release', '20261124T053000Z-1a2b3c4'],
    ['app:logs', '--json', 'web', 'db_1', 'a.b-c'],
    [...exec, '--user', '1000:1000', '--workdir', '/my folder', 'web', '--', 'true'],
    ['vm:backup:create', '--json', '--storage', 'local-zfs', '--prune', 'keep-last=7,keep-weekly=4'],
    ['vm:backup:restore', '--json', '--yes', 'local:backup/vzdump-qemu-100-2026_11_24-21_03_00.vma.zst'],
    ['vm:snapshot:delete', '--json', 'before-v2'],
  ])('%j is one: it is asked for, and nobody is there', async (...words) => {
    const ended = await invoke(words, folder);
    expect([invocationProblem(ended), ended.exit]).toEqual([undefined, 4]);
  });
});
