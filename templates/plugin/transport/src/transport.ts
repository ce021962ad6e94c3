import { isZebuError, ZebuError, type Transport, type TransportContext, type TransportFactory } from '@zebu/kit';

interface Settings {
  readonly base: string;
  readonly token: string;
  readonly timeoutMs: number;
}

/** `proxmox.host` and `port` are zebu's own keys; what only this transport knows goes below `proxmox.options`. */
function parse({ settings, env, origin }: TransportContext): Settings {
  const { host, port = 8006, timeout = 30, token_env: variable = 'ZEBU_PROXMOX_TOKEN' } = settings;
  const { scheme = 'https' } = (settings['options'] ?? {}) as Record<string, unknown>;
  if (typeof host !== 'string') throw new ZebuError('CONFIG_INVALID', `${origin('transport')}: set \`proxmox.host\``);
  const token = env(String(variable));
  if (token === undefined) throw new ZebuError('CREDENTIAL_MISSING', `${String(variable)} is not set`);
  return { base: `${String(scheme)}://${host}:${String(port)}/api2/json`, token, timeoutMs: Number(timeout) * 1000 };
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
    const given = Object.entries(params).filter(([, value]) => value !== undefined);
    const form = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]));
    const reading = method === 'GET' || method === 'DELETE';
    const query = reading && given.length > 0 ? `?${form}` : '';
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
