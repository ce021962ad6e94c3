/** A transport of somebody else, with keys and capabilities of its own, as a user of it meets it: through the command line. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { parse } from 'yaml';
import type { TransportDescriptor } from '../../../plugins/kit/src/index.js';
import { descriptorCases } from '../../../plugins/kit/src/conformance/descriptor.js';
import type { Diagnosis } from '../../../src/lib/doctor/results.js';
import { ROOT, type CliRun } from '../../support/cli.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';

interface Shown {
  readonly values: readonly { readonly key: string; readonly value: unknown; readonly origin: string }[];
}

const lab = theLab();
const scratch = mkdtempSync(join(tmpdir(), 'zebu-foreign-'));
const trace = join(scratch, 'trace');
const plugin = join(ROOT, 'test/fixtures/transport-plugin');
const badge = readFileSync(lab.api.tokenFile, 'utf8').trim();

const RELAY = {
  transport: 'relay',
  host: lab.api.host,
  port: lab.api.port,
  relay: 'relay-of-the-test',
  badge_file: lab.api.tokenFile,
  user: lab.ssh.user,
  jump_key: lab.ssh.identityFile,
  jump_known_hosts: lab.ssh.knownHostsFile,
  jump_port: lab.ssh.port,
};

/** Keys that the lab's wires have and the relay has not. */
const NONE_OF_SSH = { identity_file: undefined, known_hosts: undefined };

let project: Project;
const link = (): Promise<unknown> => project.json(['plugins:link', '--no-install', plugin]);

beforeAll(async () => {
  project = makeProject({
    lab,
    app: 'relayed',
    config: { proxmox: { ...NONE_OF_SSH, ...RELAY }, vm: { via: 'host' } },
  });
  project.write('compose.yml', 'services: {}\n');
  await link();
});
afterAll(async () => {
  await project.zebu(['vm:destroy', '--yes']);
  project.remove();
  rmSync(scratch, { recursive: true });
});

/** With another zebu.yml in a folder of its own. */
function elsewhere(
  name: string,
  text: string,
): { readonly cwd: string; readonly env: Readonly<Record<string, string>> } {
  const cwd = mkdtempSync(join(scratch, `${name}-`));
  writeFileSync(join(cwd, 'zebu.yml'), text);
  return { cwd, env: { RELAY_TRACE: trace } };
}

describe('the plugin of the tests keeps the contract', async () => {
  const { default: hook } = (await import(join(plugin, 'hook.js'))) as { default: () => Promise<TransportDescriptor> };
  for (const { name, run } of descriptorCases(hook)) it(name, run);
});

