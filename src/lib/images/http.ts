import { request as requestHttp, type IncomingHttpHeaders } from 'node:http';
import { request as requestHttps } from 'node:https';
import { rootCertificates } from 'node:tls';

/** Milliseconds for one answer, from the start of the connection to its last byte. */
const ANSWER_MS = 15_000;
/** Bytes of an answer. */
const LARGEST = 64 * 1024 * 1024;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asked {
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  /** PEM that is trusted beside what everybody trusts. */
  readonly authority?: string | undefined;
  readonly signal: AbortSignal;
}

/** In words what kept an answer from coming. */
export function whyNot(error: unknown): string {
  const { code, message, name } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError' || code === 'ETIMEDOUT') return `no answer within ${ANSWER_MS / 1000} s`;
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'its name is not known';
  if (code !== undefined && /CERT|SELF_SIGNED|ISSUER|SIGNATURE|ALTNAME/.test(code))
    return `its certificate is not trusted (${code}); a private authority is its ca_file (registries in zebu.yml)`;
  return message || code || 'no answer';
}

/** One request, redirects not followed. Rejects with the error of the connection, or the signal's reason. */
export async function ask(url: URL, { method = 'GET', headers = {}, authority, signal }: Asked): Promise<Answer> {
  signal.throwIfAborted();
  const limit = AbortSignal.timeout(ANSWER_MS);
  const trusted = authority === undefined || authority === '' ? {} : { ca: [...rootCertificates, authority] };
  const send = url.protocol === 'http:' ? requestHttp : requestHttps;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void =>
      reject(signal.aborted ? (signal.reason as Error) : limit.aborted ? (limit.reason as Error) : error);
    const asked = send(
      url,
      {
        method,
        headers: { 'user-agent': 'zebu', ...headers },
        agent: false,
        signal: AbortSignal.any([signal, limit]),
        ...trusted,
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > LARGEST) answer.destroy(new Error('its answer is too long'));
          else chunks.push(chunk);
        });
        answer.on('error', fail);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    asked.on('error', fail).end();
  });
}
