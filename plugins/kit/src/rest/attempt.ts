import { request, type Agent } from 'node:http';
import { interrupted, isZebuError } from '../errors.js';
import { outcomeUnknown, readAnswer, type Answer } from './answer.js';

/** Thrown between an attempt and the decision whether to try again; `sent` when the request may have been carried out. */
export class LinkFailure extends Error {
  readonly sent: boolean;

  constructor(reason: string, sent: boolean) {
    super(reason);
    this.sent = sent;
  }
}

export interface Attempt {
  readonly agent: Agent;
  readonly method: string;
  /** With `/api2/json`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Encoded parameters. */
  readonly form: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const reasonOf = (signal: AbortSignal): Error =>
  signal.reason instanceof Error && isZebuError(signal.reason) ? signal.reason : interrupted();

/** One request, once. Rejects with LinkFailure, or a ZebuError that ends it all. */
export function attempt({ agent, method, path, headers, form, timeoutMs, signal }: Attempt): Promise<Answer> {
  const inQuery = method === 'GET' || method === 'DELETE';
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason instanceof Error ? signal.reason : interrupted());
      return;
    }
    let sent = false;
    const call = request({
      agent,
      method,
      path: inQuery && form !== '' ? `${path}?${form}` : path,
      headers: {
        accept: 'application/json',
        ...headers,
        ...(inQuery
          ? {}
          : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(form) }),
      },
    });
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    };
    const fail = (error: Error): void => {
      finish();
      call.destroy();
      reject(isZebuError(error) ? error : new LinkFailure(linkWords(error), sent));
    };
    const stop = (): void => {
      // A write under way may have been carried out; saying "nothing was changed" would be a guess.
      fail(sent && method !== 'GET' ? outcomeUnknown(method, path, 'interrupted') : reasonOf(signal));
    };
    const timer = setTimeout(() => fail(new NoAnswer(timeoutMs)), timeoutMs);
    signal.addEventListener('abort', stop, { once: true });
    // It is given only connections whose peer is known, and writes at once.
    call.once('socket', () => (sent = true));
    call.once('error', fail);
    call.once('response', (response) => {
      readAnswer(response).then((answer) => {
        finish();
        resolve(answer);
      }, fail);
    });
    call.end(inQuery ? undefined : form);
  });
}

class NoAnswer extends Error {
  readonly code = 'ETIMEDOUT';

  constructor(ms: number) {
    super(`no answer within ${Math.max(1, Math.round(ms / 1000))} s`);
  }
}

function linkWords(error: Error): string {
  switch ((error as NodeJS.ErrnoException).code ?? '') {
    case 'ECONNREFUSED':
      return 'nothing listens there (connection refused)';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name does not resolve';
    case 'ETIMEDOUT':
      return error instanceof NoAnswer ? error.message : 'it does not answer';
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
