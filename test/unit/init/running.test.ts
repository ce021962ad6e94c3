import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/lib/config/load.js';
import { initProject, type InitRequest } from '../../../src/lib/init/index.js';
import type { ImportedStack } from '../../../src/lib/init/running/index.js';
import { parseDestination, readLine } from '../../../src/lib/init/running/read.js';
import { parseStacks, pickStack, publishedPorts, repositoryFiles } from '../../../src/lib/init/running/stacks.js';
import { asker } from '../../../src/lib/ui/ask.js';
import type { RunningStack } from '../../../src/lib/init/results.js';

const container = (service: string, ports = '', status = 'Up 2 hours'): string =>
  JSON.stringify({
    project: 'shop',
    service,
    folder: '/srv/shop',
    files: '/srv/shop/compose.yml,/srv/shop/deploy/compose.production.yml',
    ports,
    status,
  });

const LISTED = JSON.stringify([
  { Name: 'blog', Status: 'exited(1)', ConfigFiles: '/srv/blog/docker-compose.yml' },
  { Name: 'shop', Status: 'running(3)', ConfigFiles: '/srv/shop/compose.yml' },
]);
const TEXT = [
  LISTED,
  container('web', '0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 443/tcp', 'Up 2 hours (healthy)'),
  container('db'),
  container('db'),
  '',
].join('\n');

const shop: RunningStack = {
  project: 'shop',
  running: true,
  folder: '/srv/shop',
  files: ['/srv/shop/compose.yml', '/srv/shop/deploy/compose.production.yml'],
  services: [
    { name: 'db', ports: [], healthcheck: false, oneShot: false },
    { name: 'web', ports: ['8080:80'], healthcheck: true, oneShot: false },
  ],
};
const blog: RunningStack = {
  project: 'blog',
  running: false,
  folder: null,
  files: ['/srv/blog/docker-compose.yml'],
  services: [],
};

describe('the stacks of a machine', () => {
  it('are what Compose lists, with what the labels of their containers say', () => {
    expect(parseStacks(TEXT)).toEqual([blog, shop]);
    expect(parseStacks('[]\n')).toEqual([]);
  });

  it.each(['', 'NAME  STATUS\nshop  running(1)', '{}', `${LISTED}\n{}`])('are not read from %j', (text) => {
    expect(() => parseStacks(text)).toThrow(expect.objectContaining({ code: 'COMPOSE_INVALID' }) as Error);
  });

  it('are asked for in one line that reads no environment and takes sudo where it must', () => {
    expect(readLine()).toContain("|| d='sudo -n docker'");
    expect(readLine()).not.toMatch(/inspect|Env/);
  });

  it('publish ports as a Compose file has them', () => {
    expect(publishedPorts('0.0.0.0:53->53/udp, 127.0.0.1:3000-3001->3000-3001/tcp, 9000/tcp')).toEqual([
      '53:53/udp',
      '3000-3001:3000-3001',
    ]);
  });

  it('are clear when one is named, the only one, or the only one that runs', () => {
    expect(pickStack([blog, shop], undefined)).toBe(shop);
    expect(pickStack([blog, shop], 'blog')).toBe(blog);
    expect(pickStack([blog], undefined)).toBe(blog);
    expect(pickStack([shop, { ...shop, project: 'other' }], undefined)).toBeUndefined();
    expect(pickStack([shop], 'nope')).toBeUndefined();
  });

  it('have files that are called as in the repository', () => {
    expect(repositoryFiles(shop)).toEqual(['compose.yml', 'deploy/compose.production.yml']);
    expect(repositoryFiles(blog)).toEqual(['docker-compose.yml']);
    expect(repositoryFiles({ ...shop, files: ['/etc/shared/compose.yml'] })).toEqual(['compose.yml']);
  });

  it('are on a machine with an address', async () => {
    expect(await parseDestination('deploy@vm:2222')).toEqual({ user: 'deploy', host: 'vm', port: 2222 });
    for (const text of ['', 'a b', '-oProxyCommand=x'])
      await expect(parseDestination(text)).rejects.toMatchObject({ code: 'USAGE' });
  });
});

const flags = { app: { env: 'ZEBU_APP_NAME' }, host: { env: 'ZEBU_PROXMOX_HOST' } };
const nobody = asker({ interactive: false }, flags, 'app', 'host');

/** Folders of this file's tests. */
const folders: string[] = [];
const scratch = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'zebu-import-'));
  folders.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('an app of a stack that runs', () => {
  const imported: ImportedStack = {
    from: { host: 'vm', user: 'debian' },
    identityFile: '~/.ssh/vm',
    stack: shop,
    compose: repositoryFiles(shop),
  };
  const request = (folder: string): InitRequest => ({
    folder,
    env: (name) => (name === 'HOME' ? folder : undefined),
    given: { app: undefined, compose: undefined, host: 'pve', url: undefined },
    transport: { chosen: { id: 'ssh' }, others: [], hosts: [], hasLogin: false },
    running: async () => imported,
    warn: () => {},
    taskfile: false,
    force: false,
    questions: nobody,
  });

  it('has its name, its files and its login, and is told what is not here', async () => {
    const folder = join(scratch(), 'some-clone');
    mkdirSync(folder);
    writeFileSync(join(folder, 'compose.yml'), 'services: {web: {image: x}}\n');
    const made = await initProject(request(folder));
    const { config } = await loadConfig({ cwd: folder, env: {}, settings: [], warn: () => {} });
    expect(config.app).toMatchObject({ name: 'shop', compose: ['compose.yml', 'deploy/compose.production.yml'] });
    expect(config.vm).toMatchObject({ user: 'debian', identity_file: '~/.ssh/vm' });
    expect(readFileSync(join(folder, 'zebu.yml'), 'utf8')).toContain('#   web: ports 8080:80\n');
    expect(made.imported).toEqual(shop);
    expect(made.next).toEqual([
      'Put deploy/compose.production.yml here and commit it; on vm it is /srv/shop/deploy/compose.production.yml',
      'Give the VM the tag zebu-app-shop in Proxmox, unless zebu made it for this app',
      'Make it a git repository: git init && git add . && git commit -m "First commit"',
      'zebu up',
    ]);
  });

  it('cannot have another name, as its volumes would not come along', async () => {
    const folder = scratch();
    const asked = request(folder);
    await expect(initProject({ ...asked, given: { ...asked.given, app: 'store' } })).rejects.toMatchObject({
      code: 'USAGE',
      message: 'The stack is called shop, so the app cannot be called store',
    });
  });

  it('is not asked for where there is a zebu.yml already', async () => {
    const folder = scratch();
    writeFileSync(join(folder, 'zebu.yml'), 'app: {name: mine}\n');
    const asked = { ...request(folder), running: () => Promise.reject(new Error('asked')) };
    await expect(initProject(asked)).rejects.toMatchObject({ message: 'zebu.yml is there already' });
  });
});
