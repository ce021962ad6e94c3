import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';

export interface HttpAnswer {
  readonly status: number;
  readonly reason: string;
  /** Parsed; an empty body is ''. */
  readonly body: unknown;
}

export interface HttpRequest {
  readonly method: string;
  /** Without `/api2/json`. */
  readonly path: string;
  readonly params?: Readonly<Record<string, number | string>> | undefined;
  readonly body?: string | undefined;
  readonly type?: string | undefined;
  /** The authorization header. */
  readonly auth?: string | undefined;
}

/** The header of the lab's own token. */
export const adminAuth = (lab: LabReport): string => `PVEAPIToken=${readFileSync(lab.api.tokenFile, 'utf8').trim()}`;

/** One plain request to a lab's REST API, past every line of zebu. */
export async function pveRequest(
  lab: LabReport,
  { method, path, params, body, type, auth }: HttpRequest,
): Promise<HttpAnswer> {
  const form = new URLSearchParams(
    Object.entries(params ?? {}).map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();
  const inQuery = method === 'GET' || method === 'DELETE';
  const payload = inQuery ? undefined : (body ?? form);
  const answer = await new Promise<{ status: number; reason: string; text: string }>((resolve, reject) => {
    const call = request(
      {
        host: lab.api.host,
        port: lab.api.port,
        method,
        path: `/api2/json${path}${inQuery && form !== '' ? `?${form}` : ''}`,
        rejectUnauthorized: false,
        headers: {
          ...(auth === undefined ? {} : { authorization: auth }),
          ...(payload === undefined
            ? {}
            : {
                'content-type': type ?? 'application/x-www-form-urlencoded',
                'content-length': Buffer.byteLength(payload),
              }),
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, reason: response.statusMessage ?? '', text }),
        );
      },
    );
    call.on('error', reject);
    call.end(payload);
  });
  const { text, ...head } = answer;
  return { ...head, body: text === '' ? '' : (JSON.parse(text) as unknown) };
}
