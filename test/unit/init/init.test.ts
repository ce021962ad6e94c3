import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { TransportDescriptor } from '@zebu/kit';
import { loadConfig } from '../../../src/lib/config/load.js';
import { readCompose } from '../../../src/lib/init/compose.js';
import { appName } from '../../../src/lib/init/detect.js';
import { findSecrets, namesSecret } from '../../../src/lib/init/secrets.js';
import { proxmoxHosts } from '../../../plugins/transport-ssh/src/hosts.js';
import { initProject, type InitRequest } from '../../../src/lib/init/index.js';
import { chooseTransport, type ChosenTransport } from '../../../src/lib/init/transport.js';
import { asker } from '../../../src/lib/ui/ask.js';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { Capture } from '../../support/capture.js';
import { transportHooks } from '../../support/own-transports.js';

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

const given = { app: undefined, compose: undefined, host: undefined, url: undefined };
const TRANSPORT: ChosenTransport = { chosen: { id: 'ssh' }, others: [], hosts: [], hasLogin: false };
const request = (folder: string, extra: Partial<InitRequest> = {}): InitRequest => ({
  folder,
  env: (name) => (name === 'HOME' ? folder : undefined),
  given,
  transport: TRANSPORT,
  taskfile: undefined,
  force: false,
  questions: nobody,
  warn: () => {},
  ...extra,
});

const COMPOSE =
  'services:\n  web:\n    image: x\n    ports: ["8080:80"]\n    healthcheck: {test: [CMD, "true"]}\n  db:\n    image: y\n';

