/** Configuration as a user meets it: through the command line. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { makeProject, type Project } from '../../support/project.js';

interface Shown {
  readonly environment: string | null;
  readonly values: readonly { readonly key: string; readonly value: unknown; readonly origin: string }[];
}

let project: Project;
beforeAll(() => {
  project = makeProject({ lab: theLab(), app: 'conf' });
});
afterAll(() => project.remove());

const row = ({ values }: Shown, key: string): unknown => {
  const found = values.find((each) => each.key === key);
  return found === undefined ? undefined : [found.value, found.origin];
};

describe('precedence', () => {
  it('is flags, environment, overlay, file, default, each named as the origin', async () => {
    project.write(
      'zebu.yml',
      'app: {name: conf}\nvm:\n  cores: 2\n  memory_mb: 1024\n  disk_gb: 10\n  onboot: false\n',
    );
    project.write('zebu.staging.yml', 'vm:\n  cores: 3\n  memory_mb: 2048\n  disk_gb: 20\n');
    const env = { ZEBU_VM_CORES: '4', ZEBU_VM_MEMORY_MB: '4096' };
    const shown = await project.json<Shown>(['config:show', '--env', 'staging', '--set', 'vm.cores=5'], { env });
    expect(shown.environment).toBe('staging');
    expect(row(shown, 'vm.cores')).toEqual([5, '--set vm.cores']);
    expect(row(shown, 'vm.memory_mb')).toEqual([4096, 'ZEBU_VM_MEMORY_MB']);
    expect(row(shown, 'vm.disk_gb')).toEqual([20, 'zebu.staging.yml:4']);
    expect(row(shown, 'vm.onboot')).toEqual([false, 'zebu.yml:6']);
    expect(row(shown, 'proxmox.timeout')).toEqual([30, 'default']);
  });

  it('knows no address, host or bridge of its own', async () => {
    project.write('zebu.yml', 'app: {name: conf}\n');
    const shown = await project.json<Shown>(['config:show']);
    for (const key of ['proxmox.host', 'vm.bridge', 'vm.ip']) expect(row(shown, key) ?? [null]).toContain(null);
  });

  it('takes every plain key from its variable', async () => {
    project.write('zebu.yml', 'app: {name: conf}\n');
    const { values } = await project.json<Shown>(['config:show']);
    const plain = values.filter(({ value }) => typeof value === 'number' || typeof value === 'boolean');
    expect(plain.length).toBeGreaterThan(10);
    const env = Object.fromEntries(
      plain.map(({ key, value }) => [`ZEBU_${key.replaceAll('.', '_').toUpperCase()}`, String(value)]),
    );
    const shown = await project.json<Shown>(['config:show'], { env });
    for (const { key, value } of plain) {
      expect(row(shown, key)).toEqual([value, `ZEBU_${key.replaceAll('.', '_').toUpperCase()}`]);
    }
  });
});

describe('a broken zebu.yml', () => {
  it.each([
    ['app: {name: conf}\nvm:\n  coers: 4\n', /zebu\.yml:3\b.*vm\.coers/s, /cores/],
    ['app: {name: conf}\nvm:\n  cores: many\n', /zebu\.yml:3\b.*vm\.cores/s, /./],
    ['app: {name: conf}\nvm: [\n', /zebu\.yml:\d/, /./],
    ['vm: {cores: 1}\n', /zebu\.yml.*app/s, /./],
  ])('ends with 3, file, line and key: %j', async (text, where, hint) => {
    project.write('zebu.yml', text);
    const run = await project.zebu(['config:show']);
    expect(run.code).toBe(3);
    expect(run.stdout).toBe('');
    expect(run.stderr).toMatch(where);
    expect(run.stderr).toMatch(hint);
    expect(run.stderr).not.toMatch(/\bat .*\.js:\d/);
    const { error } = JSON.parse((await project.zebu(['config:show', '--json'])).stdout) as { error: unknown };
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', exit: 3 });
  });

  it('and one that is not there are told apart', async () => {
    const run = await project.zebu(['config:show', '--json'], { cwd: '/' });
    expect(run.code).toBe(3);
    expect(JSON.parse(run.stdout)).toMatchObject({ error: { code: 'CONFIG_NOT_FOUND' } });
  });

  it('names a transport nobody offers, and those there are', async () => {
    project.write('zebu.yml', 'app: {name: conf}\nproxmox: {transport: sssh, host: h}\n');
    const run = await project.zebu(['vm:status', '--json']);
    expect(run.code).toBe(3);
    expect(run.stdout).toMatch(/PROVIDER_UNKNOWN|CONFIG_INVALID/);
    expect(run.stdout).toMatch(/\bssh\b/);
  });
});

it('config:schema is a JSON Schema of it', async () => {
  const run = await project.zebu(['config:schema']);
  expect(run.code).toBe(0);
  const schema = JSON.parse(run.stdout) as { $schema: string; properties: Record<string, unknown> };
  expect(schema.$schema).toMatch(/json-schema/);
  expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(['app', 'proxmox', 'vm']));
});
