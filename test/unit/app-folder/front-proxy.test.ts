import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/lib/config/schema.js';
import { caddyfile, frontPlan } from '../../../src/lib/app-folder/front-proxy.js';

const config = (proxy: object): ReturnType<typeof configSchema.parse> =>
  configSchema.parse({ app: { name: 'shop', proxy } });
const file = (proxy: object): string => {
  const parsed = config(proxy).app.proxy;
  if (parsed === undefined) throw new Error('there is a proxy');
  return caddyfile(parsed);
};

describe('the Caddyfile', () => {
  it('asks one of two places of the service, chosen by a file at every request', () => {
    expect(file({ routes: [{ service: 'web', port: 8080 }], hold: 10 })).toBe(`{
	auto_https off
	grace_period 10s
}

:80 {
	@maintenance file {
		root /run/zebu
		try_files maintenance.html
	}
	handle @maintenance {
		root * /run/zebu
		rewrite * /maintenance.html
		header Retry-After 60
		header Cache-Control no-store
		file_server {
			status 503
		}
	}
	handle {
		@second0 file {
			root /run/zebu
			try_files web.b
		}
		handle @second0 {
			reverse_proxy web-b:8080 {
				lb_try_duration 10s
				lb_try_interval 250ms
				transport http {
					dial_timeout 2s
				}
			}
		}
		handle {
			reverse_proxy web-a:8080 {
				lb_try_duration 10s
				lb_try_interval 250ms
				transport http {
					dial_timeout 2s
				}
			}
		}
	}
}
`);
  });

  it('tries longer paths first, and has certificates for its domains', () => {
    const text = file({
      domains: ['shop.example.org'],
      email: 'ops@example.org',
      routes: [
        { service: 'web', port: 80 },
        { service: 'api', port: 3000, path: '/api/' },
      ],
    });
    expect(text).toContain('\nshop.example.org {\n');
    expect(text).toContain('\temail ops@example.org\n');
    expect(text).not.toContain('auto_https off');
    expect(text.indexOf('path /api /api/*')).toBeGreaterThan(0);
    expect(text.indexOf('path /api /api/*')).toBeLessThan(text.indexOf('web-a:80'));
    expect(file({ domains: ['a.example'], tls: 'internal', routes: [{ service: 'w', port: 1 }] })).toContain(
      '\ttls internal\n',
    );
    expect(file({ domains: ['a.example'], tls: 'off', routes: [{ service: 'w', port: 1 }] })).toContain(
      '\nhttp://a.example {\n',
    );
  });

  it('has a certificate of files in the place that the VM puts its id into, and never another one', () => {
    const proxy = {
      domains: ['shop.test', '*.shop.test'],
      tls: { cert_file: 'a.pem', key_file: 'a.key' },
      routes: [{ service: 'web', port: 80 }],
    };
    const text = file(proxy);
    expect(text).toContain('\n\ttls /etc/zebu/tls/@certificate@.pem /etc/zebu/tls/@certificate@.pem\n');
    expect(text).toContain('\tauto_https disable_certs\n');
    expect(text).not.toContain('a.key');
    expect(frontPlan(config(proxy), { certificate: 'c0ffee' })).toMatchObject({
      certificate: 'c0ffee',
      certificate_domains: 'shop.test *.shop.test',
      proxy_tried: '',
    });
  });

  it('has the DNS written to by a module, which looks its token up itself', () => {
    const proxy = (tls: object): object => ({
      domains: ['*.shop.test'],
      image: 'mine/caddy:2',
      acme: { directory: 'https://acme.test/dir', ca_file: 'ca.pem' },
      tls,
      routes: [{ service: 'web', port: 80 }],
    });
    const parse = (tls: object): ReturnType<typeof config> =>
      configSchema.parse({ app: { name: 'shop', proxy: proxy(tls) }, secrets: { A: {}, B: {} } });
    const text = (tls: object): string => frontPlan(parse(tls), { authority: 'PEM' })['proxy_config'] ?? '';
    const one = text({ dns: 'cloudflare', secret: 'A', resolvers: ['1.1.1.1', '192.0.2.1:53'] });
    expect(one).toContain('\ttls {\n\t\tdns cloudflare {env.DNS_SECRET_A}\n\t\tresolvers 1.1.1.1 192.0.2.1:53\n\t}\n');
    expect(one).toContain('\tacme_ca https://acme.test/dir\n\tacme_ca_root /etc/zebu/authority.pem\n');
    const several = { dns: 'route53', options: { region: 'eu-central-1', token: { secret: 'B' } } };
    expect(text(several)).toContain(
      '\t\tdns route53 {\n\t\t\tregion eu-central-1\n\t\t\ttoken {env.DNS_SECRET_B}\n\t\t}\n',
    );
    const plan = frontPlan(parse(several), { authority: 'PEM' });
    expect(plan).toMatchObject({ proxy_tried: 'mine/caddy:2', proxy_authority: 'PEM' });
    expect(plan['proxy_compose']).toContain('DNS_SECRET_B: ${B}\n');
    expect(() => text({ dns: 'route53', options: { region: 'a b' } })).toThrow();
    expect(() => text({ dns: 'a }', secret: 'A' })).toThrow();
  });

  it('is part of the plan only where it was asked for', () => {
    expect(frontPlan(configSchema.parse({ app: { name: 'shop' } }))).toEqual({});
    const plan = frontPlan(config({ image: 'caddy:2@sha256:0', routes: [{ service: 'web', port: 80 }] }));
    expect(plan['routes']).toBe('web');
    expect(plan['proxy_compose']).toContain('image: caddy:2@sha256:0');
    expect(plan['proxy_compose']).not.toContain('443');
  });

  it.each([
    [{ routes: [] }],
    [{ routes: [{ service: 'web', port: 80, path: 'api' }] }],
    [
      {
        routes: [
          { service: 'web', port: 80 },
          { service: 'api', port: 81 },
        ],
      },
    ],
    [{ routes: [{ service: 'web', port: 80 }], domains: ['a b'] }],
    [{ routes: [{ service: 'w{}', port: 80 }] }],
  ])('refuses %j', (proxy) => {
    expect(() => config(proxy)).toThrow();
  });
});
