import { stringify } from 'yaml';
import { challengeSecrets } from '../config/named-secrets.js';
import type { DnsChallenge, ProxyDeclaration } from '../config/proxy-declaration.js';
import type { Config } from '../config/schema.js';
import { appLayout } from './layout.js';

/** Name of the service that zebu adds. */
const FRONT_SERVICE = 'zebu-proxy';

/** Stands for the certificate's id, which the VM puts in: after a rollback it may be a newer one. */
const CERTIFICATE_MARK = '@certificate@';

/** In the container of the proxy, whose `config` folder is there. */
const CONFIG_FOLDER = '/etc/zebu';

type Proxy = ProxyDeclaration;
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

/** The variable of the proxy's container that holds a secret of the DNS challenge; no secret's name is one of Caddy's own then. */
const challengeVariable = (name: string): string => `DNS_SECRET_${name}`;

/** Values are looked up by the module itself, when it runs: they are in no file. */
const lookedUp = (name: string): string => `{env.${challengeVariable(name)}}`;

function dnsLines({ dns, secret, options = {}, resolvers }: DnsChallenge): readonly string[] {
  const module =
    secret === undefined
      ? block(
          `dns ${dns}`,
          Object.entries(options).map(
            ([name, value]) => `${name} ${typeof value === 'string' ? value : lookedUp(value.secret)}`,
          ),
        )
      : [`dns ${dns} ${lookedUp(secret)}`];
  return block('tls', [...module, ...(resolvers === undefined ? [] : [`resolvers ${resolvers.join(' ')}`])]);
}

function tlsLines(tls: Proxy['tls']): readonly string[] {
  if (tls === 'internal') return ['tls internal'];
  if (typeof tls !== 'object') return [];
  if ('dns' in tls) return dnsLines(tls);
  const file = `${CONFIG_FOLDER}/tls/${CERTIFICATE_MARK}.pem`;
  return [`tls ${file} ${file}`];
}

/** Whether certificates come by ACME. */
const isIssued = ({ tls, domains }: Proxy): boolean =>
  domains.length > 0 && (tls === 'auto' || (typeof tls === 'object' && 'dns' in tls));

function authorityLines(proxy: Proxy): readonly string[] {
  const { directory, ca_file: file } = proxy.acme;
  if (directory === undefined || !isIssued(proxy)) return [];
  return [`acme_ca ${directory}`, ...(file === undefined ? [] : [`acme_ca_root ${CONFIG_FOLDER}/authority.pem`])];
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
    ...(secure ? tlsLines(tls) : []),
    ...block('@maintenance file', ['root /run/zebu', 'try_files maintenance.html']),
    ...block('handle @maintenance', maintenance),
    ...routes.flatMap((route, index) => routeLines(route, index, hold)),
  ];
  const global = [
    ...(secure ? [] : ['auto_https off']),
    // A certificate of one's own is never replaced by one that Caddy asks for.
    ...(typeof tls === 'object' && 'cert_file' in tls ? ['auto_https disable_certs'] : []),
    ...(email === undefined ? [] : [`email ${email}`]),
    ...authorityLines(proxy),
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
        environment: {
          XDG_DATA_HOME: '/data',
          XDG_CONFIG_HOME: '/config',
          ...Object.fromEntries(challengeSecrets(proxy).map((name) => [challengeVariable(name), `\${${name}}`])),
        },
        ports: [`${proxy.http_port}:80`, ...(secure ? [`${proxy.https_port}:443`, `${proxy.https_port}:443/udp`] : [])],
        volumes: [`${folder}/config:${CONFIG_FOLDER}:ro`, `${folder}/state:/run/zebu:ro`, 'zebu-proxy:/data'],
        networks: ['zebu-front'],
        restart: 'unless-stopped',
      },
    },
    networks: { 'zebu-front': {} },
    volumes: { 'zebu-proxy': {} },
  });
}

/** What of files on this machine the proxy needs. */
export interface FrontFiles {
  /** Id of the certificate in the VM; undefined where files hold none. */
  readonly certificate?: string | undefined;
  /** The one that is in force counts more, if it is good for all names: the plan may be older. */
  readonly held?: boolean;
  /** PEM of what signed the certificate of `acme.directory`. */
  readonly authority?: string | undefined;
}

/** Assignments of the plan. */
export function frontPlan(
  { app }: Config,
  { certificate = '', held = false, authority = '' }: FrontFiles = {},
): Readonly<Record<string, string>> {
  if (app.proxy === undefined) return {};
  const { tls, image, domains } = app.proxy;
  return {
    routes: [...new Set(app.proxy.routes.map(({ service }) => service))].join(' '),
    proxy_compose: frontCompose(app.name, app.proxy),
    proxy_config: caddyfile(app.proxy),
    proxy_authority: isIssued(app.proxy) ? authority : '',
    proxy_tried: typeof tls === 'object' && 'dns' in tls ? image : '',
    certificate,
    certificate_held: held && certificate !== '' ? '1' : '',
    certificate_domains: certificate === '' ? '' : domains.join(' '),
  };
}
