import { stringify } from 'yaml';
import type { Config } from '../config/schema.js';
import { appLayout } from './layout.js';

/** Name of the service that zebu adds. */
const FRONT_SERVICE = 'zebu-proxy';

type Proxy = NonNullable<Config['app']['proxy']>;
type Route = Proxy['routes'][number];

/** Folder in the VM: `config` holds the Caddyfile, `state` what is looked at during every request. */
export function frontFolder(app: string): string {
  return `${appLayout(app).base}/shared/proxy`;
}

const indent = (lines: readonly string[]): readonly string[] => lines.map((line) => `\t${line}`);
const block = (head: string, body: readonly string[]): readonly string[] => [`${head} {`, ...indent(body), '}'];

/**
 * One of the two places of a service. A request waits for a container that is not there, tried again four times a
 * second: nothing was sent to it yet, so that no request can be done twice.
 */
function upstream(route: Route, slot: 'a' | 'b', hold: number): readonly string[] {
  const body = [
    ...(hold === 0 ? [] : [`lb_try_duration ${hold}s`, 'lb_try_interval 250ms']),
    ...block('transport http', ['dial_timeout 2s']),
  ];
  return block(`reverse_proxy ${route.service}-${slot}:${route.port}`, body);
}

/** Caddy's own `handle` blocks exclude one another in the order they are written here. */
function routeLines(route: Route, index: number, hold: number): readonly string[] {
  const second = [
    ...block(`@second${index} file`, ['root /run/zebu', `try_files ${route.service}.b`]),
    ...block(`handle @second${index}`, upstream(route, 'b', hold)),
    ...block('handle', upstream(route, 'a', hold)),
  ];
  const path = route.path.replace(/(?<!\/)\/+$/, '');
  if (path === '') return block('handle', second);
  return [`@path${index} path ${path} ${path}/*`, ...block(`handle @path${index}`, second)];
}

/** The Caddyfile. It changes with the configuration only, never with a release. */
export function caddyfile(proxy: Proxy): string {
  const { domains, tls, email, hold } = proxy;
  const secure = domains.length > 0 && tls !== 'off';
  const addresses = domains.length === 0 ? [':80'] : secure ? domains : domains.map((name) => `http://${name}`);
  const routes = proxy.routes.toSorted((a, b) => b.path.length - a.path.length);
  const maintenance = [
    'root * /run/zebu',
    'rewrite * /maintenance.html',
    'header Retry-After 60',
    'header Cache-Control no-store',
    ...block('file_server', ['status 503']),
  ];
  const site = [
    ...(secure && tls === 'internal' ? ['tls internal'] : []),
    ...block('@maintenance file', ['root /run/zebu', 'try_files maintenance.html']),
    ...block('handle @maintenance', maintenance),
    ...routes.flatMap((route, index) => routeLines(route, index, hold)),
  ];
  const global = [
    ...(secure ? [] : ['auto_https off']),
    ...(email === undefined ? [] : [`email ${email}`]),
    'grace_period 10s',
  ];
  return `${[...block('', global).map((line) => (line.trimStart() === '{' ? '{' : line)), '', ...block(addresses.join(', '), site)].join('\n')}\n`;
}

/** The Compose file that adds the proxy: its own network, which routed containers are joined to as they become healthy. */
function frontCompose(app: string, proxy: Proxy): string {
  const folder = frontFolder(app);
  const secure = proxy.domains.length > 0 && proxy.tls !== 'off';
  return stringify({
    services: {
      [FRONT_SERVICE]: {
        image: proxy.image,
        command: ['caddy', 'run', '--config', '/etc/zebu/Caddyfile', '--adapter', 'caddyfile'],
        environment: { XDG_DATA_HOME: '/data', XDG_CONFIG_HOME: '/config' },
        ports: [`${proxy.http_port}:80`, ...(secure ? [`${proxy.https_port}:443`, `${proxy.https_port}:443/udp`] : [])],
        volumes: [`${folder}/config:/etc/zebu:ro`, `${folder}/state:/run/zebu:ro`, 'zebu-proxy:/data'],
        networks: ['zebu-front'],
        restart: 'unless-stopped',
      },
    },
    networks: { 'zebu-front': {} },
    volumes: { 'zebu-proxy': {} },
  });
}

/** Assignments of the plan. */
export function frontPlan({ app }: Config): Readonly<Record<string, string>> {
  if (app.proxy === undefined) return {};
  return {
    routes: [...new Set(app.proxy.routes.map(({ service }) => service))].join(' '),
    proxy_compose: frontCompose(app.name, app.proxy),
    proxy_config: caddyfile(app.proxy),
  };
}
