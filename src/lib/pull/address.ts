import { ZebuError } from '@zebu/kit';

/** Where a repository is, as git is told in the VM. */
export interface RepositoryAddress {
  readonly url: string;
  readonly scheme: 'http' | 'https' | 'ssh';
  readonly host: string;
  /** Undefined for that of the scheme. */
  readonly port: number | undefined;
  /** Of ssh. */
  readonly user: string | undefined;
  /** On the server, without a slash at its beginning and without `.git`. */
  readonly path: string;
}

const SCP = /^(?:([A-Za-z0-9._-]+)@)?([A-Za-z0-9][A-Za-z0-9.-]*):(?!\/\/|:)(\S+)$/;

/** The path of `git@host:path`; undefined for what is another form. */
export const scpPath = (url: string): string | undefined => (url.includes('://') ? undefined : SCP.exec(url)?.[3]);

const refuse = (text: string, why: string): ZebuError =>
  new ZebuError('CONFIG_INVALID', `pull.repository ${text}: ${why}`, {
    hint: 'As the VM reaches it: git@github.com:me/shop.git, ssh://git@host:2222/shop.git or https://host/shop.git',
  });

const bare = (path: string): string => path.replace(/^\//, '').replace(/\.git$/, '');

/** @throws CONFIG_INVALID for what the VM could not fetch from */
export function parseAddress(text: string): RepositoryAddress {
  if (/[\s'"\\]/.test(text) || text.startsWith('-'))
    throw refuse(text.replace(/\/\/[^/]*@/, '//…@'), 'is no address of a repository');
  if (!text.includes('://')) {
    const [, user = 'git', host, path = ''] = SCP.exec(text) ?? [];
    if (host === undefined) throw refuse(text, 'is a path of this machine, which the VM does not reach');
    return { url: text, scheme: 'ssh', host: host.toLowerCase(), port: undefined, user, path: bare(path) };
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol.slice(0, -1).replace(/^git\+ssh$/, 'ssh');
  if (url === undefined || (scheme !== 'ssh' && scheme !== 'https' && scheme !== 'http'))
    throw refuse(text, 'is none of ssh and https');
  // A token is given as the one as often as the other.
  if (url.password !== '' || (scheme !== 'ssh' && url.username !== ''))
    throw refuse(`${scheme}://…@${url.host}${url.pathname}`, 'has a password or token in it; declare it: pull.secret');
  const host = url.hostname.replaceAll(/[[\]]/g, '').toLowerCase();
  if (host === '' || host.startsWith('-')) throw refuse(text, 'names no host');
  const port = url.port === '' ? undefined : Number(url.port);
  const user = scheme === 'ssh' ? url.username || 'git' : undefined;
  return { url: text, scheme, host, port, user, path: bare(url.pathname) };
}

/** Whether the VM has a key for it, and pins the server's. */
export const usesKey = ({ scheme }: RepositoryAddress): boolean => scheme === 'ssh';

const settingsPages: Readonly<Record<string, (path: string) => string>> = {
  'github.com': (path) => `https://github.com/${path}/settings/keys/new`,
  'gitlab.com': (path) => `https://gitlab.com/${path}/-/settings/repository`,
  'codeberg.org': (path) => `https://codeberg.org/${path}/settings/keys`,
  'bitbucket.org': (path) => `https://bitbucket.org/${path}/admin/access-keys/`,
};

/** Where a deploy key is added; undefined for a server that is not known. */
export const keyPage = ({ host, path }: RepositoryAddress): string | undefined => settingsPages[host]?.(path);
