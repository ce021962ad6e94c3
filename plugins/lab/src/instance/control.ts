import { request } from 'node:http';

/** One request on the control socket. @throws when nobody listens */
export function control<Answer>(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
  timeoutMs = 60_000,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const call = request(
      {
        socketPath,
        method,
        path,
        timeout: timeoutMs,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString('utf8');
          if (response.statusCode === 200) resolve(JSON.parse(answer === '' ? 'null' : answer) as Answer);
          else reject(new Error(`${method} ${path}: ${response.statusCode ?? 0} ${response.statusMessage ?? ''}`));
        });
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer')));
    call.on('error', reject);
    call.end(text);
  });
}

export interface ControlStatus {
  readonly pid: number;
  readonly guests: readonly { readonly vmid: number; readonly name: string; readonly status: string }[];
}

/** Undefined when no daemon answers. */
export async function daemonStatus(socketPath: string): Promise<ControlStatus | undefined> {
  try {
    return await control<ControlStatus>(socketPath, 'GET', '/lab/status', undefined, 20_000);
  } catch {
    return undefined;
  }
}
