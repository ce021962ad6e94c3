import type { IncomingMessage } from 'node:http';
import { ZebuError } from '../errors.js';
import { pveError } from '../pve-error.js';

export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly text: string;
}

const BODY_LIMIT = 64 * 1024 * 1024;

export async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT) throw new Error('the answer is unreasonably large');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return { status: response.statusCode ?? 0, reason: response.statusMessage ?? '', text };
}

/** The `data` of an answer. @param path without `/api2/json` */
export function dataOf(answer: Answer, method: string, path: string): unknown {
  try {
    return (JSON.parse(answer.text) as { data?: unknown }).data;
  } catch (error) {
    throw new ZebuError('PROXMOX_REFUSED', `${method} ${path} was answered with something that is not JSON`, {
      hint: 'Is proxmox.host a Proxmox VE node, and proxmox.port its API port (8006)?',
      cause: error,
    });
  }
}

/** A refusal in Proxmox's own words. @param path without `/api2/json` @param credentialHint what to do about a 401 */
export function refusalOf(answer: Answer, method: string, path: string, credentialHint?: string): ZebuError {
  let errors: Record<string, string> | undefined;
  try {
    const body = JSON.parse(answer.text) as { errors?: Record<string, unknown> } | null;
    if (body?.errors !== undefined) {
      errors = Object.fromEntries(Object.entries(body.errors).map(([name, text]) => [name, String(text)]));
    }
  } catch {
    // A 401 has no body; a proxy in between answers with a page. The reason phrase is what counts.
  }
  return pveError({ method, path, status: answer.status, reason: answer.reason, errors, credentialHint });
}

/** What becomes of a write whose answer never came. @param path may have `/api2/json` before it */
export function outcomeUnknown(method: string, path: string, trouble: string, cause?: unknown): ZebuError {
  const shown = path.replace(/^\/api2\/json/, '');
  return new ZebuError('OUTCOME_UNKNOWN', `The answer to ${method} ${decodeURIComponent(shown)} was lost: ${trouble}`, {
    hint: 'It may have been carried out, so it was not sent again. Run the same command again: it looks before it acts.',
    details: { method, path: shown },
    ...(cause === undefined ? {} : { cause }),
  });
}
