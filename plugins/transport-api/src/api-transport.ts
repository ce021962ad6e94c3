import { Agent, request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { interrupted, isZebuError, pveError, ZebuError, type Io, type Transport } from '@zebu/kit';
import { encodeForm } from './form.js';
import type { ApiSettings } from './settings.js';
import { untrusted, type Trust } from './tls.js';
import type { ApiToken } from './token.js';

export interface ApiOptions extends ApiSettings {
  readonly token: ApiToken;
  readonly trust: Trust;
  readonly io: Io;
  readonly signal: AbortSignal;
}

interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly text: string;
}

/** 595: pveproxy could not reach the node; 596: the node did not answer it in time. Both pass. */
const TRANSIENT = new Set([595, 596, 503]);
const RETRY_PAUSES_MS = [250, 500, 1000, 2000, 4000];
/** Where nothing answers at all, a person waits for a typing error to be found. */
const CONNECT_RETRIES = 2;
const BODY_LIMIT = 64 * 1024 * 1024;

/** Thrown between an attempt and the decision whether to try again; `sent` when the request may have been carried out. */
class LinkFailure extends Error {
  readonly sent: boolean;

  constructor(reason: string, sent: boolean) {
    super(reason);
    this.sent = sent;
  }
}

export class ApiTransport implements Transport {
  readonly id = 'api';
  readonly where: string;
  readonly #options: ApiOptions;
  readonly #agent: Agent;
  /** Connections whose certificate was judged: a kept one does not shake hands again. */
  readonly #judged = new WeakSet<TLSSocket>();

  constructor(options: ApiOptions) {
    this.#options = options;
    const host = options.host.includes(':') ? `[${options.host}]` : options.host;
    this.where = `https://${host}:${options.port}`;
    // No cached TLS sessions: every new connection shows its certificate.
    this.#agent = new Agent({ keepAlive: true, maxSockets: 4, maxCachedSessions: 0 });
  }

  async doRequest(
    method: string,
    path: string,
    _template: string,
    params: Record<string, unknown> = {},
  ): Promise<unknown> {
    const verb = method.toUpperCase();
    const isRead = verb === 'GET';
    const full = path.startsWith('/api2/json') ? path : `/api2/json${path}`;
    const shown = full.slice('/api2/json'.length);
    for (let attempt = 0; ; attempt++) {
      const pause = RETRY_PAUSES_MS[attempt];
      let trouble: string;
      try {
        const answer = await this.#once(verb, full, encodeForm(params));
        if (answer.status >= 200 && answer.status < 300) return unwrap(answer, verb, shown);
        if (!TRANSIENT.has(answer.status)) throw refusal(answer, verb, shown);
        trouble = `${answer.status} ${answer.reason}`;
        if (!isRead) throw lost(verb, shown, trouble);
        if (pause === undefined) throw refusal(answer, verb, shown);
      } catch (error) {
        if (!(error instanceof LinkFailure)) throw error;
        trouble = error.message;
        if (!isRead && error.sent) throw lost(verb, shown, trouble);
        const hopeless = !error.sent && attempt >= CONNECT_RETRIES;
        if (!isRead || pause === undefined || hopeless) throw this.#unreachable(trouble);
      }
      this.#options.io.debug(() => `${verb} ${shown}: ${trouble}; asking again in ${pause} ms`);
      await sleep(pause, this.#options.signal);
    }
  }

  async close(): Promise<void> {
    this.#agent.destroy();
  }

  #unreachable(trouble: string): ZebuError {
    return new ZebuError('UNREACHABLE', `Cannot reach Proxmox at ${this.where}: ${trouble}`, {
      hint: 'Check proxmox.host and proxmox.port, and that this machine can reach that network.',
    });
  }

