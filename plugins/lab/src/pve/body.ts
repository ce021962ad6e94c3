import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PveFault } from './fault.js';
import type { RawParams } from './params.js';

export interface Body {
  readonly params: RawParams;
  readonly upload?: { readonly file: string; readonly filename: string };
}

/** Uploads of whole images are what download-url is for; this bounds the memory one takes. */
const LIMIT = 1024 ** 3;

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LIMIT) throw new PveFault(413, 'Request Entity Too Large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A repeated key becomes a list. */
export function formParams(text: string): RawParams {
  const params: Record<string, string | string[]> = {};
  for (const [key, value] of new URLSearchParams(text)) {
    const before = params[key];
    params[key] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return params;
}

/** A malformed body is answered with Perl's own complaint, as a bare JSON string. */
export class MalformedJson extends Error {}

function jsonParams(text: string): RawParams {
  try {
    const data: unknown = JSON.parse(text);
    if (typeof data === 'object' && data !== null) return data as RawParams;
  } catch {
    // Said below.
  }
  throw new MalformedJson(
    `malformed JSON string, neither tag, array, object, number, string or atom, at character offset ${text.length} (before "(end of string)") at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line 917.\n`,
  );
}

async function multipart(bytes: Buffer, boundary: string): Promise<Body> {
  const params: Record<string, string> = {};
  let upload: Body['upload'];
  // latin1 keeps every byte one character, so that offsets hold for binary parts too.
  const text = bytes.toString('latin1');
  for (const part of text.split(`--${boundary}`).slice(1, -1)) {
    const cut = part.indexOf('\r\n\r\n');
    const head = part.slice(0, cut);
    const content = part.slice(cut + 4, -2);
    const name = /\bname="([^"]*)"/.exec(head)?.[1] ?? '';
    const filename = /\bfilename="([^"]*)"/.exec(head)?.[1];
    if (filename === undefined) params[name] = content;
    else {
      const file = join(tmpdir(), `nodeupload-${randomBytes(16).toString('hex')}`);
      await writeFile(file, Buffer.from(content, 'latin1'));
      upload = { file, filename };
    }
  }
  return { params, ...(upload === undefined ? {} : { upload }) };
}

/** @throws MalformedJson, PveFault */
export async function readBody(request: IncomingMessage): Promise<Body> {
  const bytes = await readAll(request);
  if (bytes.length === 0) return { params: {} };
  const type = request.headers['content-type'] ?? '';
  const boundary = /^multipart\/form-data.*boundary="?([^";]+)"?/.exec(type)?.[1];
  if (boundary !== undefined) return multipart(bytes, boundary);
  if (type.startsWith('application/json')) return { params: jsonParams(bytes.toString('utf8')) };
  return { params: formParams(bytes.toString('utf8')) };
}
