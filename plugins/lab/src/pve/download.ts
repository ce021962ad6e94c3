import { createWriteStream } from 'node:fs';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { pipeline } from 'node:stream/promises';

const REDIRECTS = 10;

/** Reasons in the words of wget, which is what PVE runs. */
function described(url: URL, error: NodeJS.ErrnoException): Error {
  const place = `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`;
  if (error.code === 'ECONNREFUSED') return new Error(`Connecting to ${place}... failed: Connection refused.`);
  if (error.code === 'ENOTFOUND') return new Error(`unable to resolve host address '${url.hostname}'`);
  return error;
}

function open(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? getHttps : getHttp;
    get(url, { signal }, resolve).on('error', (error) => reject(described(url, error)));
  });
}

/** Gets a file, over redirects. @throws with the reason alone */
export async function download(from: string, file: string, signal: AbortSignal): Promise<void> {
  let url = new URL(from);
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const response = await open(url, signal);
    const { statusCode = 0, statusMessage = '', headers } = response;
    if (statusCode === 200) {
      await pipeline(response, createWriteStream(file));
      return;
    }
    response.resume();
    if (statusCode < 300 || statusCode > 399 || headers.location === undefined) {
      throw new Error(`ERROR ${statusCode}: ${statusMessage}.`);
    }
    url = new URL(headers.location, url);
  }
  throw new Error(`${REDIRECTS} redirections exceeded.`);
}
