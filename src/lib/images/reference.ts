/** The name of an image, taken apart as Docker does it. */
export interface Reference {
  /** Registry as images are named; `docker.io` where none is. */
  readonly host: string;
  /** As the registry calls it: `library/redis`. */
  readonly repository: string;
  /** `latest` where neither tag nor digest is given. */
  readonly tag: string | undefined;
  /** `sha256:…` */
  readonly digest: string | undefined;
}

const REPOSITORY = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
export const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** Undefined for what is no name of an image. */
export function parseReference(text: string): Reference | undefined {
  const [name = '', digest, ...more] = text.split('@');
  const colon = name.lastIndexOf(':');
  const tagged = colon > name.lastIndexOf('/');
  const path = tagged ? name.slice(0, colon) : name;
  const tag = tagged ? name.slice(colon + 1) : digest === undefined ? 'latest' : undefined;
  const slash = path.indexOf('/');
  const first = path.slice(0, Math.max(0, slash));
  const named = slash > 0 && (/[.:]/.test(first) || first === 'localhost');
  const host = named ? first : 'docker.io';
  const rest = named ? path.slice(slash + 1) : path;
  const hub = HUB.has(host);
  const repository = hub && !rest.includes('/') ? `library/${rest}` : rest;
  const right =
    more.length === 0 &&
    REPOSITORY.test(repository) &&
    /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$/.test(host) &&
    (tag === undefined || TAG.test(tag)) &&
    (digest === undefined || DIGEST.test(digest));
  return right ? { host: hub ? 'docker.io' : host, repository, tag, digest } : undefined;
}

/** As people write it: `redis`, `ghcr.io/team/web`. */
export function shortName({ host, repository }: Reference): string {
  if (host !== 'docker.io') return `${host}/${repository}`;
  return repository.startsWith('library/') ? repository.slice('library/'.length) : repository;
}

/** Where the API of a registry is. */
export const apiHost = (host: string): string => (host === 'docker.io' ? 'registry-1.docker.io' : host);

/** Docker itself speaks plain HTTP with a registry on this machine that has no TLS. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3})(:\d+)?$/.test(host);
