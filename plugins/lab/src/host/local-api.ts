import { request } from 'node:http';

/** A refusal of the node. */
export class Refused extends Error {
  readonly status: number;
  readonly errors: Readonly<Record<string, string>>;

  constructor(status: number, reason: string, errors: Readonly<Record<string, string>>) {
    super(reason);
    this.status = status;
    this.errors = errors;
  }
}

export type LocalParams = readonly (readonly [string, string])[];

/** One request to the node as root, over its control socket. */
export function localApi(socketPath: string, method: string, path: string, params: LocalParams = []): Promise<unknown> {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  const form = new URLSearchParams(params.map(([name, value]): [string, string] => [name, value])).toString();
  const inQuery = method === 'GET' || method === 'DELETE';
  return new Promise((resolve, reject) => {
    const call = request(
      {
        socketPath,
        method,
        path: `/api2/json${encoded}${inQuery && form !== '' ? `?${form}` : ''}`,
        headers: inQuery
          ? {}
          : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(form) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const body = (text === '' ? {} : JSON.parse(text)) as {
            data?: unknown;
            errors?: Record<string, string>;
            message?: string;
          };
          const status = response.statusCode ?? 0;
          if (status === 200) resolve(body.data);
          else reject(new Refused(status, (body.message ?? response.statusMessage ?? '').trim(), body.errors ?? {}));
        });
      },
    );
    call.on('error', (error) => reject(new Error(`the node's daemon does not answer: ${error.message}`)));
    call.end(inQuery ? undefined : form);
  });
}

interface TaskStatus {
  readonly status: string;
  readonly exitstatus?: string;
}

export const isUpid = (value: unknown): value is string => typeof value === 'string' && value.startsWith('UPID:');

/**
 * The host's own programs run a task in the foreground: its output comes as it goes.
 * @returns the task's exit status, or undefined when the result was no task
 */
export async function followTask(
  socketPath: string,
  result: unknown,
  print: (line: string) => void,
): Promise<string | undefined> {
  if (!isUpid(result)) return undefined;
  const base = `/nodes/${result.split(':')[1] ?? ''}/tasks/${result}`;
  let shown = 0;
  for (;;) {
    const status = (await localApi(socketPath, 'GET', `${base}/status`)) as TaskStatus;
    const log = (await localApi(socketPath, 'GET', `${base}/log`, [
      ['start', String(shown)],
      ['limit', '0'],
    ])) as { t: string }[];
    for (const { t } of log) if (!/^TASK (OK|ERROR|WARNINGS)/.test(t)) print(t);
    shown += log.length;
    if (status.status === 'stopped') return status.exitstatus ?? 'unexpected status';
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
