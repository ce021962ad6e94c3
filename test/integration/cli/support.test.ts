/** `zebu support` as a user without a host meets it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SupportBundle } from '../../../src/lib/support/results.js';
import { leaks } from '../../support/canary.js';
import { zebu, zebuJson, type CliRun } from '../../support/cli.js';
import { bareEnvironment } from '../../support/modes.js';

let cwd: string;
let bare: ReturnType<typeof bareEnvironment>;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'zebu-support-'));
  bare = bareEnvironment();
});
afterEach(() => {
  bare.remove();
  rmSync(cwd, { recursive: true });
});

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliRun> =>
  zebu(['support', ...args], { cwd, env: { ...bare.env, ...env }, timeoutMs: 60_000 });

describe('without zebu.yml', () => {
  it('is about this machine alone, in a file of its owner that says what is missing', async () => {
    const { code, stderr, stdout } = await run([]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [name = ''] = readdirSync(cwd);
    expect(stdout.split('\n')[0]).toBe(`wrote ${name}`);
    expect(name).toMatch(/^zebu-support-\d{8}T\d{6}Z\.md$/);
    expect(statSync(join(cwd, name)).mode & 0o777).toBe(0o600);
    const text = readFileSync(join(cwd, name), 'utf8');
    expect(text).toMatch(/zebu \d+\.\d+\.\d+, contract version \d/);
    expect(text).toContain('@zebu/plugin-transport-ssh');
    expect(text).toMatch(/ok +node/);
    expect(text).toContain('## App\n\nNot included: CONFIG_NOT_FOUND: No zebu.yml in <folder> or any folder above it');
    expect(text).not.toContain(cwd);
  });

  it('does not write over a file, unless it is told to', async () => {
    writeFileSync(join(cwd, 'a.md'), 'kept');
    const refused = await run(['--output', 'a.md']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^Error: .*a\.md is there already\n {2}-> Give --force/);
    expect(readFileSync(join(cwd, 'a.md'), 'utf8')).toBe('kept');
    expect((await run(['--output', 'a.md', '--force'])).code).toBe(0);
    expect(readFileSync(join(cwd, 'a.md'), 'utf8')).toContain('# zebu support bundle');
    expect((await run(['--output', 'no/where.md'])).code).toBe(2);
    expect(readdirSync(cwd)).toEqual(['a.md']);
  });
});

describe('with a host that cannot be reached', () => {
  const SECRETS = { DB_PASSWORD: 'canary/of+dotenv$1', API_TOKEN: 'canary-of-the-environment' };

  beforeEach(() => {
    const proxmox = 'proxmox: {host: 127.0.0.1, port: 1, user: canaryuser, node: canarynode}';
    writeFileSync(join(cwd, 'zebu.yml'), `app: {name: shop}\n${proxmox}\nsecrets: {DB_PASSWORD: {}}\n`);
    writeFileSync(join(cwd, '.env'), `DB_PASSWORD='${SECRETS.DB_PASSWORD}'\n`, { mode: 0o600 });
  });

  it('is made all the same, and says why for each part', async () => {
    const { code, stdout } = await run(['--output', '-'], { API_TOKEN: SECRETS.API_TOKEN });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# zebu support bundle/);
    expect(stdout).toContain('proxmox.user  "<user-1>"  (zebu.yml:2)');
    expect(stdout).toMatch(/fail +proxmox +UNREACHABLE: /);
    for (const title of ['VM', 'App', 'The last releases', 'Journal of the last deploy', 'Docker in the VM'])
      expect(stdout).toContain(`## ${title}\n\nNot included: UNREACHABLE: `);
    expect(leaks(stdout, SECRETS)).toEqual([]);
    expect(stdout).not.toMatch(/canary/i);
    expect(readdirSync(cwd).toSorted()).toEqual(['.env', 'zebu.yml']);
  });

  it('tells the same as JSON', async () => {
    const options = { cwd, env: bare.env };
    const made = await zebuJson<SupportBundle>(['support', '--output', 'b.md'], options);
    expect(made).toMatchObject({ path: 'b.md', text: null, bytes: statSync(join(cwd, 'b.md')).size });
    expect(made.sections.filter(({ included }) => !included).map(({ id }) => id)).toEqual([
      ...['vm', 'app', 'releases', 'journal', 'docker'],
    ]);
    const shown = await zebuJson<SupportBundle>(['support', '--output', '-'], options);
    expect(shown.path).toBeNull();
    expect(shown.text).toContain('## Doctor');
  });

  it('reports a configuration that is wrong instead of ending with it', async () => {
    const { code, stdout } = await run(['--output', '-', '--set', 'vm.cores=many']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/## Configuration\n\nNot included: CONFIG_INVALID: .*vm\.cores/);
  });
});
