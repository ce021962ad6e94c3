import { appendFileSync } from 'node:fs';
import { isZebuError, type Transport } from '@zebu/kit';
import { MASK, type Redactor } from '@zebu/kit/core';
import { Names } from '../redaction/names.js';
import { withoutCredentials, withoutNames } from '../redaction/patterns.js';

export interface RecorderOptions {
  /** One JSON object is appended a request, in the shape of recorded conversations: `{request, response, ms}`. */
  readonly file: string;
  readonly redactor: Redactor;
  /** Host names of the configuration, which are replaced; those of nodes are taken from Proxmox's answers. */
  readonly hosts: readonly (string | undefined)[];
}

/** Keys whose values are always left out: of configurations, and of what goes to the guest agent and comes from it. */
const OF_CONFIGURATION = ['cipassword', 'password', 'sshkeys'];
const OF_AGENT = ['content', 'input-data', 'out-data', 'err-data', 'command'];

/**
 * Lets all that is asked of Proxmox be written down, with what was answered, so that it can be attached to an issue: no
 * secret, and of names and addresses only that they are the same ones.
 */
export function recorded(transport: Transport, options: RecorderOptions): Transport {
  const scribe = new Scribe(options);
  const doRequest: Transport['doRequest'] = async (method, path, template, params = {}) => {
    const started = performance.now();
    const note = (response: Answer): void =>
      scribe.note({ method, path: path.replace(/^\/api2\/json/, ''), params }, response, performance.now() - started);
    try {
      const data = await transport.doRequest(method, path, template, params);
      note({ status: 200, statusText: 'OK', body: { data } });
      return data;
    } catch (error) {
      note(answerOf(error));
      throw error;
    }
  };
  const { id, where, hostShell, jumpHost } = transport;
  return {
    id,
    where,
    doRequest,
    endedWell: (upid) => transport.endedWell?.(upid) ?? false,
    concerns: async () => (await transport.concerns?.()) ?? [],
    close: () => transport.close(),
    ...(hostShell === undefined ? {} : { hostShell }),
    ...(jumpHost === undefined ? {} : { jumpHost }),
  };
}

interface Answer {
  readonly status: number | null;
  readonly statusText: string;
  readonly body?: unknown;
}

function answerOf(error: unknown): Answer {
  const details = isZebuError(error) ? error.details : undefined;
  const status = details?.['status'];
  // No answer at all: what became of the connection.
  if (typeof status !== 'number') return { status: null, statusText: (error as Error).message };
  const errors = details?.['errors'];
  const body = errors === undefined ? {} : { body: { data: null, errors } };
  const reason = details?.['reason'];
  return { status, statusText: typeof reason === 'string' ? reason : '', ...body };
}

class Scribe {
  readonly #options: RecorderOptions;
  readonly #names = new Names();

  constructor(options: RecorderOptions) {
    this.#options = options;
    for (const host of options.hosts) this.#names.learn('host', host);
  }

  note(request: { method: string; path: string; params: Record<string, unknown> }, response: Answer, ms: number): void {
    this.#learnNodes(response.body);
    const hidden = new Set([...OF_CONFIGURATION, ...(request.path.includes('/agent/') ? OF_AGENT : [])]);
    const entry = this.#clean({ request, response }, hidden);
    appendFileSync(this.#options.file, `${JSON.stringify({ ...(entry as object), ms: Math.round(ms) })}\n`, {
      mode: 0o600,
    });
  }

  #learnNodes(body: unknown): void {
    const rows = (body as { data?: unknown } | undefined)?.data;
    if (!Array.isArray(rows)) return;
    for (const row of rows as unknown[]) {
      const node = (row as { node?: unknown } | null)?.node;
      if (typeof node === 'string') this.#names.learn('host', node);
    }
  }

  /** Redacts each leaf by itself, so that the structure of the answer stays as it is. */
  #clean(value: unknown, hidden: ReadonlySet<string>): unknown {
    if (typeof value === 'string') {
      // A whole configuration as text, as a backup has it.
      const lines = this.#options.redactor
        .clean(value)
        .replaceAll(/^(cipassword|password|sshkeys): .*$/gm, `$1: ${MASK}`);
      const text = withoutCredentials(lines, this.#names);
      return withoutNames(text, this.#names, new Set());
    }
    if (Array.isArray(value)) return value.map((each) => this.#clean(each, hidden));
    if (typeof value !== 'object' || value === null) return value;
    // Pending changes come as `{key: 'sshkeys', value: …}`.
    const named = hidden.has(String((value as { key?: unknown }).key)) ? ['value', 'pending'] : [];
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        key,
        hidden.has(key) || named.includes(key) ? MASK : this.#clean(each, hidden),
      ]),
    );
  }
}
