import type { MethodInfo } from '../pve/catalog.js';

// `import` of this module asks for all that it exports, and with it loads a client for WebSockets: half of what a program takes to start.
const { request } = process.getBuiltinModule('node:http');

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

/** Where a program prints. */
export interface ProgramIo {
  out(text: string): void;
  err(text: string): void;
}

export type LocalParams = readonly (readonly [string, string])[];

interface Body {
  readonly data?: unknown;
  readonly errors?: Record<string, string>;
  readonly message?: string;
  /** Lines that the method printed, without their ends. */
  readonly stdout?: readonly string[];
  readonly stderr?: readonly string[];
}

interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly body: Body;
}

function call(socketPath: string, method: string, path: string, form?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers =
      form === undefined
        ? {}
        : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(form) };
    const asked = request({ socketPath, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const body = (text === '' ? {} : JSON.parse(text)) as Body;
        resolve({ status: response.statusCode ?? 0, reason: response.statusMessage ?? '', body });
      });
    });
    asked.on('error', (error) => reject(new Error(`the node's daemon does not answer: ${error.message}`)));
    asked.end(form);
  });
}

/**
 * One request to the node as root, over its control socket.
 * @param io where the method prints, as it runs in the program that asks; left out: nowhere
 */
export async function localApi(
  socketPath: string,
  method: string,
  path: string,
  params: LocalParams = [],
  io?: ProgramIo,
): Promise<unknown> {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  const form = new URLSearchParams(params.map(([name, value]): [string, string] => [name, value])).toString();
  const inQuery = method === 'GET' || method === 'DELETE';
  const url = `/api2/json${encoded}${inQuery && form !== '' ? `?${form}` : ''}`;
  const { status, reason, body } = await call(socketPath, method, url, inQuery ? undefined : form);
  for (const line of body.stdout ?? []) io?.out(`${line}\n`);
  for (const line of body.stderr ?? []) io?.err(`${line}\n`);
  if (status === 200) return body.data;
  throw new Refused(status, (body.message ?? reason).replace(/\n$/, ''), body.errors ?? {});
}

/** What the programs know of the API before they call it. */
export interface KnownPath {
  /** Left out: there is no such method. */
  readonly method?: MethodInfo;
  /** As `pvesh ls` shows them: `Dr--d`. */
  readonly capabilities: string;
}

export async function knownPath(socketPath: string, method: string, path: string): Promise<KnownPath> {
  const query = new URLSearchParams({ method, path }).toString();
  const { body } = await call(socketPath, 'GET', `/lab/method?${query}`);
  return body as KnownPath;
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
    // How it went, and the empty line before that, are for the log only.
    for (const { t } of log) if (!/^(TASK (OK|ERROR|WARNINGS).*)?$/s.test(t)) print(t);
    shown += log.length;
    if (status.status === 'stopped') return status.exitstatus ?? 'unexpected status';
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
