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