describe('what init sees by itself', () => {
  it('makes a name of a folder, or none', () => {
    expect(appName('My_Shop 2')).toBe('my-shop-2');
    expect(appName('2024')).toBeUndefined();
  });

  const read = (...texts: readonly string[]): ReturnType<typeof readCompose> =>
    readCompose(texts.map((text, index) => ({ name: `${index}.yml`, text })));

  it('reads services, ports and health checks, over several files', () => {
    expect(
      read(COMPOSE, 'services: {db: {ports: [{published: 1, target: 2}], build: {context: ./db}}}').services,
    ).toEqual([
      { name: 'web', ports: ['8080:80'], healthcheck: true, oneShot: false, build: undefined },
      { name: 'db', ports: ['1:2'], healthcheck: false, oneShot: false, build: './db' },
    ]);
  });

  it('takes for a one-shot what another waits for to end, and what is not started again', () => {
    const { services } = read(`services:
  web: { image: x, depends_on: { migrate: { condition: service_completed_successfully }, db: { condition: service_started } } }
  migrate: { image: x }
  seed: { image: x, restart: "no" }
  page: { image: x, restart: "no", ports: ["80"] }
  db: { image: x }
`);
    expect(services.filter(({ oneShot }) => oneShot).map(({ name }) => name)).toEqual(['migrate', 'seed']);
  });

  it('says where a Compose file is no YAML', () => {
    expect(() => read('services: {}\n', 'services:\n  web:\n   a: 1\n  b: [\n')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(/^1\.yml:\d: /) as string }),
    );
  });

  it('says in which file an alias is of nothing', () => {
    expect(() => read('services: { db: { <<: *nope } }\n')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(/^0\.yml: /) as string }),
    );
  });

  it('reads what variables are asked for, and which can do without a value', () => {
    const { variables, wholeEnv } = read(`services:
  web:
    image: "x:\${TAG:-latest}"
    command: ["echo", "$$HOME", "$PLAIN", "\${OUTER:-\${INNER}}"]
    environment: [HANDED_ON, "SET=\${BOTH:-x}", "\${BOTH}"]
    env_file: [other.env, { path: ./.env, required: false }]
  db: { image: y, environment: { ALSO: , GIVEN: 1 } }
secrets: { key: { environment: FROM_SECRET } }
`);
    expect(Object.fromEntries([...variables].map(([name, { optional }]) => [name, optional]))).toEqual({
      ...{ TAG: true, PLAIN: false, OUTER: true, INNER: true, HANDED_ON: false },
      ...{ BOTH: false, ALSO: false, FROM_SECRET: false },
    });
    expect(wholeEnv).toBe(true);
  });

  it('knows a secret by its name', () => {
    const names = [
      'DB_PASSWORD',
      'PORT',
      'STRIPE_API_KEY',
      'HMAC_PEPPER',
      'KEYBOARD',
      'PUBLIC_URL',
      'STRIPE_PUBLIC_KEY',
    ];
    expect(names.filter(namesSecret)).toEqual(['DB_PASSWORD', 'STRIPE_API_KEY', 'HMAC_PEPPER']);
    expect(['POSTGRES_PW', 'DB_PASS', 'BYPASS', 'PWA'].filter(namesSecret)).toEqual(['POSTGRES_PW', 'DB_PASS']);
  });

  describe('of secrets', () => {
    const facts = read(`services:
  web:
    image: x
    environment:
      - DATABASE_URL
      - STRIPE_KEY
      - SESSION_SECRET
      - "SMTP_PASSWORD=\${SMTP_PASSWORD:-}"
      - LOG_LEVEL=\${LOG_LEVEL:-info}
  db: { image: postgres, environment: [POSTGRES_PASSWORD] }
`);
    const declared = (text: string, running = false, committed = false): Readonly<Record<string, string>> =>
      Object.fromEntries(
        findSecrets(facts, { dotenv: { text, committed }, example: 'SENTRY_TOKEN=\n', running }).map(
          ({ name, declaration, wanted }) => [name, `${declaration}${wanted ? ' wanted' : ''}`],
        ),
      );

    it('takes what .env has, makes up what nobody else knows, and leaves open what may be empty', () => {
      expect(declared('LOG_LEVEL=debug\nDATABASE_URL=postgres://app:pw@db/app\nSTRIPE_KEY=\n')).toEqual({
        DATABASE_URL: '{}',
        STRIPE_KEY: '{ required: false }',
        SESSION_SECRET: '{ generate: true }',
        SMTP_PASSWORD: '{ required: false }',
        POSTGRES_PASSWORD: '{ generate: true, rotate: never }',
        SENTRY_TOKEN: '{} wanted',
      });
      // A deploy refuses a placeholder, whatever could be made.
      expect(declared('POSTGRES_PASSWORD=changeme\n')).toMatchObject({
        POSTGRES_PASSWORD: '{ generate: true, rotate: never } wanted',
      });
      expect(declared('POSTGRES_PASSWORD=a-password\nSTRIPE_KEY=change_me\n')).toMatchObject({
        POSTGRES_PASSWORD: '{ rotate: never }',
        STRIPE_KEY: '{} wanted',
      });
    });

    it('makes nothing up for a stack that runs already: its data has been made with something', () => {
      expect(declared('', true)).toMatchObject({
        POSTGRES_PASSWORD: '{ rotate: never } wanted',
        SESSION_SECRET: '{} wanted',
      });
    });
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
    expect(readFileSync(join(folder, 'zebu.yml'), 'utf8')).toContain(
      '  DB_PASSWORD: { generate: true, rotate: never }   # made at the first deploy; data is made with it\n',
    );
    expect(made.next).toEqual([
      'Make it a git repository: git init && git add . && git commit -m "First commit"',
      'zebu up',
    ]);
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
    const deep = project({ 'README.md': '' });
    for (const name of ['with-db', 'plain']) {
      mkdirSync(join(deep, 'compose', name), { recursive: true });
      writeFileSync(join(deep, 'compose', name, 'docker-compose.yml'), COMPOSE);
    }
    spawnSync('git', ['-C', deep, 'init', '-q']);
    await expect(initProject(request(deep))).rejects.toMatchObject({
      hint: expect.stringContaining('compose/plain/docker-compose.yml, compose/with-db/docker-compose.yml') as string,
    });
  });

  it('says what git lacks, what others can read, and what is outside the repository', async () => {
    const folder = project({ ...files, '.env': 'DB_PASSWORD=x\n' });
    const git = (...args: readonly string[]): void => {
      const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.org'];
      expect(spawnSync('git', ['-C', folder, ...identity, ...args]).status).toBe(0);
    };
    const run = async (): Promise<{ next: readonly string[]; warned: readonly string[] }> => {
      const warned: string[] = [];
      const { next } = await initProject(
        request(folder, { force: true, given: { ...given, host: 'pve' }, warn: (line) => void warned.push(line) }),
      );
      return { next: next.slice(0, -1), warned };
    };
    chmodSync(join(folder, '.env'), 0o644);
    git('init', '-q');
    expect(await run()).toEqual({
      next: ['Commit it: git add . && git commit -m "First commit"'],
      warned: [expect.stringContaining('chmod 600 .env'), expect.stringContaining('DB_PASSWORD')],
    });
    chmodSync(join(folder, '.env'), 0o600);
    writeFileSync(join(folder, '.env'), 'DB_PASSWORD=a-long-password-of-the-test\n');
    git('add', 'compose.yml');
    git('commit', '-q', '-m', 'first');
    writeFileSync(join(folder, 'compose.production.yml'), 'services: { web: { build: ../elsewhere } }\n');
    expect(await run()).toEqual({
      next: [
        'Commit compose.production.yml: what is deployed is a commit',
        'Tag what is to be deployed: git tag v1.0.0',
      ],
      warned: [
        'web is built from ../elsewhere, outside the repository, and only the repository is sent: move it there',
      ],
    });
    git('add', '.');
    git('add', '-f', '.env');
    git('commit', '-q', '-m', 'second');
    git('tag', 'v1');
    const { next, warned } = await run();
    expect([next, warned[0]]).toEqual([
      [],
      expect.stringContaining('.env is tracked by git, with what looks like a secret (DB_PASSWORD)'),
    ]);
    // Settings alone may be part of the commit, as in many a project.
    chmodSync(join(folder, '.env'), 0o644);
    writeFileSync(join(folder, '.env'), 'MEDIA_PATH=/srv/media\n');
    expect((await run()).warned).toEqual([expect.stringContaining('web is built from')]);
  });

  it('takes a .env of the commit for what it is: settings, and placeholders where secrets belong', async () => {
    const folder = project({
      'compose.yml': 'services: { db: { image: x, environment: [POSTGRES_PASSWORD, API_KEY, PORT] } }\n',
      'compose.deploy.yml': 'services: {}\n',
      '.env': 'POSTGRES_PASSWORD=changethis\nAPI_KEY=\nPORT=1\nURL=postgres://a:${POSTGRES_PASSWORD}@db/a\n',
    });
    spawnSync('git', ['-C', folder, 'init', '-q']);
    spawnSync('git', ['-C', folder, 'add', '.']);
    const warned: string[] = [];
    const { next } = await initProject(request(folder, { warn: (line) => void warned.push(line) }));
    expect(warned).toEqual([]);
    expect(next).toContain('Set variables of the environment, as .env is part of the commit: API_KEY');
    const text = readFileSync(join(folder, 'zebu.yml'), 'utf8');
    expect(text).toContain('  # Also here, and not used: compose.deploy.yml\n');
    expect(text).toContain(
      'secrets:\n  POSTGRES_PASSWORD: { generate: true, rotate: never }   # made at the first deploy; data is made with it\n  API_KEY: {}\n',
    );
  });

  it('has a Taskfile where there is one or task is installed, unless told otherwise', async () => {
    const paths = async (folder: string, extra: Partial<InitRequest> = {}): Promise<readonly string[]> =>
      (await initProject(request(folder, extra))).files.map(({ path }) => path).filter((path) => /Taskfile/.test(path));
    expect(await paths(project(files))).toEqual([]);
    const theirs = { ...files, 'Taskfile.yml': "version: '3'\n" };
    expect(await paths(project(theirs))).toEqual(['Taskfile.proxmox.yml']);
    expect(await paths(project(theirs), { taskfile: false })).toEqual([]);
    const folder = project(files);
    writeFileSync(join(folder, 'task'), '#!/bin/sh\n', { mode: 0o755 });
    expect(await paths(folder, { env: (name) => (name === 'PATH' ? folder : undefined) })).toEqual(['Taskfile.yml']);
    expect(readFileSync(join(folder, 'Taskfile.yml'), 'utf8')).toMatch(/^# task proxmox:deploy VERSION=v1\.2;/);
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

describe('how Proxmox will be reached', () => {
  const io = createConsole({
    ...{ stdout: new Capture(), stderr: new Capture(), stdin: {}, env: {} },
    ...{ json: false, debug: false },
  });
  const relay: TransportDescriptor = {
    kind: 'transport',
    id: 'relay',
    apiVersion: 1,
    summary: 'a relay',
    capabilities: { hostShell: false },
    host: { or: 'a name that the relay knows' },
    init: {
      variables: ['RELAY_PIN', 'RELAY_NAME'],
      later: [{ key: 'relay', example: 'relay.example', where: 'ask who runs it' }],
      hosts: async (env) => [env('RELAY_NAME') ?? 'one', 'two'],
    },
    load: () => Promise.reject(new Error('nobody loads it')),
  };
  const choose = (env: Readonly<Record<string, string>>, named?: string, other = relay): Promise<ChosenTransport> =>
    chooseTransport(transportHooks(['zebu-plugin-relay', other]), { named, env: (name) => env[name], io });
  const written = async (transport: ChosenTransport, questions = nobody): Promise<string> => {
    const folder = project({ 'compose.yml': COMPOSE });
    await initProject(request(folder, { transport, questions }));
    return readFileSync(join(folder, 'zebu.yml'), 'utf8');
  };

  it('is the default, one that the environment has the login for, or the one that is named', async () => {
    expect((await choose({})).chosen.id).toBe('ssh');
    expect(await choose({ ZEBU_PROXMOX_TOKEN: 'x' })).toMatchObject({ chosen: { id: 'api' }, hasLogin: true });
    expect((await choose({ RELAY_PIN: 'x' })).chosen.id).toBe('ssh');
    expect((await choose({ RELAY_PIN: 'x', RELAY_NAME: 'y' })).chosen.id).toBe('relay');
    expect((await choose({ ZEBU_PROXMOX_TOKEN: 'x' }, 'ssh')).chosen.id).toBe('ssh');
    await expect(choose({}, 'shs')).rejects.toMatchObject({ code: 'PROVIDER_UNKNOWN', hint: 'Did you mean `ssh`?' });
  });

  it('stands in zebu.yml, with what else there is and what is filled in later', async () => {
    expect(await written(await choose({ HOME: '/nowhere' }))).toContain(
      'proxmox:\n  transport: ssh   # or api, with a token; or relay\n  # host: pve   # address of the Proxmox host, or an alias of ~/.ssh/config\n\n',
    );
    expect(await written(await choose({}, 'api'))).toContain(
      "proxmox:\n  transport: api\n  # host: pve   # address of the Proxmox host\n  # fingerprint: 'AA:BB:…'   # SHA-256 of the certificate: node → System → Certificates\n\n",
    );
    expect(await written(await choose({}, 'relay'))).toContain(
      'proxmox:\n  transport: relay\n  # host: pve   # address of the Proxmox host, or a name that the relay knows\n  # relay: relay.example   # ask who runs it\n\n',
    );
  });

  it('knows the hosts that are offered, and no other does', async () => {
    const asked: unknown[] = [];
    const ask: InitRequest['questions']['ask'] = async (_, { message, initial }) => {
      asked.push([message, initial]);
      return 'pve';
    };
    const questions = { possible: true, ask };
    await written(await choose({ RELAY_NAME: 'three' }, 'relay'), questions);
    await written(await choose({ RELAY_NAME: 'three' }, 'api'), questions);
    expect(asked).toEqual([
      ['Address of the Proxmox host, or a name that the relay knows (empty: later)', 'three'],
      ['Address of the Proxmox host (empty: later)', ''],
    ]);
    const broken = { ...relay, init: { hosts: () => Promise.reject(new Error('no list')) } };
    expect((await choose({}, 'relay', broken)).hosts).toEqual([]);
  });
});
