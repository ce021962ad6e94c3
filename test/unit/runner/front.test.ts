import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runnerApp, said, says } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const SETUP =
  'routes="web api" front=shop_zebu-front; mkdir -p "$base/shared/proxy/state" "$base/shared/proxy/config"; : >"$work/roll"\n';
const connects = (docker: readonly string[]): readonly string[] => docker.filter((each) => each.startsWith('network'));

describe.each(vmShells())('the front proxy, in $name', { timeout: 60_000 }, (shell) => {
  it('asks the new containers only once they all have the name that nobody asks for', () => {
    const app = runnerApp(shell);
    const answers = { 'inspect --format {{with': says(' shop-web-1 web ', ' shop-web-2 web ') };
    app.docker({
      ...answers,
      'network connect': '[ ! -e "$state/../$(basename "$(dirname "$state")")/shared/proxy/state/web.b" ]',
    });
    const { docker, lines } = app.run(`${SETUP}front_switch web one two; echo "$? $(front_slot web)"`);
    expect(connects(docker)).toEqual([
      'network connect --alias web-b shop_zebu-front one',
      'network connect --alias web-b shop_zebu-front two',
    ]);
    expect(lines).toEqual(['0 b']);
    expect(app.list('shared/proxy/state')).toEqual(['web.b']);
    app.docker({ ...answers, 'network connect': ':' });
    expect(app.run(`${SETUP}front_switch web three; front_slot web`).lines).toEqual(['a']);
    expect(app.list('shared/proxy/state')).toEqual([]);
  });

  it('goes on asking the old ones where a new one cannot be given the name', () => {
    const app = runnerApp(shell);
    app.docker({ 'inspect --format {{with': says(''), 'network connect': 'echo "no such network" >&2; exit 1' });
    expect(app.run(`${SETUP}front_switch web one; echo "$? $(front_slot web)"`).lines).toEqual(['1 a']);
    app.docker({
      'inspect --format {{with': says(''),
      'network connect': 'echo "endpoint already exists" >&2; exit 1',
    });
    expect(app.run(`${SETUP}front_switch web one; echo "$? $(front_slot web)"`).lines).toEqual(['0 b']);
  });

  it('has nothing to switch for containers that are asked already, or a service without a route', () => {
    const app = runnerApp(shell);
    app.docker({ 'inspect --format {{with': says(' shop-web-1 web web-a ') });
    const { docker } = app.run(`${SETUP}front_switch web one; front_switch other two; front_switch we three`);
    expect(docker).toEqual([expect.stringContaining('inspect')]);
  });

  it('is shown what Compose has put in place by itself, each by the name that is asked for', () => {
    const app = runnerApp(shell);
    app.docker({
      'ps -q*service=web': 'echo one; echo two',
      'ps -q': ':',
      'inspect --format {{.Id}}': says('one web web-b', 'two'),
      'network connect': ':',
    });
    const { docker, lines } = app.run(
      `${SETUP}front_sync; front_slot web; : >"$work/roll"; echo web >"$work/roll"; front_sync early`,
    );
    expect(connects(docker)).toEqual(['network connect --alias web-b shop_zebu-front two']);
    expect(lines).toEqual(['b']);
    // What is yet to be rolled is left alone.
    expect(docker.filter((each) => each.includes('service=web'))).toHaveLength(1);
  });

  it('has its configuration in place before it is started, readable for it, and is told only of another one', () => {
    const app = runnerApp(shell);
    app.plan('r2', { routes: 'web', proxy_config: 'a {\n  "b" $c %s\n}\n' });
    app.docker({ 'ps -q': 'echo proxy', 'exec proxy caddy reload': 'echo "bad \\"directive\\"" >&2; exit 1' });
    const script = 'step=start-up; front_prepare; front_reload || echo "$cause: $reason [$bad]"';
    const { lines, journal, docker } = app.run(`${script}; ${script}`);
    expect(app.read('shared/proxy/config/Caddyfile')).toBe('a {\n  "b" $c %s\n}\n');
    expect(statSync(join(app.base, 'shared/proxy/config/Caddyfile')).mode & 0o777).toBe(0o644);
    expect(lines).toEqual(['proxy-failed: the proxy refused its configuration [proxy]']);
    expect(said(journal)).toEqual(['bad "directive"']);
    expect(docker.filter((each) => each.startsWith('exec'))).toHaveLength(1);
  });

  describe('with a certificate of files', () => {
    const withCertificates = (...ids: readonly string[]): ReturnType<typeof runnerApp> => {
      const app = runnerApp(shell);
      for (const id of ids) app.write(`shared/proxy/config/tls/${id}.pem`, id);
      app.plan('r2', {
        routes: 'web',
        proxy_config: 'tls /etc/zebu/tls/@certificate@.pem\n',
        certificate: 'aaaa',
        certificate_domains: 'shop.test *.shop.test',
      });
      return app;
    };
    const served = (app: ReturnType<typeof runnerApp>): string => app.read('shared/proxy/config/Caddyfile').trim();

    it('is deployed with its own, which is in force from then on', () => {
      const app = withCertificates('aaaa', 'bbbb');
      app.write('shared/proxy/certificate', "bound=bbbb\nbound_domains='shop.test *.shop.test'\n");
      app.run('mode=deploy id=r2; front_prepare && front_bind');
      expect(served(app)).toBe('tls /etc/zebu/tls/aaaa.pem');
      expect(app.read('shared/proxy/certificate')).toBe("bound=aaaa\nbound_domains='shop.test *.shop.test'\n");
    });

    it('is deployed with the one in force where its plan may be older, and that stays so', () => {
      const app = withCertificates('aaaa', 'bbbb');
      const held = 'certificate_held=1; mode=deploy id=r2; front_prepare && front_bind';
      app.run(held);
      expect([served(app), app.has('shared/proxy/certificate')]).toEqual(['tls /etc/zebu/tls/aaaa.pem', false]);
      app.write('shared/proxy/certificate', "bound=bbbb\nbound_domains='shop.test *.shop.test'\n");
      app.run(held);
      expect(served(app)).toBe('tls /etc/zebu/tls/bbbb.pem');
      expect(app.read('shared/proxy/certificate')).toBe("bound=bbbb\nbound_domains='shop.test *.shop.test'\n");
    });

    it('is gone back to with the one in force, where that is there and good for all its names', () => {
      const app = withCertificates('aaaa', 'bbbb');
      const back = (mode: string, bound: string, domains: string): string => {
        app.write('shared/proxy/certificate', `bound=${bound}\nbound_domains='${domains}'\n`);
        app.run(`mode=${mode} id=r1; front_prepare; front_bind`);
        return served(app);
      };
      expect(back('rollback', 'bbbb', '*.shop.test other.test shop.test')).toContain('bbbb');
      // After a release that failed.
      expect(back('deploy', 'bbbb', 'shop.test *.shop.test')).toContain('bbbb');
      expect(back('secrets', 'bbbb', 'shop.test')).toContain('aaaa');
      expect(back('rollback', 'cccc', 'shop.test *.shop.test')).toContain('aaaa');
    });

    it('is not started without it', () => {
      const app = withCertificates();
      expect(app.run('mode=deploy id=r2; front_prepare || echo "$cause: $reason"').lines).toEqual([
        'proxy-failed: the certificate of the front proxy is not in the VM any more: deploy again',
      ]);
      expect(app.has('shared/proxy/config/Caddyfile')).toBe(false);
    });

    it('keeps those that a release or the one in force names, and what came within a day', () => {
      const app = withCertificates('aaaa', 'bbbb', 'cccc', 'dddd');
      app.write('shared/proxy/certificate', "bound=bbbb\nbound_domains='x'\n");
      app.run('touch -t 202601010000 "$base"/shared/proxy/config/tls/[abc]*; prune_certificates');
      expect(app.list('shared/proxy/config/tls')).toEqual(['aaaa.pem', 'bbbb.pem', 'dddd.pem']);
    });
  });

  it('is refused by an image that lacks what its configuration names, and asked only where that may be', () => {
    const app = runnerApp(shell);
    app.plan('r2', { routes: 'web', proxy_config: 'dns none\n', proxy_tried: 'mine/caddy:2' });
    app.docker({ 'run --rm -i': 'grep -q "dns none" && { echo "Error: no module" >&2; exit 1; }' });
    const { lines, docker } = app.run('front_try || echo "$cause: $reason"; proxy_tried=; front_try && echo well');
    expect(lines).toEqual([
      'proxy-failed: mine/caddy:2 does not take the configuration of the front proxy: no module',
      'well',
    ]);
    expect(docker).toEqual([
      'run --rm -i --network none --entrypoint caddy mine/caddy:2 adapt --config /dev/stdin --adapter caddyfile',
    ]);
  });

  it('has the authority of its certificates beside its configuration', () => {
    const app = runnerApp(shell);
    app.plan('r2', { routes: 'web', proxy_config: 'a\n', proxy_authority: 'PEM' });
    expect(app.run('front_prepare; echo "$reload"; front_prepare; echo "$reload"').lines).toEqual(['1', '']);
    expect(app.read('shared/proxy/config/authority.pem')).toBe('PEM\n');
  });

  it('is nothing of an app without routes', () => {
    const app = runnerApp(shell);
    expect(app.run('front_prepare; front_sync; front_reload; echo "$?"')).toMatchObject({ docker: [], lines: ['0'] });
    expect(app.has('shared/proxy')).toBe(false);
  });
});
