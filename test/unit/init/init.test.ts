import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../../src/lib/config/load.js';
import { appName, proxmoxHosts, readServices, secretNames } from '../../../src/lib/init/detect.js';
import { initProject, type InitRequest } from '../../../src/lib/init/index.js';
import { asker } from '../../../src/lib/ui/ask.js';

const flags = { app: { env: 'ZEBU_APP_NAME' }, host: { env: 'ZEBU_PROXMOX_HOST' } };
const nobody = asker({ interactive: false }, flags, 'app', 'host');

/** Folders of this file's tests. */
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function project(files: Record<string, string>): string {
  const top = mkdtempSync(join(tmpdir(), 'zebu-init-test-'));
  folders.push(top);
  const folder = join(top, 'My_Shop 2');
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const given = { app: undefined, compose: undefined, host: undefined, transport: undefined, url: undefined };
const request = (folder: string, extra: Partial<InitRequest> = {}): InitRequest => ({
  folder,
  env: (name) => (name === 'HOME' ? folder : undefined),
  given,
  taskfile: false,
  force: false,
  questions: nobody,
  ...extra,
});

const COMPOSE =
  'services:\n  web:\n    image: x\n    ports: ["8080:80"]\n    healthcheck: {test: [CMD, "true"]}\n  db:\n    image: y\n';

describe('what init sees by itself', () => {
  it('makes a name of a folder, or none', () => {
    expect(appName('My_Shop 2')).toBe('my-shop-2');
    expect(appName('2024')).toBeUndefined();
  });

  it('reads services, ports and health checks, over several files', () => {
    expect(readServices([COMPOSE, 'services: {db: {ports: [{published: 1, target: 2}]}}', '{ broken'])).toEqual([
      { name: 'web', ports: ['8080:80'], healthcheck: true },
      { name: 'db', ports: ['1:2'], healthcheck: false },
    ]);
  });

  it('knows a secret by its name', () => {
    const example = 'DB_PASSWORD=\nPORT=80\nSTRIPE_API_KEY=x\nHMAC_PEPPER=\nKEYBOARD=us\nPUBLIC_URL=http://x\n';
    expect(secretNames(example)).toEqual(['DB_PASSWORD', 'STRIPE_API_KEY', 'HMAC_PEPPER']);
  });

  it('finds Proxmox in ~/.ssh/config', () => {
    expect(proxmoxHosts('Host pve home-pve\n  User root\nHost *.pve\nhost Proxmox-1\nHost other\n')).toEqual([
      'pve',
      'home-pve',
      'Proxmox-1',
    ]);
  });
});

describe('what init writes', () => {
  const files = {
    'compose.yml': COMPOSE,
    'compose.production.yml': 'services: {}\n',
    '.env.example': 'DB_PASSWORD=\n',
    '.gitignore': 'dist\n.env',
  };

  it('is a configuration that loads, with what was found and what was given', async () => {
    const folder = project(files);
    const made = await initProject(request(folder, { given: { ...given, host: 'pve', url: 'https://shop.example' } }));
    expect(made.files.map(({ path }) => path)).toEqual(['zebu.yml', '.zebu/zebu.schema.json', '.gitignore']);
    const { config } = await loadConfig({ cwd: folder, env: {}, settings: [], warn: () => {} });
    expect(config.app).toMatchObject({
      name: 'my-shop-2',
      compose: ['compose.yml', 'compose.production.yml'],
      url: 'https://shop.example',
    });
    expect(config.proxmox).toMatchObject({ transport: 'ssh', host: 'pve' });
    expect(Object.keys(config.secrets)).toEqual(['DB_PASSWORD']);
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('dist\n.env\n.env.*\n!.env.example\n');
    expect(made.next).toEqual(['Put values into .env: DB_PASSWORD', 'zebu vm:create --dry-run']);
  });

  it('asks only for the host, and leaves it open when nobody can be asked', async () => {
    const asked: string[] = [];
    const ask = async (flag: string): Promise<string> => {
      asked.push(flag);
      return 'asked-host';
    };
    const folder = project(files);
    await initProject(request(folder, { questions: { possible: true, ask } }));
    expect(asked).toEqual(['host']);
    expect(readFileSync(join(folder, 'zebu.yml'), 'utf8')).toContain('host: asked-host');
    const other = project(files);
    const made = await initProject(request(other));
    expect(made.next[0]).toBe('Set proxmox.host in zebu.yml');
    await loadConfig({ cwd: other, env: {}, settings: [], warn: () => {} });
  });

  it('never writes over a configuration unasked, nor anything that would not load', async () => {
    const folder = project({ ...files, 'zebu.yml': 'app: {name: mine}\n' });
    await expect(initProject(request(folder))).rejects.toMatchObject({
      code: 'USAGE',
      message: 'zebu.yml is there already',
    });
    expect(readFileSync(join(folder, 'zebu.yml'), 'utf8')).toBe('app: {name: mine}\n');
    const bad = project(files);
    await expect(initProject(request(bad, { given: { ...given, app: 'Not A Name' } }))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    await expect(initProject(request(project({})))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('There is no Compose file') as string,
    });
  });

  it('adds a Taskfile to a project that has its configuration, and respects one that is there', async () => {
    const folder = project({ ...files, 'zebu.yml': 'app: {name: mine}\n' });
    const made = await initProject(request(folder, { taskfile: true }));
    expect(made.files).toEqual([{ path: 'Taskfile.yml', existed: false }]);
    const { tasks } = parse(readFileSync(join(folder, 'Taskfile.yml'), 'utf8')) as {
      tasks: Record<string, { cmds: string[] }>;
    };
    expect(Object.keys(tasks)).toEqual(
      ['create', 'deploy', 'status', 'logs', 'start', 'stop', 'restart', 'rollback', 'destroy'].map(
        (name) => `proxmox:${name}`,
      ),
    );
    expect(tasks['proxmox:deploy']?.cmds).toEqual(['zebu app:deploy --tag {{shellQuote .VERSION}} {{.CLI_ARGS}}']);
    const own = project({ ...files, 'zebu.yml': 'app: {name: mine}\n', 'Taskfile.yml': "version: '3'\n" });
    const beside = await initProject(request(own, { taskfile: true }));
    expect(beside.files).toEqual([{ path: 'Taskfile.proxmox.yml', existed: false }]);
    expect(beside.next[0]).toContain('includes: { proxmox: ./Taskfile.proxmox.yml }');
  });
});
