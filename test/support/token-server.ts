/**
 * What stands beside a registry such as GHCR, Docker Hub or GitLab: gives a short-lived token for a name and a password. A
 * program of its own, for a test may stand still meanwhile. Reads JSON, see `TokenServer`; prints its port.
 */
import { sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

export interface TokenServer {
  readonly address: string;
  /** PEM; the registry trusts who signed it. */
  readonly certificate: string;
  readonly key: string;
  /** Names → passwords. */
  readonly users: Readonly<Record<string, string>>;
  readonly service: string;
}

const { address, certificate, key, users, service } = JSON.parse(readFileSync(0, 'utf8')) as TokenServer;
const header = { typ: 'JWT', alg: 'ES256', x5c: [new X509Certificate(certificate).raw.toString('base64')] };
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function tokenFor(sub: string, scopes: readonly string[]): string {
  const now = Math.floor(Date.now() / 1000);
  const access = scopes.map((scope) => {
    const [type, name, actions = ''] = scope.split(':');
    return { type, name, actions: actions.split(',') };
  });
  const times = { nbf: now - 60, iat: now - 60, exp: now + 60 };
  const text = `${part(header)}.${part({ iss: service, sub, aud: service, ...times, jti: String(now), access })}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

const server = createServer({ cert: certificate, key }, ({ method, url = '', headers }, response) => {
  const basic = headers.authorization?.replace(/^Basic /, '') ?? '';
  const [user = '', password] = Buffer.from(basic, 'base64').toString().split(':');
  const known = password !== undefined && users[user] === password;
  const status = method === 'GET' ? (known ? 200 : 401) : 405;
  const scopes = new URL(url, 'https://here').searchParams.getAll('scope').filter((scope) => scope !== '');
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(status === 200 ? JSON.stringify({ token: tokenFor(user, scopes) }) : '{}');
});
server.listen(0, address, () => {
  const found = server.address();
  console.log(typeof found === 'object' && found !== null ? found.port : 0);
});