  #once(method: string, path: string, form: string): Promise<Answer> {
    const { host, port, token, trust, timeoutMs, signal } = this.#options;
    const inQuery = method === 'GET' || method === 'DELETE';
    const options: RequestOptions = {
      // A kept connection may be closing at this very moment, which for a write would leave its outcome unknown.
      agent: method === 'GET' ? this.#agent : false,
      host,
      port,
      method,
      path: inQuery && form !== '' ? `${path}?${form}` : path,
      headers: { accept: 'application/json' },
      ...('ca' in trust && trust.ca !== undefined ? { ca: trust.ca } : {}),
      // The chain and the name are judged in `untrusted`, which also knows pins; nothing is sent before it has spoken.
      rejectUnauthorized: false,
    };
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason instanceof Error ? signal.reason : interrupted());
        return;
      }
      let sent = false;
      const call = request(options);
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
      };
      const fail = (error: Error): void => {
        finish();
        call.destroy();
        reject(isZebuError(error) ? error : new LinkFailure(describe(error), sent));
      };
      const stop = (): void => {
        // A write under way may have been carried out; saying "nothing was changed" would be a guess.
        if (sent && method !== 'GET') fail(lost(method, path, 'interrupted'));
        else fail(signal.reason instanceof Error && isZebuError(signal.reason) ? signal.reason : interrupted());
      };
      const timer = setTimeout(
        () => fail(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT', seconds: timeoutMs / 1000 })),
        timeoutMs,
      );
      signal.addEventListener('abort', stop, { once: true });
      const send = (socket: TLSSocket): void => {
        const problem = untrusted(socket, trust, this.where);
        if (problem !== undefined) {
          socket.destroy();
          fail(problem);
          return;
        }
        this.#judged.add(socket);
        sent = true;
        call.setHeader('authorization', `PVEAPIToken=${token.id}=${token.secret.reveal()}`);
        if (!inQuery) call.setHeader('content-type', 'application/x-www-form-urlencoded');
        call.end(inQuery ? undefined : form);
      };
      call.on('socket', (socket) => {
        const tls = socket as TLSSocket;
        // Not `reusedSocket`: it stays false when a waiting request is given the connection of the one before.
        if (this.#judged.has(tls)) send(tls);
        else tls.once('secureConnect', () => send(tls));
      });
      call.on('error', fail);
      call.on('response', (response) => {
        read(response).then((text) => {
          finish();
          resolve({ status: response.statusCode ?? 0, reason: response.statusMessage ?? '', text });
        }, fail);
      });
    });
  }
}

function describe(error: Error): string {
  const { code, seconds } = error as NodeJS.ErrnoException & { seconds?: number };
  switch (code ?? '') {
    case 'ECONNREFUSED':
      return 'nothing listens there (connection refused)';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name does not resolve';
    case 'ETIMEDOUT':
      return seconds === undefined ? 'it does not answer' : `no answer within ${seconds} s`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'no route to it';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'it closed the connection';
    default:
      return error.message;
  }
}

function lost(method: string, path: string, trouble: string): ZebuError {
  return new ZebuError('OUTCOME_UNKNOWN', `The answer to ${method} ${decodeURIComponent(path)} was lost: ${trouble}`, {
    hint: 'It may have been carried out, so it was not sent again. Run the same command again: it looks before it acts.',
    details: { method, path },
  });
}

function refusal(answer: Answer, method: string, path: string): ZebuError {
  let errors: Record<string, string> | undefined;
  try {
    const body = JSON.parse(answer.text) as { errors?: Record<string, unknown> } | null;
    if (body?.errors !== undefined) {
      errors = Object.fromEntries(Object.entries(body.errors).map(([name, text]) => [name, String(text)]));
    }
  } catch {
    // A 401 has no body; a proxy in between answers with a page. The reason phrase is what counts.
  }
  return pveError({ method, path, status: answer.status, reason: answer.reason, errors });
}

function unwrap(answer: Answer, method: string, path: string): unknown {
  try {
    return (JSON.parse(answer.text) as { data?: unknown }).data;
  } catch (error) {
    throw new ZebuError('PROXMOX_REFUSED', `${method} ${path} was answered with something that is not JSON`, {
      hint: 'Is proxmox.host a Proxmox VE node, and proxmox.port its API port (8006)?',
      cause: error,
    });
  }
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT) throw new Error('the answer is unreasonably large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
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