describe('the keys of a transport that was installed', () => {
  it('are set in the file, by a variable and by --set, and have defaults', async () => {
    const env = { ZEBU_PROXMOX_RELAY_LANES: '3', ZEBU_PROXMOX_RELAY_HOPS: 'a, b' };
    const { values } = await project.json<Shown>(['config:show', '--set', 'proxmox.relay_quiet=yes'], { env });
    const row = (key: string): unknown => {
      const found = values.find((each) => each.key === `proxmox.${key}`);
      return found && [found.value, found.origin];
    };
    expect(row('relay')).toEqual(['relay-of-the-test', expect.stringMatching(/^zebu\.yml:\d+$/)]);
    expect(row('relay_lanes')).toEqual([3, 'ZEBU_PROXMOX_RELAY_LANES']);
    expect(row('relay_hops')).toEqual([['a', 'b'], 'ZEBU_PROXMOX_RELAY_HOPS']);
    expect(row('relay_quiet')).toEqual([true, '--set proxmox.relay_quiet']);
    expect(row('badge_style')).toEqual(['plain', 'default']);
    const keys = values.map(({ key }) => key);
    expect(keys.indexOf('proxmox.relay')).toBeLessThan(keys.indexOf('proxmox.timeout'));
  });

  it('are refused with file, line and what is wrong, as those of zebu are', async () => {
    const at = elsewhere(
      'wrong',
      'app: {name: shop}\nproxmox:\n  transport: relay\n  relay: ""\n  relay_lanes: 9\n  badge_style: golden\n  relay_quite: true\n',
    );
    const refused = await refusal(project, ['config:show'], at);
    expect(refused).toMatchObject({ code: 'CONFIG_INVALID', exit: 3 });
    expect(refused.message.split('\n')).toEqual([
      expect.stringMatching(/^zebu\.yml:4: `proxmox\.relay`: Too small/),
      'zebu.yml:5: `proxmox.relay_lanes`: Too big: expected number to be <=8',
      'zebu.yml:6: `proxmox.badge_style`: must be plain or signed',
      'zebu.yml:7: unknown key `proxmox.relay_quite`; did you mean `relay_quiet`?',
    ]);
    const lanes = { env: { ZEBU_PROXMOX_RELAY_LANES: 'many' } };
    expect(await refusal(project, ['config:show'], lanes)).toMatchObject({
      message: 'ZEBU_PROXMOX_RELAY_LANES: proxmox.relay_lanes takes a number',
    });
  });

  it('are in the schema for editors', async () => {
    const { properties } = await project.json<{ properties: Record<string, { properties: object }> }>([
      'config:schema',
    ]);
    expect(properties['proxmox']?.properties).toMatchObject({
      relay: { type: 'string', minLength: 1, description: '`relay`: address of the relay.' },
      host: { description: expect.stringContaining(', or for `relay` a name that the relay knows.') as string },
      user: {
        description: expect.stringMatching(/^`ssh`: login on the host.*`relay`: login of the badge\.$/) as string,
      },
    });
  });

  it('cost a start nothing where zebu.yml says nothing of it', async () => {
    rmSync(trace, { force: true });
    const plain = elsewhere('plain', `app: {name: shop}\nproxmox: {host: pve, user: root}\n`);
    expect((await project.zebu(['config:show'], plain)).code).toBe(0);
    expect(existsSync(trace)).toBe(false);
    const relayed = elsewhere('relayed', 'app: {name: shop}\nproxmox: {host: pve, relay_lanes: 4}\n');
    expect((await project.zebu(['config:show'], relayed)).code).toBe(0);
    expect(readFileSync(trace, 'utf8')).toBe('loaded\n');
  });
});

