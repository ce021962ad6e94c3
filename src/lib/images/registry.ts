import type { Sensitive } from '@zebu/kit';
import * as z from 'zod';
import { ask, whyNot, type Answer } from './http.js';
import { apiHost, isLoopback, type Reference } from './reference.js';

/** Why a registry said nothing of an image; the sentence begins with the registry. */
export class RegistrySilent extends Error {
  override readonly name = 'RegistrySilent';
  /** It did not answer at all, and will not for the next image. */
  readonly away: boolean;

  constructor(message: string, away = false) {
    super(message);
    this.away = away;
  }
}

interface Login {
  readonly user: string;
  readonly token: Sensitive;
}

export interface RegistryAccess {
  /** As images are named. */
  readonly host: string;
  readonly login: Login | undefined;
  /** PEM; undefined for none of its own. */
  readonly authority: string | undefined;
  readonly signal: AbortSignal;
  /** Told of each page. */
  readonly onPage?: (tags: number) => void;
}

/** What a manifest may be of; the list for several platforms first, as that is what Docker notes the digest of. */
const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const PAGE = 1000;
const MOST_PAGES = 200;
const MOST_REDIRECTS = 5;

const tagPage = z.object({ tags: z.array(z.string()).nullable().optional() });
const tokenAnswer = z.object({ token: z.string().optional(), access_token: z.string().optional() });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `Bearer realm="…",service="…"` as a map; undefined for another scheme. */
export function parseChallenge(header: string | undefined): ReadonlyMap<string, string> | undefined {
  const [scheme = '', ...words] = (header ?? '').trim().split(' ');
  if (scheme.toLowerCase() !== 'bearer') return undefined;
  const rest = words.join(' ');
  return new Map(
    [...rest.matchAll(/\b([a-z_]+)="([^"]*)"/gi)].map(([, name = '', value = '']) => [name.toLowerCase(), value]),
  );
}

/** The address in `Link: </v2/…>; rel="next"`; undefined at the last page. */
export function nextPage(header: string | string[] | undefined): string | undefined {
  const links = [header].flat().flatMap((each) => (each ?? '').split(/,(?= *<)/));
  const next = links.find((link) => /;\s*rel="?next"?/.test(link))?.trim();
  return next?.startsWith('<') === true ? next.slice(1, next.indexOf('>')) : undefined;
}

/** A registry that speaks the OCI distribution API, about one repository. */
export class RegistryClient {
  readonly #access: RegistryAccess;
  readonly #repository: string;
  #authorization: string | undefined;
  #base: URL | undefined;

  constructor(access: RegistryAccess, { repository }: Reference) {
    this.#access = access;
    this.#repository = repository;
  }

