import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeOrigin } from '../../../src/lib/config/layers.js';
import type { InstalledTransports } from '../../../src/lib/config/installed-transports.js';
import { loadConfig, type LoadedConfig, type LoadRequest } from '../../../src/lib/config/load.js';

let root: string;
const warnings: string[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'zebu-config-'));
  warnings.length = 0;
});
afterEach(() => rm(root, { recursive: true }));

const write = (name: string, text: string): Promise<void> => writeFile(join(root, name), text);

function load(request: Partial<LoadRequest> = {}): Promise<LoadedConfig> {
  return loadConfig({ cwd: root, env: {}, settings: [], warn: (line) => warnings.push(line), ...request });
}

const failure = (request: Partial<LoadRequest> = {}): Promise<{ code: string; message: string; exit: number }> =>
  load(request).then(
    () => expect.unreachable('should have been refused'),
    (error: { code: string; message: string; oclif: { exit: number } }) => ({
      code: error.code,
      message: error.message,
      exit: error.oclif.exit,
    }),
  );

describe('loadConfig', () => {
  it('finds zebu.yml upwards and fills in defaults', async () => {
    await write('zebu.yml', 'app: {name: shop}\n');
    await mkdir(join(root, 'a/b'), { recursive: true });
    const { config, root: found } = await load({ cwd: join(root, 'a/b') });
    expect(found).toBe(root);
    expect(config.app).toEqual({ name: 'shop', compose: ['compose.yml'], profiles: [] });
    expect(config.vm.network.address).toBe('dhcp');
  });

  it('lets flags win over the environment, that over the overlay, that over the file, that over the defaults', async () => {
    await write('zebu.yml', 'app: {name: shop}\nvm:\n  cores: 3\n  memory_mb: 3000\n  disk_gb: 30\n  onboot: false\n');
    await write('zebu.staging.yml', 'vm:\n  cores: 4\n  memory_mb: 4000\n  disk_gb: 40\n');
    const loaded = await load({
      overlay: 'staging',
      env: { ZEBU_VM_CORES: '5', ZEBU_VM_MEMORY_MB: '5000' },
      settings: [{ text: 'vm.cores=6', flag: '--set' }],
    });
    const { vm } = loaded.config;
    expect([vm.cores, vm.memory_mb, vm.disk_gb, vm.onboot, vm.cpu]).toEqual([6, 5000, 40, false, 'host']);
    const origins = ['cores', 'memory_mb', 'disk_gb', 'onboot', 'cpu'].map((key) =>
      describeOrigin(loaded.origin(`vm.${key}`)),
    );
    expect(origins).toEqual(['--set vm.cores', 'ZEBU_VM_MEMORY_MB', 'zebu.staging.yml:4', 'zebu.yml:6', 'default']);
  });

  it('takes a key back to its default with null, and replaces lists whole', async () => {
    await write('zebu.yml', 'app: {name: shop, compose: [a.yml, b.yml]}\nvm: {cores: 8}\n');
    await write('zebu.ci.yml', 'app: {compose: [c.yml]}\nvm: {cores: null}\n');
    const loaded = await load({ overlay: 'ci' });
    expect(loaded.config.app.compose).toEqual(['c.yml']);
    expect(loaded.config.vm.cores).toBe(2);
    expect(describeOrigin(loaded.origin('vm.cores'))).toBe('default');
  });

  it('names file, line, key and the nearest valid key, for every problem at once', async () => {
    await write('zebu.yml', 'app:\n  name: shop\n  compse: [x]\nvm:\n  cores: many\n');
    const { code, message, exit } = await failure();
    expect([code, exit]).toEqual(['CONFIG_INVALID', 3]);
    expect(message.split('\n')).toEqual([
      'zebu.yml:3: unknown key `app.compse`; did you mean `compose`?',
      'zebu.yml:5: `vm.cores`: Invalid input: expected number, received string',
    ]);
  });

  it('names the line of what is wrong in a list, in the file that has the list', async () => {
    await write(
      'zebu.yml',
      `app: { name: shop }
secrets: { TOKEN: {} }
registries:
  - host: https://ghcr.io/me
    user: bot
    secret: TOKEN
  - host: ghcr.io
    user: bot
    secret: TOKEN
    command: [print]
  - { host: docker.io, user: a b, secret: TOKEN, cafile: ca.pem }
`,
    );
    expect((await failure()).message.split('\n')).toEqual([
      'zebu.yml:4: `registries.0.host`: as images are named, without https:// and without a path: ghcr.io, docker.io, registry.example.org:5000',
      'zebu.yml:7: `registries.1`: give exactly one of `secret` and `command`',
      'zebu.yml:11: `registries.2.user`: a name without blanks and colons',
      'zebu.yml:11: unknown key `registries.2.cafile`',
    ]);
    await write(
      'zebu.ci.yml',
      `registries:
  - { host: ghcr.io, user: bot, secret: TOKEN }
  - host: ghcr.io
    user: bot
    secret: TOKN
`,
    );
    expect((await failure({ overlay: 'ci' })).message.split('\n')).toEqual([
      'zebu.ci.yml:3: `registries.1.host`: ghcr.io is there twice',
      'zebu.ci.yml:5: `registries.1.secret`: TOKN is not declared; add it: secrets: { TOKN: {} }',
    ]);
    const settings = [{ text: 'registries=[{host: ghcr.io, user: bot, secret: NONE}]', flag: '--set' }];
    expect((await failure({ overlay: 'ci', settings })).message).toBe(
      '--set registries: `registries.0.secret`: NONE is not declared; add it: secrets: { NONE: {} }',
    );
  });

  it('refuses receivers that cannot be told', async () => {
    await write(
      'zebu.yml',
      `app: { name: shop }
secrets: { URL: {}, KEY: {} }
notify:
  - { name: Phone, apprise: URL }
  - { name: a, apprise: URL, webhook: "https://example.org", key: KEY }
  - { name: b, webhook: "https://example.org" }
  - { name: c, webhook: "ftp://example.org", key: KEY }
  - { name: d, apprise: URL, events: [fail] }
watch: { every: 5 }
`,
    );
    expect((await failure()).message.split('\n')).toEqual([
      expect.stringContaining('zebu.yml:9: `watch.every`'),
      'zebu.yml:4: `notify.0.name`: lower-case letters, digits and hyphens, starting with a letter',
      'zebu.yml:5: `notify.1`: give exactly one of `apprise` and `webhook`',
      'zebu.yml:6: `notify.2`: a `webhook` is signed, and only a webhook: give both `webhook` and `key`',
      'zebu.yml:7: `notify.3.webhook`: an address that begins with https://, or the name of a declared secret that holds one',
      expect.stringContaining('zebu.yml:8: `notify.4.events.0`: Invalid option: expected one of "deployed"|'),
    ]);
    await write(
      'zebu.yml',
      `app: { name: shop }
secrets: { KEY: {} }
notify:
  - { name: a, apprise: URL }
  - name: a
    webhook: HOOK
    key: KEY
`,
    );
    expect((await failure()).message.split('\n')).toEqual([
      'zebu.yml:4: `notify.0.apprise`: URL is not declared; add it: secrets: { URL: {} }',
      'zebu.yml:5: `notify.1.name`: a is there twice',
      'zebu.yml:6: `notify.1.webhook`: HOOK is not declared; add it: secrets: { HOOK: {} }',
    ]);
  });

  it('says that a required key is missing', async () => {
    await write('zebu.yml', 'app: {compose: [a.yml]}\n');
    expect((await failure()).message).toBe('zebu.yml:1: `app.name` is required');
  });

  it('points at the line of broken YAML and of a duplicate key', async () => {
    await write('zebu.yml', 'app:\n  name: "shop\n');
    expect((await failure()).message).toMatch(/^zebu\.yml:\d+:\d+: Missing closing "quote/);
    await write('zebu.yml', 'app:\n  name: shop\n  name: shop\n');
    expect((await failure()).message).toMatch(/^zebu\.yml:3:3: Map keys must be unique/);
  });

  it('names the variable or flag that holds a bad value', async () => {
    await write('zebu.yml', 'app: {name: shop}\n');
    expect((await failure({ env: { ZEBU_VM_CORES: 'two' } })).message).toBe('ZEBU_VM_CORES: vm.cores takes a number');
    expect((await failure({ env: { ZEBU_VM_CORES: '0' } })).message).toMatch(/^ZEBU_VM_CORES: `vm\.cores`:/);
    expect((await failure({ settings: [{ text: 'vm.coers=1', flag: '--set' }] })).message).toBe(
      '--set: no key vm.coers',
    );
  });

  it('treats an empty variable as unset, and warns of one that is a typing error', async () => {
    await write('zebu.yml', 'app: {name: shop}\n');
    const { config } = await load({
      env: { ZEBU_VM_CORES: '', ZEBU_PROXMOX_HSOT: 'x', ZEBU_VM_ONBOOT: 'no', ZEBU_APP_COMPOSE: 'a.yml, b.yml' },
    });
    expect(config.vm.cores).toBe(2);
    expect(config.vm.onboot).toBe(false);
    expect(config.app.compose).toEqual(['a.yml', 'b.yml']);
    expect(warnings).toEqual(['ZEBU_PROXMOX_HSOT sets nothing; did you mean ZEBU_PROXMOX_HOST?']);
  });

  it('refuses a missing file, a missing overlay, and an overlay name that leaves the folder', async () => {
    expect((await failure()).code).toBe('CONFIG_NOT_FOUND');
    await write('zebu.yml', 'app: {name: shop}\n');
    expect((await failure({ overlay: 'nope' })).code).toBe('CONFIG_NOT_FOUND');
    expect((await failure({ overlay: '../x' })).code).toBe('CONFIG_INVALID');
    expect((await failure({ file: 'other.yml' })).message).toBe('other.yml: there is no such file');
  });

  it('checks what belongs together', async () => {
    await write(
      'zebu.yml',
      'app: {name: shop}\nvm:\n  image:\n    url: https://example.org/a.qcow2\n  network:\n    gateway: 192.0.2.1\n',
    );
    expect((await failure()).message.split('\n')).toEqual([
      'zebu.yml:3: `vm.image`: `url` needs a `checksum`',
      'zebu.yml:5: `vm.network`: a gateway needs a static `address`',
    ]);
  });

  it('hands out an object nobody can change', async () => {
    await write('zebu.yml', 'app: {name: shop}\n');
    const { config } = await load();
    expect(() => ((config.vm as { cores: number }).cores = 9)).toThrow(TypeError);
  });

  describe('where a plugin has a transport', () => {
    const relay = { id: 'relay', keys: { relay: { type: 'string', description: 'its address.' } } } as const;
    const installed = (extra: Partial<InstalledTransports> = {}) => {
      let asked = 0;
      const ask = async (): Promise<InstalledTransports> => {
        asked += 1;
        return { declared: [relay], broken: [], ...extra };
      };
      return { ask, times: () => asked };
    };

    it.each([
      ['another transport', 'proxmox: {transport: relay}', {}, []],
      ['a key that zebu has not', 'proxmox: {relay: a}', {}, []],
      ['a variable that zebu has not', '', { ZEBU_PROXMOX_RELAY: 'a' }, []],
      ['a variable for another transport', '', { ZEBU_PROXMOX_TRANSPORT: 'relay' }, []],
      ['--set of a key that zebu has not', '', {}, ['proxmox.relay=a']],
      ['--set of another transport', '', {}, ['proxmox.transport=relay']],
    ])('it is asked for its keys by %s', async (_, text, env, settings) => {
      await write('zebu.yml', `app: {name: shop}\n${text}\n`);
      const { ask, times } = installed();
      const loaded = await load({
        installed: ask,
        env,
        settings: settings.map((each) => ({ text: each, flag: '--set' })),
      });
      expect(times()).toBe(1);
      expect(loaded.keys.map(({ path }) => path)).toContain('proxmox.relay');
      expect(loaded.transports.map(({ id }) => id)).toEqual(['ssh', 'api', 'relay']);
    });

    it('it is left alone by all else', async () => {
      await write('zebu.yml', 'app: {name: shop}\nproxmox: {transport: api, host: h, token_env: T, options: {x: 1}}\n');
      const { ask, times } = installed();
      const settings = [{ text: 'proxmox.transport=ssh', flag: '--set' }];
      await load({ installed: ask, env: { ZEBU_PROXMOX_PORT: '1', ZEBU_VM_CORES: '2' }, settings });
      expect(times()).toBe(0);
    });

    it('keys of one that is not there are one line, beside those that are typing errors', async () => {
      await write('zebu.yml', 'app: {name: shop}\nproxmox:\n  transport: badge\n  hots: h\n  color: red\n  size: 3\n');
      const { message } = await failure({ installed: installed().ask });
      expect(message.split('\n')).toEqual([
        'zebu.yml:4: unknown key `proxmox.hots`; did you mean `host`?',
        'zebu.yml:5: unknown keys `proxmox.color`, `proxmox.size`; the transport `badge`, which may have them, is offered by no plugin',
      ]);
    });

    it.each([
      [
        { plugin: 'zebu-plugin-badge', reason: 'it was made for contract version 0', id: 'badge' },
        'the transport `badge` of zebu-plugin-badge, which may have it, cannot be used: it was made for contract version 0',
      ],
      [
        { plugin: 'zebu-plugin-badge', reason: 'Cannot find module x' },
        'the transport `badge`, which may have it, is offered by no plugin; zebu-plugin-badge offers nothing: Cannot find module x',
      ],
    ])('and of one that is broken, with the reason: %j', async (broken, said) => {
      await write('zebu.yml', 'app: {name: shop}\nproxmox: {transport: badge, color: red}\n');
      expect((await failure({ installed: installed({ declared: [], broken: [broken] }).ask })).message).toBe(
        `zebu.yml:2: unknown key \`proxmox.color\`; ${said}`,
      );
    });
  });
});
