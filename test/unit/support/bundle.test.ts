import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ZebuError } from '@zebu/kit';
import { Redactor } from '@zebu/kit/core';
import { loadConfig } from '../../../src/lib/config/load.js';
import type { Context } from '../../../src/lib/context/context.js';
import { systemClock } from '../../../src/lib/context/context.js';
import { Cleaner } from '../../../src/lib/support/cleaner.js';
import { configurationText, learnFromConfig } from '../../../src/lib/support/configuration.js';
import { journalLines, releaseLines } from '../../../src/lib/support/guest.js';
import {
  dotenvValues,
  knownSecrets,
  learnLocalSecrets,
  learnProjectSecrets,
} from '../../../src/lib/support/masking.js';
import { Names } from '../../../src/lib/redaction/names.js';
import { render } from '../../../src/lib/support/render.js';
import { section, within } from '../../../src/lib/support/section.js';
import { checkWritable, defaultName, writeBundle } from '../../../src/lib/support/write.js';
import { leaks } from '../../support/canary.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'zebu-support-'));
});
afterEach(() => rm(root, { recursive: true }));

const CONFIG = `
app:
  name: shop
  url: https://shop.canary-site.example/?key=canary-query
  proxy: {routes: [{service: web, port: 80}], domains: [www.canary-site.example], email: canary-mail@mail.example}
proxmox:
  host: canary-host
  node: canary-node
  user: canary-login
  proxy_jump: canary-jumper@canary-jump:22
  fingerprint: "${Array(32).fill('CA').join(':')}"
  options: {password: canary-option, deep: {list: [canary-deep]}}
vm:
  user: canary-vm-user
  ssh_keys: ["ssh-ed25519 AAAAcanarykey canary-comment@x"]
  network: {address: 198.51.100.77/24, gateway: 198.51.100.78, search: canary-search, mac: "BC:24:11:CA:CA:CA"}
deploy:
  probes:
    - {service: web, command: [curl, --user, "canary-argument"]}
    - {http: "http://u:canary-userinfo@canary-probe.example/", body: canary-body}
  release_command: {service: web, command: [migrate, canary-migrate]}
secrets: {DB_PASSWORD: {rotate: {command: "psql canary-rotate"}}}
secret_sources: [{use: env}, {use: vault, token: canary-vault}]
`;

async function load(): ReturnType<typeof loadConfig> {
  await writeFile(join(root, 'zebu.yml'), CONFIG);
  return loadConfig({ cwd: root, env: {}, settings: [], warn: () => {} });
}

describe('the configuration in a bundle', () => {
  it('names keys, sources and programs, and nothing of what was planted', async () => {
    const loaded = await load();
    const names = new Names(['host', 'vm', 'app']);
    learnFromConfig(loaded, names);
    const text = new Cleaner([], names, new Set(loaded.keys.map(({ path }) => path)), [[root, '<project>']]).clean(
      configurationText(loaded, names),
    );
    expect(text).not.toMatch(/canary|CA:CA|198\.51|mail\.example/i);
    expect(text).toContain('file <project>/zebu.yml');
    expect(text).toContain('proxmox.host  "<host-2>"  (zebu.yml:7)');
    expect(text).toMatch(/proxmox\.proxy_jump {2}"<user-\d>@<host-\d>:22"/);
    expect(text).toContain('"command":["curl","[redacted]","[redacted]"]');
    expect(text).toContain('secret_sources  [{"use":"env"},{"use":"vault","token":"[redacted]"}]');
    expect(text).toContain('vm.cores  2  (default)');
    expect(text).toContain('DB_PASSWORD');
  });
});

const VALUES = {
  DECLARED: 'canary/declared+$1 "x"',
  TWO_LINES: 'canary-first-line\ncanary-second-line',
  UNDECLARED: 'canary-undeclared',
  ENV_TOKEN: 'canary-of-the-environment',
  PVE: '01234567-89ab-cdef-0123-456789abcdef',
};

describe('secret values', () => {
  it('are taken out of everything in every spelling: declared, of .env, of the environment, of Proxmox', async () => {
    await writeFile(
      join(root, '.env'),
      `OTHER=${VALUES.UNDECLARED}\nNODE_ENV=production\nPORT=8080\nTWO="${VALUES.TWO_LINES.replace('\n', '\\n')}"\n`,
    );
    const env: Readonly<Record<string, string | undefined>> = {
      DECLARED: VALUES.DECLARED,
      SOME_API_TOKEN: VALUES.ENV_TOKEN,
      ZEBU_PROXMOX_TOKEN: `zebu@pve!cli=${VALUES.PVE}`,
      HOME_KEY_FILE: '/home/x/key',
    };
    const loaded = await load();
    const redactor = new Redactor();
    const context = {
      config: { ...loaded.config, secrets: { DECLARED: {} }, secret_sources: [{ use: 'env' }] },
      loaded,
      root,
      env: (name: string) => env[name],
      io: { redactor, mask: (value: string) => redactor.add(value) },
      signal: new AbortController().signal,
      clock: systemClock,
    } as unknown as Context;
    const secrets = knownSecrets();
    await learnLocalSecrets(secrets, env, root);
    await learnProjectSecrets(secrets, context);
    const cleaner = new Cleaner([secrets.redactor, redactor], new Names(), new Set(), []);
    for (const value of Object.values(VALUES)) {
      const bytes = Buffer.from(value);
      const spelled = [
        value,
        JSON.stringify({ value }),
        bytes.toString('base64'),
        Buffer.from(`user:${value}`).toString('base64url'),
        bytes.toString('hex'),
        encodeURIComponent(value),
      ];
      const status = JSON.stringify({ image: `x:${value}`, drift: spelled });
      const journal = journalLines(
        spelled.map((line) => JSON.stringify({ step: 'build', line: `said ${line}` })).join('\n'),
      );
      expect(journal).toContain('said ');
      for (const text of [...spelled, status, journal]) expect(leaks(cleaner.clean(text), VALUES)).toEqual([]);
    }
    expect(cleaner.clean('production on 8080, true')).toBe('production on 8080, true');
  });

  it('of a .env that cannot be parsed are whatever stands behind an equals sign', () => {
    expect(dotenvValues('A=one\n# B=no\nthis is no line\nC="two"\n')).toEqual(['one', 'two']);
  });

  it('with a control character inside are found all the same', () => {
    const secrets = knownSecrets();
    secrets.add('canary\u0007bell');
    expect(new Cleaner([secrets.redactor], new Names(), new Set(), []).clean('x canary\u0007bell y')).toBe(
      'x [redacted] y',
    );
  });
});