  get #basic(): string | undefined {
    const { login } = this.#access;
    return login === undefined
      ? undefined
      : `Basic ${Buffer.from(`${login.user}:${login.token.reveal()}`).toString('base64')}`;
  }

  #silent(why: string, away = false): RegistrySilent {
    return new RegistrySilent(`${this.#access.host}: ${why}`, away);
  }

  async #send(url: URL, method: 'GET' | 'HEAD', headers: Readonly<Record<string, string>>): Promise<Answer> {
    const { signal, authority } = this.#access;
    try {
      return await ask(url, { method, headers, authority, signal });
    } catch (error) {
      signal.throwIfAborted();
      throw this.#silent(whyNot(error), true);
    }
  }

  /** Where it answers: over TLS, or on this machine also without. */
  async #where(): Promise<URL> {
    if (this.#base !== undefined) return this.#base;
    const { host } = this.#access;
    const secure = new URL(`https://${apiHost(host)}/v2/`);
    if (isLoopback(host)) {
      const plain = new URL(`http://${host}/v2/`);
      const answers = await this.#send(secure, 'GET', {}).then(
        () => true,
        (error: unknown) => {
          if (error instanceof RegistrySilent) return false;
          throw error;
        },
      );
      return (this.#base = answers ? secure : plain);
    }
    return (this.#base = secure);
  }

  /** @throws RegistrySilent where it does not let anybody in with what there is */
  async #authorize(answer: Answer): Promise<string> {
    const challenge = parseChallenge(answer.headers['www-authenticate']);
    const basic = this.#basic;
    if (challenge === undefined) {
      if (basic === undefined || this.#authorization !== undefined) throw this.#denied();
      return basic;
    }
    const realm = challenge.get('realm') ?? '';
    const base = await this.#where();
    const url = URL.canParse(realm) ? new URL(realm) : undefined;
    // A token for a registry with TLS is not asked for without.
    if (url === undefined || (url.protocol !== 'https:' && base.protocol === 'https:'))
      throw this.#silent('it names no server for tokens that can be asked');
    const service = challenge.get('service');
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', `repository:${this.#repository}:pull`);
    const told = await this.#send(url, 'GET', basic === undefined ? {} : { authorization: basic });
    if (told.status === 401 || told.status === 403) throw this.#denied();
    const parsed = tokenAnswer.safeParse(parseJson(told.body));
    const token = parsed.success ? (parsed.data.token ?? parsed.data.access_token) : undefined;
    if (told.status !== 200 || token === undefined) throw this.#silent(`its server for tokens answers ${told.status}`);
    return `Bearer ${token}`;
  }

  #denied(): RegistrySilent {
    const { login } = this.#access;
    return this.#silent(
      login === undefined
        ? 'it wants a login; name it in zebu.yml (registries), with a token that this machine has'
        : `it does not accept ${login.user} for ${this.#repository}`,
    );
  }

  async #ask(path: string, method: 'GET' | 'HEAD', headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const base = await this.#where();
    let url = new URL(path, base);
    let renewed = false;
    for (let redirects = 0; redirects <= MOST_REDIRECTS;) {
      // A credential is for the registry, and not for whom it sends us to.
      const own = url.host === base.host && url.protocol === base.protocol;
      const authorization = own && this.#authorization !== undefined ? { authorization: this.#authorization } : {};
      const answer = await this.#send(url, method, { ...headers, ...authorization });
      if (answer.status === 401 && own && !renewed) {
        renewed = true;
        this.#authorization = await this.#authorize(answer);
        continue;
      }
      const { location } = answer.headers;
      if (answer.status >= 300 && answer.status < 400 && location !== undefined && URL.canParse(location, url.href)) {
        const next = new URL(location, url);
        if (next.protocol !== 'https:' && url.protocol === 'https:')
          throw this.#silent('it sends to where there is no TLS');
        url = next;
        redirects++;
        continue;
      }
      if (answer.status === 401 || answer.status === 403) throw this.#denied();
      if (answer.status === 429) throw this.#silent('it was asked too often (429); a login raises the limit');
      return answer;
    }
    throw this.#silent('it sends in circles');
  }

  /** All tags of the repository. @throws RegistrySilent */
  async tags(): Promise<readonly string[]> {
    const found = new Set<string>();
    let path: string | undefined = `/v2/${this.#repository}/tags/list?n=${PAGE}`;
    for (let pages = 0; path !== undefined; pages++) {
      if (pages === MOST_PAGES) throw this.#silent(`it lists more than ${MOST_PAGES} pages of tags`);
      const answer = await this.#ask(path, 'GET');
      if (answer.status === 404) throw this.#silent(`it has no ${this.#repository}`);
      const parsed = tagPage.safeParse(parseJson(answer.body));
      if (answer.status !== 200 || !parsed.success)
        throw this.#silent(`it answers ${answer.status}, and not as a registry does`);
      const before = found.size;
      for (const tag of parsed.data.tags ?? []) found.add(tag);
      this.#access.onPage?.(found.size);
      const next = nextPage(answer.headers.link);
      if (next === undefined) break;
      // One that gives the same page for ever.
      if (found.size === before) break;
      const url: URL = new URL(next, new URL(path, await this.#where()));
      path = `${url.pathname}${url.search}`;
    }
    return [...found];
  }

  /** What a tag stands for now, `sha256:…`; undefined for a tag that is not there. @throws RegistrySilent */
  async digest(tag: string): Promise<string | undefined> {
    const path = `/v2/${this.#repository}/manifests/${tag}`;
    const answer = await this.#ask(path, 'HEAD', { accept: MANIFESTS });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.#silent(`it answers ${answer.status} for ${tag}`);
    const digest = answer.headers['docker-content-digest'];
    return typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest) ? digest : undefined;
  }
}
