/** zebu where Node says that it is on Windows or macOS: what needs nobody else there works as it does here. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zebu, type CliRun } from '../../support/cli.js';
import { bareEnvironment } from '../../support/modes.js';

const top = mkdtempSync(join(tmpdir(), 'zebu-platforms-'));
const bare = bareEnvironment();
afterAll(() => {
  bare.remove();
  rmSync(top, { recursive: true, force: true });
});

describe.each(['win32', 'darwin'])('on %s', (platform) => {
  const folder = join(top, platform);
  const fake = join(folder, 'platform.mjs');
  beforeAll(() => {
    mkdirSync(folder);
    writeFileSync(fake, `Object.defineProperty(process, 'platform', { value: '${platform}' });\n`);
    writeFileSync(join(folder, 'compose.yml'), 'services: { web: { image: "web:1" } }\n');
  });
  const run = (...args: readonly string[]): Promise<CliRun> => {
    // As Windows itself has them.
    const data = { LOCALAPPDATA: join(folder, 'data'), USERPROFILE: bare.env['HOME'], TEMP: folder };
    const env = { ...bare.env, ...(platform === 'win32' ? data : {}), NODE_OPTIONS: `--import=${fake}` };
    return zebu(args, { cwd: folder, env });
  };

  it('says what it can do, writes and reads a configuration, and lists its providers', async () => {
    for (const args of [['--help'], ['app:deploy', '--help'], ['completion', 'powershell']])
      expect(await run(...args)).toMatchObject({ code: 0, stderr: '' });
    expect(await run('init', '--yes', '--app', 'shop', '--host', 'pve')).toMatchObject({ code: 0, stderr: '' });
    const shown = await run('config:show', '--json');
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse((await run('providers', '--json')).stdout)).toMatchObject({ result: { problems: [] } });
  });

  it('refuses what it cannot do in one line', async () => {
    const { code, stderr } = await run('vm:status', '--set', 'proxmox.host=127.0.0.1', '--set', 'proxmox.port=1');
    expect(code).toBe(4);
    expect(stderr).toMatch(/^Error: .*nothing listens there.*\n$/);
  });
});
