import { X509Certificate } from 'node:crypto';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { DeployResult } from '../../../src/lib/deploy/results.js';
import { acmeServer, CADDY_IMAGE, loadCaddy } from '../../support/caddy.js';
import { leaks, watchProcesses } from '../../support/canary.js';
import { issue, type Issued, type Wanted } from '../../support/certificates.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';
import { askByName, type Shown } from '../../support/tls-client.js';

const APP = 'certified';
const TLS_FOLDER = `/opt/zebu/${APP}/shared/proxy/config/tls`;

const COMPOSE = `services:
  web:
    build: ./web
    stop_signal: SIGKILL
    restart: always
`;

const parsed = ({ certificate }: Issued): X509Certificate => new X509Certificate(certificate);
const dayOf = (date: Date): string => date.toISOString().slice(0, 10);

describe('certificates of the front proxy', { timeout: 300_000 }, () => {
  const authority = issue({ commonName: 'Root', authority: true });
  const names = ['shop.test', '*.shop.test'];
  const make = (more: Wanted = {}): Issued => issue({ names, days: 60, by: authority, ...more });
  const watch = watchProcesses();
  const written: string[] = [];
  const keys: Record<string, string> = {};
  let project: Project;
  let guest: Shell;
  let host: string;

  const place = (pair: Issued): void => {
    keys[`key${Object.keys(keys).length}`] = pair.key.split('\n').slice(1, 3).join('\n');
    project.write('tls/shop.pem', pair.certificate);
    project.write('tls/shop.key', pair.key, 0o600);
  };
  const settings = (proxy: Readonly<Record<string, unknown>>): void => {
    const config = parse(project.read('zebu.yml')) as { app: { proxy: object } };
    config.app.proxy = { ...config.app.proxy, ...proxy };
    project.write('zebu.yml', stringify(config));
  };
  const page = (text: string): void => {
    project.write('web/www/index.html', text);
    project.release(text);
  };
  const deploy = async (tag: string, ...more: readonly string[]): Promise<DeployResult> => {
    const { stdout, stderr, code } = await project.zebu(['app:deploy', '--tag', tag, '--json', '--debug', ...more]);
    written.push(stdout, stderr);
    expect(code, stdout + stderr).toBe(0);
    return (JSON.parse(stdout) as { result: DeployResult }).result;
  };
  const ask = (name = 'www.shop.test', ca = authority.certificate): Promise<Shown> => askByName(host, 443, name, ca);
  const soon = { timeout: 30_000, interval: 500 };
  /** A reload is over when nobody is served with what was before. */
  const shows = async (pair: Issued): Promise<void> => {
    await expect.poll(async () => (await ask()).fingerprint, soon).toBe(parsed(pair).fingerprint256);
  };
  const check = async (id: string): Promise<Readonly<Record<string, string | null>> | undefined> => {
    const { stdout } = await project.zebu(['doctor', '--json']);
    const { checks } = (JSON.parse(stdout) as { result: { checks: readonly Record<string, string | null>[] } }).result;
    return checks.find((each) => each['id'] === id);
  };
  const proxyContainer = (): string =>
    guest.run('docker ps -q --no-trunc --filter label=com.docker.compose.service=zebu-proxy');

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: APP,
      files: {
        'compose.yml': COMPOSE,
        '.gitignore': 'web/busybox\ntls\n.env\n',
        'web/Dockerfile':
          'FROM scratch\nCOPY busybox /bin/busybox\nCOPY www /www\nCMD ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]\n',
      },
      config: {
        app: {
          proxy: {
            image: CADDY_IMAGE,
            domains: names,
            tls: { cert_file: 'tls/shop.pem', key_file: 'tls/shop.key' },
            routes: [{ service: 'web', port: 8080 }],
          },
        },
        deploy: { stability: 1 },
      },
    });
    project.write('.zebu/hooks/pre-build', '#!/bin/sh\nexec cp "$(command -v busybox)" web/busybox\n', 0o755);
    page('one');
    page('two');
    host = (await project.json<{ ip: string }>(['vm:create'])).ip;
    guest = guestShell(host, project.key);
    await loadCaddy(project);
  });
  afterAll(async () => {
    watch.stop();
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  describe('are refused before anything happens', () => {
    const refused = (tls: string, ...more: readonly string[]): ReturnType<typeof refusal> =>
      refusal(project, ['app:deploy', '--tag', 'one', '--set', `app.proxy.tls=${tls}`, ...more]);
    const files = '{cert_file: tls/shop.pem, key_file: tls/shop.key}';

    it('where a wildcard cannot be had', async () => {
      const error = await refused('auto');
      expect(error.code).toBe('CONFIG_INVALID');
      expect(error.message).toMatch(
        /^zebu\.yml:\d+: `app\.proxy\.domains\.1`: \*\.shop\.test cannot be had with `tls: auto`: name each domain, or give `tls: \{dns: MODULE, secret: NAME\}` or `tls: \{cert_file: FILE, key_file: FILE\}`$/,
      );
      // Caddy has those from its own authority.
      const own = ['--set', 'app.proxy.tls=auto', '--set', 'app.proxy.domains=*.localhost'];
      expect((await project.zebu(['config:show', ...own])).code).toBe(0);
    });

    it('where files are missing, or are not a pair', async () => {
      expect(await refused(files)).toMatchObject({
        code: 'CONFIG_INVALID',
        message: '--set app.proxy.tls: `app.proxy.tls.cert_file`: tls/shop.pem cannot be read (ENOENT)',
      });
      const [one, two] = [make(), make()];
      project.write('tls/shop.pem', one.certificate);
      project.write('tls/shop.key', two.key, 0o600);
      const { message } = await refusal(project, ['app:deploy', '--tag', 'one']);
      expect(message).toMatch(/^zebu\.yml:\d+: `app\.proxy\.tls\.key_file`: tls\/shop\.key is not the key of test$/);
      expect(await check('certificate')).toMatchObject({ status: 'fail', code: 'CONFIG_INVALID', detail: message });
    });

    it('where it has ended, is for other names, or a key of the configuration is missing', async () => {
      place(make({ age: 61 }));
      expect((await refused(files)).message).toMatch(/tls\/shop\.pem ended on \d{4}-\d\d-\d\d$/);
      place(make());
      expect((await refused(files, '--set', 'app.proxy.domains=shop.test,other.test')).message).toContain(
        'tls/shop.pem is not good for other.test, but for shop.test, *.shop.test',
      );
      expect((await refused('{cert_file: a}')).message).toBe(
        '--set app.proxy.tls: `app.proxy.tls`: `key_file` is missing',
      );
      expect((await refused('{cert_file: a, key_file: b, key: c}')).message).toContain(
        'unknown key `app.proxy.tls.key`',
      );
      expect((await refused('sometimes')).message).toContain('`auto`, `internal`, `off`, {cert_file: FILE');
      expect((await refused(files, '--set', 'app.proxy.domains=[]')).message).toContain(
        'there is nothing to certify without `app.proxy.domains`',
      );
    });

    it('where the key is for everybody', async () => {
      const key = project.read('tls/shop.key');
      project.write('tls/open.key', key, 0o644);
      const open = await refused('{cert_file: tls/shop.pem, key_file: tls/open.key}');
      expect(open).toMatchObject({ code: 'SECRET_EXPOSED', hint: 'chmod 600 tls/open.key' });
      project.git('add', '-f', 'tls/open.key');
      const tracked = await refused('{cert_file: tls/shop.pem, key_file: tls/open.key}');
      expect(tracked).toMatchObject({ code: 'SECRET_EXPOSED', details: { problem: 'tracked' } });
      project.git('rm', '-q', '--cached', 'tls/open.key');
    });

    it('where the DNS is to be written to without an image or a token for it', async () => {
      const dns = '{dns: cloudflare, secret: DNS_TOKEN}';
      expect((await refused(dns, '--set', 'app.proxy.image=caddy:2')).message.split('\n')).toEqual([
        '--set app.proxy.image: `app.proxy.image`: caddy:2 has no module dns.providers.cloudflare: name an image of Caddy that was built with it',
        '--set app.proxy.tls: `app.proxy.tls`: DNS_TOKEN is not declared; add it: secrets: { DNS_TOKEN: {} }',
      ]);
      expect((await refused('{dns: cloudflare}')).message).toContain('give exactly one of `secret` and `options`');
      const declared = ['--set', 'secrets={DNS_TOKEN: {required: false}}'];
      expect(await refused(dns, ...declared)).toMatchObject({
        code: 'SECRET_MISSING',
        message: 'No value for DNS_TOKEN',
      });
      expect((await project.zebu(['app:status'])).code).toBe(6);
    });

    it('where the image has no such module, which only it can tell', async () => {
      const { message, code } = await refusal(
        project,
        [
          ...['app:deploy', '--tag', 'one', '--set', 'app.proxy.tls={dns: cloudflare, secret: DNS_TOKEN}'],
          ...['--set', 'secrets={DNS_TOKEN: {}}'],
        ],
        { env: { DNS_TOKEN: 'a-token-of-the-dns' } },
      );
      expect(code).toBe('DEPLOY_REFUSED');
      expect(message).toContain(`${CADDY_IMAGE} does not take the configuration of the front proxy: `);
      expect(message).toContain('dns.providers.cloudflare');
      expect(guest.run('docker ps -aq')).toBe('');
    });
  });

  it('come from files, which only their owner can read', async () => {
    const first = make();
    place(first);
    const day = dayOf(parsed(first).validToDate);
    const planned = await deploy('one', '--dry-run');
    expect(planned.plan?.steps).toContain(`put the certificate of shop.test, *.shop.test (until ${day}) in force`);
    expect(guest.run(`ls ${TLS_FOLDER} 2>/dev/null || :`)).toBe('');
    await deploy('one');
    await shows(first);
    expect(await ask('shop.test')).toMatchObject({ status: 200, text: 'one' });
    const again = await deploy('one', '--dry-run');
    expect(again.plan?.steps).toContain(`keep the certificate of shop.test, *.shop.test (until ${day})`);
    const modes = guest.run(`stat -c '%a %U' ${TLS_FOLDER} ${TLS_FOLDER}/*`);
    expect(modes.split('\n')).toEqual(['700 deploy', '600 deploy']);
    expect(await check('certificate')).toMatchObject({ status: 'ok' });
    expect(await check('https')).toMatchObject({
      status: 'ok',
      detail: `shop.test is shown one that is good until ${day}`,
    });
  });

  it('change with the next deploy, of the same commit as well, and stay changed in a rollback', async () => {
    const second = make();
    place(second);
    expect(await check('https')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('is another one than the file has') as string,
    });
    const before = proxyContainer();
    await deploy('one');
    await shows(second);
    expect(proxyContainer()).toBe(before);
    const third = make();
    place(third);
    await deploy('two');
    await shows(third);
    await project.json(['app:rollback', 'one']);
    expect((await ask()).text).toBe('one');
    await shows(third);
    // Also by a container that starts anew.
    guest.run(`docker restart -t 0 ${before}`);
    await expect
      .poll(async () => (await ask().catch(() => undefined))?.fingerprint, soon)
      .toBe(parsed(third).fingerprint256);
  });

  it('are those from before where the release that brought another one does not become healthy', async () => {
    const good = (await ask()).fingerprint;
    place(make());
    project.write('compose.yml', `${COMPOSE}    command: ["/bin/busybox", "false"]\n`);
    project.release('broken');
    const { code } = await project.zebu(['app:deploy', '--tag', 'broken', '--json']);
    expect(code).toBe(7);
    expect(await ask()).toMatchObject({ status: 200, text: 'one', fingerprint: good });
    project.write('compose.yml', COMPOSE);
  });

  it('are said to end before they do', async () => {
    place(make({ age: 50 }));
    const { stderr } = await project.zebu(['app:deploy', '--tag', 'one', '--dry-run']);
    expect(stderr).toMatch(/tls\/shop\.pem ends on \d{4}-\d\d-\d\d, in (9|10) days: renew it and deploy/);
    expect(await check('certificate')).toMatchObject({ status: 'warn' });
  });

  it('come from a private authority by ACME', async () => {
    const directory = `https://${host}:9443/acme/local/directory`;
    guest.run(`mkdir -p acme && cat >acme/Caddyfile <<'CADDYFILE'
${acmeServer(host)}CADDYFILE
docker run -d --name acme --network host -e XDG_DATA_HOME=/data -v "$PWD/acme:/etc/acme" --add-host acme.shop.test:${host} ${CADDY_IMAGE} caddy run --config /etc/acme/Caddyfile --adapter caddyfile`);
    const authorityOf =
      'docker cp acme:/data/caddy/pki/authorities/local/root.crt acme/root.crt >/dev/null 2>&1 && cat acme/root.crt || :';
    await expect.poll(() => guest.run(authorityOf), soon).toContain('END CERTIFICATE');
    const root = `${guest.run('cat acme/root.crt')}\n`;
    project.write('tls/acme.pem', root);
    settings({ tls: 'auto', domains: ['acme.shop.test'], acme: { directory, ca_file: 'tls/acme.pem' } });
    await deploy('two');
    const asked = (): Promise<Shown | undefined> => ask('acme.shop.test', root).catch(() => undefined);
    await expect
      .poll(async () => (await asked())?.text, { ...soon, timeout: 60_000 })
      .toBe('two')
      .catch((error: unknown) => {
        throw new Error(
          guest.run(`docker logs acme 2>&1 | tail -n 20; docker logs ${proxyContainer()} 2>&1 | tail -n 20`),
          { cause: error },
        );
      });
    expect((await asked())?.issuer).toMatch(/^Caddy Local Authority/);
    expect(await check('https')).toMatchObject({ status: 'ok' });
    expect(guest.run('docker logs acme 2>&1')).toContain('/acme/local/');
  });

  it('have their keys in no process list, output, journal or log', () => {
    watch.stop();
    // What is looked at is known to find.
    expect(leaks(guest.run(`cat ${TLS_FOLDER}/*.pem`), keys).length).toBeGreaterThan(0);
    expect(leaks(written.join('\n'), keys)).toEqual([]);
    const rest = guest.run(
      `cd /opt/zebu/${APP} && find . -path './shared/proxy/config/tls' -prune -o -type f -print0 | xargs -0 cat; docker inspect $(docker ps -aq); docker ps -aq | xargs -n 1 docker logs 2>&1`,
    );
    expect(rest).toContain('shop.test');
    expect(leaks(rest, keys)).toEqual([]);
    expect([...watch.seen].filter((text) => leaks(text, keys).length > 0)).toEqual([]);
  });
});
