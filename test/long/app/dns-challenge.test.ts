/**
 * Wildcards where no port is open to the authority: a Caddy with a module that writes into the DNS, a DNS server that takes signed
 * updates, and an authority that asks it. Long, because Caddy with a module has to be built first.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { acmeServer, CADDY_DNS_IMAGE, loadCaddyDns } from '../../support/caddy.js';
import { leaks } from '../../support/canary.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';
import { askByName, type Shown } from '../../support/tls-client.js';

const APP = 'wild';

describe('certificates over the DNS', { timeout: 600_000 }, () => {
  const keys = { right: randomBytes(32).toString('base64'), wrong: randomBytes(32).toString('base64') };
  const written: string[] = [];
  let project: Project;
  let guest: Shell;
  let host: string;
  let root: string;

  const deploy = async (key: string, ...more: readonly string[]): Promise<void> => {
    const run = await project.zebu(['app:deploy', '--tag', 'v1', '--json', '--debug', ...more], {
      env: { DNS_KEY: key },
    });
    written.push(run.stdout, run.stderr);
    expect(run.code, run.stdout + run.stderr).toBe(0);
  };
  const asked = (name: string): Promise<Shown | undefined> => askByName(host, 443, name, root).catch(() => undefined);
  const https = async (): Promise<Readonly<Record<string, string | null>> | undefined> => {
    const { stdout } = await project.zebu(['doctor', '--json']);
    const { checks } = (JSON.parse(stdout) as { result: { checks: readonly Record<string, string | null>[] } }).result;
    return checks.find(({ id }) => id === 'https');
  };

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: APP,
      files: {
        'compose.yml': 'services:\n  web:\n    build: ./web\n    stop_signal: SIGKILL\n    restart: always\n',
        '.gitignore': 'web/busybox\nroot.pem\n',
        'web/Dockerfile':
          'FROM scratch\nCOPY busybox /bin/busybox\nCOPY www /www\nCMD ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]\n',
        'web/www/index.html': 'wild',
      },
      config: { deploy: { stability: 1 } },
    });
    project.write('.zebu/hooks/pre-build', '#!/bin/sh\nexec cp "$(command -v busybox)" web/busybox\n', 0o755);
    project.release('v1');
    host = (await project.json<{ ip: string }>(['vm:create'])).ip;
    guest = guestShell(host, project.key);
    await loadCaddyDns(project);
    guest.run(`mkdir acme && echo nameserver ${host} >acme/resolv.conf && cat >acme/Caddyfile <<'CADDYFILE'
${acmeServer(host)}CADDYFILE
# As a network at home has it: its own DNS knows its own names.
sudo rm -f /etc/resolv.conf
echo nameserver ${host} | sudo tee /etc/resolv.conf >/dev/null
docker run -d --name dns --network host ${CADDY_DNS_IMAGE} labdns ${host}:53 shop.test ${keys.right} ${host}
docker run -d --name acme --network host -e XDG_DATA_HOME=/data -v "$PWD/acme:/etc/acme" -v "$PWD/acme/resolv.conf:/etc/resolv.conf" ${CADDY_DNS_IMAGE} caddy run --config /etc/acme/Caddyfile --adapter caddyfile`);
    root = `${guest.run(
      'for n in $(seq 120); do docker cp acme:/data/caddy/pki/authorities/local/root.crt acme/root.crt >/dev/null 2>&1 && break; sleep 0.5; done; cat acme/root.crt',
    )}\n`;
    project.write('root.pem', root);
    const proxy = {
      image: CADDY_DNS_IMAGE,
      domains: ['shop.test', '*.shop.test'],
      acme: { directory: `https://${host}:9443/acme/local/directory`, ca_file: 'root.pem' },
      tls: { dns: 'labdns', options: { server: `${host}:53`, key: { secret: 'DNS_KEY' } }, resolvers: [host] },
      routes: [{ service: 'web', port: 8080 }],
    };
    project.write(
      'zebu.yml',
      `${project.read('zebu.yml').replace(`app:\n  name: ${APP}\n`, `app:\n  name: ${APP}\n  proxy: ${JSON.stringify(proxy)}\n`)}secrets: { DNS_KEY: {} }\n`,
    );
  }, 1_800_000);
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('are refused where the image does not know an option of its module', async () => {
    const tls = JSON.stringify({ dns: 'labdns', options: { sever: 'x', key: { secret: 'DNS_KEY' } } });
    const error = await refusal(project, ['app:deploy', '--tag', 'v1', '--set', `app.proxy.tls=${tls}`], {
      env: { DNS_KEY: keys.right },
    });
    expect(error).toMatchObject({ code: 'DEPLOY_REFUSED', details: { cause: 'proxy-failed' } });
    expect(error.message).toContain('unknown option sever');
  });

  it('do not come while the token is wrong, and doctor says that there is none', async () => {
    await deploy(keys.wrong);
    await expect.poll(() => guest.run('docker logs dns'), { timeout: 60_000, interval: 500 }).toContain('refused');
    expect(await asked('any.shop.test')).toBeUndefined();
    expect(await https()).toMatchObject({ status: 'skip' });
  });

  it('come with the right one, of a name and of all below it, when it is set', async () => {
    const run = await project.zebu(['secrets:set', 'DNS_KEY', '--apply', '--json'], { stdin: keys.right });
    written.push(run.stdout, run.stderr);
    expect(run.code, run.stdout + run.stderr).toBe(0);
    for (const name of ['any.shop.test', 'shop.test'])
      await expect
        .poll(async () => (await asked(name))?.text, { timeout: 120_000, interval: 1000 })
        .toBe('wild')
        .catch((error: unknown) => {
          const logs = `docker logs dns 2>&1 | tail -n 10; docker logs acme 2>&1 | grep -v '"info"' | tail -n 10; docker logs ${APP}-zebu-proxy-1 2>&1 | grep -v '"info"' | tail -n 10`;
          throw new Error(`${name}: ${guest.run(logs)}`, { cause: error });
        });
    expect((await asked('any.shop.test'))?.issuer).toMatch(/^Caddy Local Authority/);
    const log = guest.run('docker logs dns');
    expect(log).toContain('added _acme-challenge.shop.test.');
    expect(log).toContain('removed _acme-challenge.shop.test.');
    expect(await https()).toMatchObject({ status: 'ok' });
  });

  it('leave the token in no file of the proxy, log, journal or output', async () => {
    await deploy(keys.right);
    expect(leaks(guest.run(`docker inspect ${APP}-zebu-proxy-1`), keys)).toEqual(['right']);
    const files = guest.run(
      `cd /opt/zebu/${APP} && find . -path './shared/secrets/[0-9]*' -prune -o -type f -print0 | xargs -0 cat; sudo find /var/lib/docker/volumes -type f -exec cat {} +; docker logs ${APP}-zebu-proxy-1 2>&1`,
    );
    expect(files).toContain('{env.DNS_SECRET_DNS_KEY}');
    expect(leaks(files, keys)).toEqual([]);
    expect(leaks(written.join('\n'), keys)).toEqual([]);
  });
});
