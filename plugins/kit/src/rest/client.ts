import { interrupted, ZebuError } from '../errors.js';
import type { Io } from '../io.js';
import { ReadyAgent } from './agent.js';
import { dataOf, outcomeUnknown, refusalOf, type Answer } from './answer.js';
import { attempt, LinkFailure } from './attempt.js';
import { encodeForm } from './form.js';
import type { RestWire } from './wire.js';

export interface RestOptions {
  readonly wire: RestWire;
  readonly io: Io;
  readonly signal: AbortSignal;
  /** Milliseconds for one request, all its attempts and the pauses between them included. */
  readonly timeoutMs: number;
}

/** 595: pveproxy could not reach the node; 596: the node did not answer it in time. Both pass. */
const TRANSIENT = new Set([595, 596, 503]);
const RETRY_PAUSES_MS = [250, 500, 1000, 2000, 4000];
/** Where nothing answers at all, a person waits for a typing error to be found. */
const CONNECT_RETRIES = 2;
const UNAUTHORIZED = 401;

/**
 * Proxmox's REST API over whatever a wire opens. A read is asked again when Proxmox was too busy or the connection broke; a
 * write is never sent twice: when its answer is lost, it ends with OUTCOME_UNKNOWN.
 */
export class RestClient {
  readonly #options: RestOptions;
  readonly #kept: ReadyAgent;
  readonly #fresh: ReadyAgent;

  constructor(options: RestOptions) {
    this.#options = options;
    const open = () => options.wire.open(options.signal);
    this.#kept = new ReadyAgent(open, true);
    // A kept connection may be closing at this very moment, which for a write would leave its outcome unknown.
    this.#fresh = new ReadyAgent(open, false);
  }

  /** @param path starting with `/api2/json` or `/` @returns the `data` of the answer */
  async doRequest(method: string, path: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const { wire, io, signal, timeoutMs } = this.#options;
    const verb = method.toUpperCase();
    const isRead = verb === 'GET';
    const full = path.startsWith('/api2/json') ? path : `/api2/json${path}`;
    const shown = full.slice('/api2/json'.length);
    const form = encodeForm(params);
    const until = Date.now() + timeoutMs;
    let renewed = false;
    for (let round = 0; ; round++) {
      // The time for a request is for all of its attempts: what does not fit into the rest of it is not tried.
      const pause = RETRY_PAUSES_MS[round] ?? Infinity;
      const isLast = Date.now() + pause >= until;
      let trouble: string;
      try {
        const answer = await this.#once(verb, full, form, until - Date.now());
        if (answer.status >= 200 && answer.status < 300) return dataOf(answer, verb, shown);
        if (answer.status === UNAUTHORIZED && wire.renew !== undefined && !renewed) {
          renewed = true;
          wire.renew();
          round--;
          continue;
        }
        if (!TRANSIENT.has(answer.status)) throw refusalOf(answer, verb, shown, wire.refusedHint);
        trouble = `${answer.status} ${answer.reason}`;
        if (!isRead) throw outcomeUnknown(verb, shown, trouble);
        if (isLast) throw refusalOf(answer, verb, shown, wire.refusedHint);
      } catch (error) {
        if (!(error instanceof LinkFailure)) throw error;
        trouble = error.message;
        if (!isRead && error.sent) throw outcomeUnknown(verb, shown, trouble);
        const hopeless = !error.sent && round >= CONNECT_RETRIES;
        if (!isRead || isLast || hopeless) throw this.#unreachable(trouble);
      }
      io.debug(() => `${verb} ${shown}: ${trouble}; asking again in ${pause} ms`);
      await sleep(pause, signal);
    }
  }

  close(): void {
    this.#kept.destroy();
    this.#fresh.destroy();
  }

  async #once(method: string, path: string, form: string, timeoutMs: number): Promise<Answer> {
    const { wire, signal } = this.#options;
    const asked = Date.now();
    const headers = await within(wire.credential(method), timeoutMs);
    const agent = method === 'GET' ? this.#kept : this.#fresh;
    const left = Math.max(1, timeoutMs - (Date.now() - asked));
    return attempt({ agent, method, path, headers, form, timeoutMs: left, signal });
  }

  #unreachable(trouble: string): ZebuError {
    const { where, unreachableHint } = this.#options.wire;
    return new ZebuError('UNREACHABLE', `Cannot reach Proxmox at ${where}: ${trouble}`, { hint: unreachableHint });
  }
}

/** The credential may have to be made first, which is part of the request's time. */
async function within<T>(made: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const words = `no credential within ${Math.max(1, Math.round(ms / 1000))} s`;
    timer = setTimeout(() => reject(new LinkFailure(words, false)), Math.max(1, ms));
  });
  return Promise.race([made, late]).finally(() => clearTimeout(timer));
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason instanceof Error ? signal.reason : interrupted());
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
