import { createWriteStream } from 'node:fs';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { pipeline } from 'node:stream/promises';

const REDIRECTS = 10;

export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  /** The file as the host shows it. */
  readonly saved: string;
}

const place = ({ hostname, port, protocol }: URL): string =>
  `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;

/** Reasons in the words of wget, which is what PVE runs. */
function described(url: URL, error: NodeJS.ErrnoException): Error {
  if (error.code === 'ECONNREFUSED') return new Error(`Connecting to ${place(url)}... failed: Connection refused.`);
  if (error.code === 'ENOTFOUND') return new Error(`unable to resolve host address '${url.hostname}'`);
  return error;
}

function open(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? getHttps : getHttp;
    get(url, { signal }, resolve).on('error', (error) => reject(described(url, error)));
  });
}

const stamp = (): string => new Date().toISOString().slice(0, 19).replace('T', ' ');

/** `192K`, `809M`. */
function short(bytes: number): string {
  const [size, unit] = bytes >= 1024 ** 2 ? [bytes / 1024 ** 2, 'M'] : [bytes / 1024, 'K'];
  return `${size < 10 ? size.toFixed(1) : Math.round(size)}${unit}`;
}

/** Gets a file, over redirects, and says what wget says of it. @throws with the reason alone */
export async function download(from: string, file: string, { signal, log, saved }: DownloadOptions): Promise<void> {
  let url = new URL(from);
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    log(`--${stamp()}--  ${url.href}`);
    const response = await open(url, signal);
    const { statusCode = 0, statusMessage = '', headers } = response;
    log(`Connecting to ${place(url)}... connected.`);
    log(`HTTP request sent, awaiting response... ${statusCode} ${statusMessage}`);
    if (statusCode === 200) {
      const length = Number(headers['content-length'] ?? 0);
      log(`Length: ${length} (${short(length)}) [${headers['content-type'] ?? 'application/octet-stream'}]`);
      log(`Saving to: '${saved}'`);
      const started = Date.now();
      await pipeline(response, createWriteStream(file));
      const seconds = Math.max(0.001, (Date.now() - started) / 1000);
      const rate = short(length / seconds);
      log(`     0K                                    100%  ${rate}=${seconds.toPrecision(1)}s`);
      log(`${stamp()} (${rate.slice(0, -1)} ${rate.slice(-1)}B/s) - '${saved}' saved [${length}/${length}]`);
      return;
    }
    response.resume();
    if (statusCode < 300 || statusCode > 399 || headers.location === undefined) {
      log(`${stamp()} ERROR ${statusCode}: ${statusMessage}.`);
      // Of an answer that is no success the program says only how it ended.
      throw new Error('exit code 8');
    }
    url = new URL(headers.location, url);
  }
  throw new Error(`${REDIRECTS} redirections exceeded.`);
}