describe('what the VM says', () => {
  const release = {
    ...{
      id: '20261125-1a2b3c4',
      ref: 'v1',
      kind: 'tag',
      commit: '1a2b3c4',
      subject: 'canary-subject',
      who: 'Canary Doe',
    },
    ...{
      from: 'canary-laptop',
      by: '',
      mode: 'deploy',
      step: '',
      started: 1,
      seconds: 2,
      verdict: 'live' as const,
      cause: '',
      reason: '',
    },
    ...{ gaps: {}, current: true, kept: true },
  };

  it('of releases is the last ten, without who, where from and the words of the commit', () => {
    const names = new Names();
    const lines = releaseLines(Array<typeof release>(12).fill(release), names);
    expect(lines.split('\n')).toHaveLength(10);
    const text = new Cleaner([], names, new Set(), []).clean(`${lines}\n(canary doe on canary-laptop)`);
    expect(text).not.toMatch(/canary/i);
    expect(text).toContain('"who":"<user-1>","from":"<host-1>"');
    expect(text).toContain('(<user-1> on <host-1>)');
  });

  it('of a journal is its lines; what is none is left out', () => {
    const text = [
      'run=20261125-1a2b3c4',
      '{"t":1,"step":"build","state":"begin","detail":""}',
      '{"step":"build","line":"#5 DONE"}',
      '{"cut',
      '{"end":"restored","reason":"web is unhealthy","step":"verify"}',
    ].join('\n');
    expect(journalLines(text).split('\n')).toEqual([
      ...['run=20261125-1a2b3c4', 'build begin', '  #5 DONE', 'end restored at verify: web is unhealthy'],
    ]);
  });
});

describe('a part of the bundle', () => {
  const context = (signal = new AbortController().signal): Context => ({ signal }) as unknown as Context;

  it('that cannot be had says why, and what interrupts the command ends it', async () => {
    const live = new AbortController();
    const failing = (): Promise<string> => Promise.reject(new ZebuError('UNREACHABLE', 'nobody is there'));
    expect(await section('vm', 'VM', live.signal, failing)).toMatchObject({
      text: null,
      reason: 'UNREACHABLE: nobody is there',
    });
    live.abort(new ZebuError('INTERRUPTED', 'by SIGINT'));
    await expect(section('vm', 'VM', live.signal, failing)).rejects.toThrow('by SIGINT');
  });

  it('is not waited for when it does not come, even where it does not listen', async () => {
    await expect(within(context(), 20, () => new Promise(() => {}))).rejects.toThrow('no answer within 0.02 s');
    expect(await within(context(), 1000, async () => 'in time')).toBe('in time');
  });

  it('is fenced by more than it holds itself', () => {
    const text = render([{ id: 'a', title: 'A', text: 'x\n~~~\n## no title\n~~~~', reason: null }], 'now');
    expect(text).toContain('\n~~~~~text\nx\n~~~\n## no title\n~~~~\n~~~~~\n');
  });
});

describe('the file', () => {
  it('has the time in its name', () => {
    expect(defaultName(new Date('2026-11-25T14:53:19.123Z'))).toBe('zebu-support-20261125T145319Z.md');
  });

  it('is its owner’s alone, and what is there is only written over with force', async () => {
    const path = join(root, 'bundle.md');
    await writeBundle(path, 'one', false);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await expect(checkWritable(path, false)).rejects.toThrow('is there already');
    await expect(writeBundle(path, 'two', false)).rejects.toThrow('is there already');
    expect(await readFile(path, 'utf8')).toBe('one');
    await chmod(path, 0o644);
    await writeBundle(path, 'two', true);
    expect(await readFile(path, 'utf8')).toBe('two');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is not written through a link, into a folder, or where there is none', async () => {
    const target = join(root, 'target');
    await writeFile(target, 'kept');
    await symlink(target, join(root, 'link'));
    await expect(checkWritable(join(root, 'link'), true)).rejects.toThrow('is no file');
    await expect(checkWritable(root, true)).rejects.toThrow('is no file');
    await expect(checkWritable(join(root, 'no/where.md'), false)).rejects.toThrow('there is no folder');
    expect(await readFile(target, 'utf8')).toBe('kept');
  });
});
