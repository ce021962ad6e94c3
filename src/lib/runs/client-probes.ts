import { connect } from 'node:net';
import type { Config } from '../config/schema.js';
import type { Clock } from '../context/context.js';

export type Probe = Config['deploy']['probes'][number];
type OutsideProbe = Exclude<Probe, { command: unknown }>;

/** For people: `http http://…`, `tcp host:port`, `command in api`. */
export function probeName(probe: Probe): string {
  if ('http' in probe) return `http ${probe.http}`;
  return 'tcp' in probe ? `tcp ${probe.tcp}` : `command in ${probe.service}`;
}

function clientProbes(probes: readonly Probe[]): readonly OutsideProbe[] {
  return probes.filter((probe): probe is OutsideProbe => 'from' in probe && probe.from === 'client');
}

/** Seconds the runner waits for the client's answer: its probes one after another, and some for the way. 0: there are none. */
export function clientBound(probes: readonly Probe[]): number {
  const outside = clientProbes(probes);
  if (outside.length === 0) return 0;
  return Math.ceil(outside.reduce((sum, { timeout }) => sum + timeout + 10, 0)) + 20;
}

const ATTEMPT_MS = 10_000;

async function tryHttp(
  probe: Extract<OutsideProbe, { http: string }>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { request } = await (probe.http.startsWith('https:') ? import('node:https') : import('node:http'));
  return new Promise((resolve) => {
    const asked = request(
      probe.http,
      {
        signal: AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS)]),
        rejectUnauthorized: !probe.insecure,
        agent: false,
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        // A probe asks for a word, not for a download.
        answer.on('data', (chunk: string) => (text = text.length < 1_000_000 ? text + chunk : text));
        answer.on('error', (error) => resolve(error.message));
        answer.on('end', () => {
          const status = answer.statusCode ?? 0;
          const wanted = probe.status === undefined ? undefined : [probe.status].flat();
          const right = wanted === undefined ? status >= 200 && status < 400 : wanted.includes(status);
          if (!right) resolve(`status ${status} instead of ${wanted?.join(', ') ?? '2xx or 3xx'}`);
          else if (probe.body !== undefined && !text.includes(probe.body))
            resolve(`status ${status}, but the answer does not contain the text`);
          else resolve(undefined);
        });
      },
    );
    asked.on('error', (error: Error & { code?: string }) => resolve(error.message || (error.code ?? 'no answer')));
    asked.end();
  });
}

function tryTcp(target: string, signal: AbortSignal): Promise<string | undefined> {
  const cut = target.lastIndexOf(':');
  return new Promise((resolve) => {
    const socket = connect({
      host: target.slice(0, cut).replaceAll(/[[\]]/g, ''),
      port: Number(target.slice(cut + 1)),
    });
    const end = (why: string | undefined): void => {
      socket.destroy();
      resolve(why);
    };
    socket.setTimeout(ATTEMPT_MS, () => end('no answer'));
    socket.once('connect', () => end(undefined));
    socket.once('error', (error: Error & { code?: string }) => end(error.message || (error.code ?? 'refused')));
    signal.addEventListener('abort', () => end('interrupted'), { once: true });
  });
}

/**
 * Tries each probe until it succeeds or its time is up.
 * @returns what was wrong with the first that did not succeed; undefined when all did
 */
export async function runClientProbes(
  probes: readonly Probe[],
  { clock, signal, say }: { clock: Clock; signal: AbortSignal; say: (line: string) => void },
): Promise<string | undefined> {
  for (const probe of clientProbes(probes)) {
    const until = clock.elapsed() + probe.timeout * 1000;
    for (;;) {
      const problem = 'http' in probe ? await tryHttp(probe, signal) : await tryTcp(probe.tcp, signal);
      if (problem === undefined) break;
      say(`${probeName(probe)} from here: ${problem}`);
      if (clock.elapsed() >= until)
        return `the probe ${probeName(probe)} from the client failed for ${probe.timeout} s: ${problem}`;
      await clock.sleep(probe.interval * 1000, signal);
    }
  }
  return undefined;
}
