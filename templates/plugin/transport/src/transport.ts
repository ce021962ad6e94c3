import {
  isZebuError,
  ZebuError,
  type Transport,
  type TransportContext,
  type TransportFactory,
  type TransportSettings,
} from '@zebu/kit';
import { keys, PORT } from './keys.js';

interface Settings {
  readonly base: string;
  readonly token: string;
  readonly timeoutMs: number;
}

/** zebu has checked them: its own keys, such as `host`, and those of keys.ts. */
function parse({ settings, env, origin }: TransportContext): Settings {
  const {
    host,
    port = PORT,
    timeout = 30,
    __key___scheme: scheme = keys.__key___scheme.default,
    __key___token_env: variable = keys.__key___token_env.default,
  } = settings as TransportSettings<typeof keys>;
  if (host === undefined) throw new ZebuError('CONFIG_INVALID', `${origin('transport')}: set \`proxmox.host\``);
  const token = env(variable);
  if (token === undefined) throw new ZebuError('CREDENTIAL_MISSING', `${variable} is not set`);
  return { base: `${scheme}://${host}:${port}/api2/json`, token, timeoutMs: timeout * 1000 };
}

/** As Proxmox takes them: a list is its name several times, true and false are 1 and 0. */
function formOf(params: Readonly<Record<string, unknown>>): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value])
      if (each !== undefined) form.append(name, String(typeof each === 'boolean' ? Number(each) : each));
  return form;
}

class HttpTransport implements Transport {
  readonly id = '__name__';
  readonly where: string;
  readonly #settings: Settings;
  readonly #signal: AbortSignal;

  constructor(settings: Settings, signal: AbortSignal) {
    this.where = settings.base;
    this.#settings = settings;
    this.#signal = signal;
  }

  async doRequest(
    method: string,
    path: string,
    _template: string,
    params: Record<string, unknown> = {},
  ): Promise<unknown> {
    const { base, token, timeoutMs } = this.#settings;
    const form = formOf(params);
    const reading = method === 'GET' || method === 'DELETE';
    const query = reading && form.size > 0 ? `?${form}` : '';
    let answer: Response;
    try {
      answer = await fetch(`${base}${path.replace(/^\/api2\/json/, '')}${query}`, {
        method,
        headers: { authorization: `PVEAPIToken=${token}` },
        ...(reading ? {} : { body: form }),
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(timeoutMs)]),
      });
    } catch (error) {
      if (this.#signal.aborted) throw isZebuError(this.#signal.reason) ? this.#signal.reason : error;
      // A write that was lost on the way may have been carried out; it is never sent a second time.
      if (!reading) throw new ZebuError('OUTCOME_UNKNOWN', `No answer from ${this.where} to ${method} ${path}`);
      throw new ZebuError('UNREACHABLE', `${this.where} does not answer`, { cause: error });
    }
    if (answer.ok) return ((await answer.json()) as { data?: unknown }).data;
    const { status, statusText: reason } = answer;
    const details = { status, reason, method, path };
    if (status === 401) throw new ZebuError('AUTH_FAILED', `${this.where} refused the token`, { details });
    const code = status === 403 ? 'PROXMOX_FORBIDDEN' : 'PROXMOX_REFUSED';
    throw new ZebuError(code, `${method} ${path}: ${status} ${reason}`, { details });
  }

  async close(): Promise<void> {}
}

/** To begin with: Proxmox's API through fetch, and the certificates that Node trusts. */
export const factory: TransportFactory = {
  connect: async (context) => new HttpTransport(parse(context), context.signal),
};
