import { setTimeout as sleep } from 'node:timers/promises';
import { ZebuError, type SecretSourceContext } from '@zebu/kit';

const ATTEMPTS = 5;
/** Seconds. A job is not held longer than this for one request, whatever GitHub asks for. */
const LONGEST_WAIT = 120;
const TIMEOUT_MS = 30_000;

/** Where the token comes from, for messages. Fine-grained tokens need "Secrets: write" (environments: and "Environments"). */
function findToken(env: SecretSourceContext['env']): string {
  const token = env('GITHUB_TOKEN') ?? env('GH_TOKEN');
  if (token !== undefined) return token;
  throw new ZebuError('CREDENTIAL_MISSING', 'There is no token for GitHub', {
    hint: 'Set GH_TOKEN, as with GH_TOKEN=$(gh auth token), or GITHUB_TOKEN; it needs "Secrets: read and write".',
  });
}

/** GitHub's own sentence, if it sent one. */
function saidBy(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // A proxy answers with a page of its own.
  }
  return '';
}

/** Seconds to wait before trying again; undefined for an answer that stands. */
function retryAfter(response: Response, body: string, attempt: number, now: number): number | undefined {
  const { status, headers } = response;
  const limited =
    status === 429 ||
    (status === 403 &&
      (headers.has('retry-after') || headers.get('x-ratelimit-remaining') === '0' || /rate limit/i.test(body)));
  if (!limited && status < 500) return undefined;
  const asked = Number(headers.get('retry-after') ?? Number.NaN);
  if (Number.isFinite(asked)) return Math.max(0, asked);
  const reset = Number(headers.get('x-ratelimit-reset') ?? Number.NaN);
  if (limited && headers.get('x-ratelimit-remaining') === '0' && Number.isFinite(reset)) {
    return Math.max(1, reset - now / 1000);
  }
  // Without word from GitHub: a minute for a limit, as it asks for, else soon.
  return limited ? 60 : 2 ** attempt;
}

/** The five requests there are, with bounded patience for limits. A PUT of a secret may be repeated. */
export class GitHubApi {
  readonly #context: SecretSourceContext;
  readonly #base: string;
  readonly #token: string;
  readonly #place: string;

  constructor(context: SecretSourceContext, repository: string, environment: string | undefined) {
    this.#context = context;
    this.#base = (context.env('GITHUB_API_URL') ?? 'https://api.github.com').replace(/\/$/, '');
    if (!/^https:\/\/|^http:\/\/(127\.0\.0\.1|localhost|\[::1\])([:/]|$)/.test(this.#base)) {
      throw new ZebuError('CONFIG_INVALID', `GITHUB_API_URL must be https: ${this.#base}`);
    }
    this.#token = findToken(context.env);
    context.io.mask(this.#token);
    this.#place = environment === undefined ? repository : `${repository}, environment ${environment}`;
  }

  get(path: string): Promise<unknown> {
    return this.#request('GET', path);
  }

  async put(path: string, body: unknown): Promise<void> {
    await this.#request('PUT', path, body);
  }

  /** Nothing to delete is as good as deleted. */
  async delete(path: string): Promise<void> {
    await this.#request('DELETE', path, undefined, [404]);
  }

  async #request(method: string, path: string, body?: unknown, fine: readonly number[] = []): Promise<unknown> {
    const { io, signal } = this.#context;
    for (let attempt = 1; ; attempt++) {
      const { response, text } = await this.#send(method, path, body);
      io.debug(() => `${method} ${path}: ${response.status}`);
      if (response.ok || fine.includes(response.status)) return text === '' ? undefined : this.#json(text);
      const wait = retryAfter(response, text, attempt, Date.now());
      if (wait === undefined || attempt === ATTEMPTS || wait > LONGEST_WAIT) throw this.#refused(response, text, wait);
      io.note(`GitHub answers ${response.status}; trying again in ${Math.ceil(wait)} s`);
      await sleep(wait * 1000, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  async #send(method: string, path: string, body: unknown): Promise<{ response: Response; text: string }> {
    const { signal } = this.#context;
    try {
      const response = await fetch(this.#base + path, {
        method,
        headers: {
          accept: 'application/vnd.github+json',
          authorization: `Bearer ${this.#token}`,
          'user-agent': 'zebu',
          'x-github-api-version': '2022-11-28',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // The token goes to nobody else.
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      return { response, text: await response.text() };
    } catch (error) {
      signal.throwIfAborted();
      const { cause } = error as { cause?: { code?: string; message?: string } };
      const reason = cause?.code ?? cause?.message ?? (error instanceof Error ? error.name : 'error');
      throw new ZebuError('UNREACHABLE', `GitHub at ${this.#base} does not answer (${reason})`, { cause: error });
    }
  }

  #json(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw new ZebuError('UNREACHABLE', `What answers at ${this.#base} is not GitHub's API`, {
        hint: 'Look at GITHUB_API_URL.',
      });
    }
  }

  #refused({ status }: Response, body: string, wait: number | undefined): ZebuError {
    const said = saidBy(body);
    const quoted = said === '' ? '' : `: ${said}`;
    const details = { status, place: this.#place };
    if (wait !== undefined && (status === 429 || status === 403)) {
      return new ZebuError('SECRET_STORE_REFUSED', `GitHub limits requests (${status})${quoted}`, {
        hint: `Run it again in ${Math.ceil(wait / 60)} minutes; what was written stays written.`,
        details,
      });
    }
    switch (status) {
      case 401:
        return new ZebuError('AUTH_FAILED', `GitHub does not accept the token (401)${quoted}`, {
          hint: 'It may have expired: GH_TOKEN=$(gh auth token).',
          details,
        });
      case 403:
        return new ZebuError('AUTH_FAILED', `The token may not write secrets of ${this.#place} (403)${quoted}`, {
          hint: 'A fine-grained token needs "Secrets: read and write"; the GITHUB_TOKEN of a workflow never may.',
          details,
        });
      case 404:
        return new ZebuError('SECRET_STORE_REFUSED', `GitHub knows no ${this.#place}, or not for this token (404)`, {
          hint: 'Look at repository and environment in secret_sources; an environment is made in the settings first.',
          details,
        });
      case 422:
        return new ZebuError('SECRET_STORE_REFUSED', `GitHub does not take it (422)${quoted}`, {
          hint: 'Its public key may just have changed: run it again.',
          details,
        });
      default:
        return new ZebuError('SECRET_STORE_REFUSED', `GitHub answers ${status}${quoted}`, { details });
    }
  }
}