describe('a transport that was installed', () => {
  it('makes a VM, with the host as the way into it', async () => {
    const run = await project.zebu(['vm:create', '--json'], { env: { ZEBU_DEBUG: '1', RELAY_PIN: '4711' } });
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain('relay relay-of-the-test: 2 lanes, a plain badge and a pin');
    expect(run.stderr).not.toContain(badge.split('=')[1]);
    // A VM that was just started is waited for, unless that is not wanted.
    const diff = (...settings: readonly string[]): Promise<CliRun> =>
      project.zebu(['vm:diff', ...['vm.ready_timeout=1', ...settings].flatMap((text) => ['--set', text])]);
    expect((await diff()).code).toBe(0);
    expect(await diff('proxmox.jump_port=1')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(`${lab.api.host}:1`) as string,
    });
    expect((await diff('proxmox.jump_port=1', 'vm.via=direct')).code).toBe(0);
  });

  it('is asked by doctor what it is concerned about', async () => {
    const check = async (...args: readonly string[]): Promise<unknown> => {
      // Its Compose file has nothing to deploy, which doctor calls a failure of its own.
      const { stdout } = await project.zebu(['doctor', '--json', ...args]);
      const { checks } = (JSON.parse(stdout) as { result: Diagnosis }).result;
      return checks.find(({ id }) => id === 'proxmox');
    };
    expect(await check()).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^Proxmox VE .*; the badge of the relay is a plain one$/) as string,
      remedy: 'Set proxmox.badge_style to signed.',
    });
    expect(await check('--set', 'proxmox.badge_style=signed')).toMatchObject({ status: 'ok' });
  });

  it('has a shell on the host, which is used, and named where another has none', async () => {
    const input = await project.json<{ stdout: string }>(['vm:exec', '--stdin', '--', 'cat'], {
      stdin: 'through the shell',
    });
    expect(input.stdout).toBe('through the shell');
    const api = [
      'proxmox.transport=api',
      `proxmox.token_file=${lab.api.tokenFile}`,
      `proxmox.fingerprint=${lab.api.fingerprint}`,
    ];
    const args = ['vm:console', '--follow', ...api.flatMap((text) => ['--set', text])];
    expect(await refusal(project, args)).toMatchObject({
      code: 'CONFIG_INVALID',
      hint: expect.stringContaining('use proxmox.transport: ssh or relay, or the node') as string,
    });
  });

  it('says what a workflow in CI hands over, and is installed there', async () => {
    writeFileSync(join(project.folder, 'zebu.tgz'), gzipSync('a package'));
    const made = await project.json<{ file: string; secrets: readonly string[] }>([
      ...['ci:init', '--package', 'zebu.tgz'],
    ]);
    expect(made.secrets).toEqual(['RELAY_PIN', 'RELAY_BADGE', 'VM_SSH_KEY']);
    const text = readFileSync(join(project.folder, made.file), 'utf8');
    expect(text).toContain('zebu plugins:install zebu-plugin-relay@2.1.0');
    expect(text).toContain('store RELAY_BADGE badge ZEBU_PROXMOX_BADGE_FILE');
    expect(text).toMatch(/RELAY_PIN: \$\{\{ secrets\.RELAY_PIN \}\}/);
    expect(text).not.toMatch(/PROXMOX_SSH_KEY|ZEBU_PROXMOX_TOKEN/);
  });

  it('says what init writes, and is chosen where the environment has what it logs in with', async () => {
    const init = async (name: string, env: Record<string, string>, ...args: readonly string[]): Promise<string> => {
      const cwd = mkdtempSync(join(scratch, `${name}-`));
      writeFileSync(join(cwd, 'compose.yml'), 'services: {web: {image: x}}\n');
      await project.json(['init', '--yes', '--app', 'shop', ...args], { cwd, env: { HOME: cwd, ...env } });
      expect(existsSync(join(cwd, '.zebu/zebu.schema.json'))).toBe(true);
      return readFileSync(join(cwd, 'zebu.yml'), 'utf8');
    };
    expect(await init('default', {})).toContain('  transport: ssh   # or api, with a token; or relay, with a badge\n');
    const chosen = await init('chosen', { RELAY_PIN: '4711', RELAY_HOST: 'pve-by-relay' });
    expect(parse(chosen)).toMatchObject({ proxmox: { transport: 'relay', host: 'pve-by-relay' } });
    expect(chosen).toContain('  # relay: relay.example   # whoever runs it knows\n');
    expect(await init('named', {}, '--transport', 'api')).not.toContain('behind-the-relay');
  });

  it('has its credential and its names taken out of what zebu support writes', async () => {
    const text = (await project.zebu(['support', '--output', '-'])).stdout;
    expect(text).toContain('proxmox.relay  "<host-');
    expect(text).not.toContain('relay-of-the-test');
    expect(text).not.toContain(badge.split('=')[1]);
  });
});

describe('a transport that is not installed any more', () => {
  it('takes its keys with it, which is one line that says whose they were', async () => {
    expect((await project.zebu(['plugins:uninstall', 'zebu-plugin-relay'])).code).toBe(0);
    const at = elsewhere('gone', 'app: {name: shop}\nproxmox:\n  transport: relay\n  relay: a\n  badge_file: b\n');
    expect(await refusal(project, ['config:show'], at)).toMatchObject({
      code: 'CONFIG_INVALID',
      exit: 3,
      message:
        'zebu.yml:4: unknown keys `proxmox.relay`, `proxmox.badge_file`; the transport `relay`, which may have them, is offered by no plugin',
      hint: 'Install the plugin that has it (zebu plugins:install); what is there: zebu providers',
    });
    await link();
    expect((await project.zebu(['config:show'], at)).code).toBe(0);
  });
});
