import { pveError, ZebuError, type Transport } from '@zebu/kit';
import { createConsole } from '@zebu/kit/core';
import 'proxmox-api';
import { builtTransports } from '../../src/lib/config/built-transports.js';
import { configSchema, type Config } from '../../src/lib/config/schema.js';
import type { Clock, Context } from '../../src/lib/context/context.js';
import { Capture } from './capture.js';

/** A value, or what makes one of the request's parameters; what throws, refuses. */
export type Answer = unknown;
type Making = (params: Readonly<Record<string, unknown>>) => unknown;

export interface FakeProxmox {
  readonly transport: Transport;
  readonly context: Context;
  /** `GET /nodes/pve/time`, in order. */
  readonly asked: string[];
  readonly stderr: Capture;
  /** Moves with `sleep` alone. */
  readonly clock: Clock;
  readonly abort: AbortController;
}

/** The answers one after the other, the last one for ever. */
export function inTurn(...answers: readonly Answer[]): Making {
  const left = [...answers];
  return (params) => {
    const answer = left.length > 1 ? left.shift() : left[0];
    return typeof answer === 'function' ? (answer as Making)(params) : answer;
  };
}

/** A refusal as the real node words it. */
export function refuses(status: number, reason: string): Making {
  return () => {
    throw pveError({ method: 'GET', path: '/asked', status, reason });
  };
}

/** Unix time in seconds at which the clock begins. */
export const BEGIN = 1_795_892_583;

/** Time that passes only while nobody has anything to do but to wait for it; whoever waits for the least comes first. */
function virtualClock(): Clock {
  let ms = 0;
  const waiting = new Set<{ readonly at: number; readonly wake: () => void }>();
  const pass = (): void => {
    const next = [...waiting].toSorted((a, b) => a.at - b.at)[0];
    if (next === undefined) return;
    waiting.delete(next);
    ms = Math.max(ms, next.at);
    next.wake();
  };
  return {
    now: () => new Date(BEGIN * 1000 + ms),
    elapsed: () => ms,
    sleep: (pause, signal) =>
      new Promise((resolve, reject) => {
        const refuse = (): void => {
          waiting.delete(sleeper);
          reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
        };
        const sleeper = {
          at: ms + pause,
          wake: () => {
            signal?.removeEventListener('abort', refuse);
            resolve();
          },
        };
        if (signal?.aborted === true) {
          refuse();
          return;
        }
        signal?.addEventListener('abort', refuse, { once: true });
        waiting.add(sleeper);
        // Behind everything that is under way: answers come without any time of their own.
        setTimeout(pass, 5);
      }),
  };
}

/**
 * A Proxmox that answers from a table of `GET /path`, and the context of a command on it. What is not in the table is
 * refused as a path that does not exist.
 * @param config over the app `shop` and the defaults
 */
export function fakeProxmox(
  answers: Readonly<Record<string, Answer>>,
  config: Readonly<Record<string, unknown>> = {},
): FakeProxmox {
  const asked: string[] = [];
  const abort = new AbortController();
  const [stdout, stderr] = [new Capture(), new Capture()];
  const io = createConsole({ stdout, stderr, stdin: {}, env: {}, json: false, debug: false });
  const clock = virtualClock();
  const transport: Transport = {
    id: 'fake',
    where: 'fake',
    doRequest: async (method, path, _template, params = {}) => {
      const line = `${method} ${decodeURIComponent(path).replace('/api2/json', '')}`;
      asked.push(line);
      if (!(line in answers))
        throw new ZebuError('PROXMOX_REFUSED', `no answer to ${line}`, { details: { status: 501 } });
      const answer = answers[line];
      return typeof answer === 'function' ? (answer as Making)(params) : answer;
    },
    close: async () => {},
  };
  const parsed: Config = configSchema.parse({ app: { name: 'shop' }, ...config });
  const context = {
    config: parsed,
    loaded: { config: parsed, overlay: undefined, transports: builtTransports, origin: () => ({ kind: 'default' }) },
    // No plugin has a hook.
    oclif: { plugins: new Map(), runHook: async () => ({ successes: [], failures: [] }) },
    root: '/nowhere',
    stateDir: '/nowhere',
    io,
    signal: abort.signal,
    clock,
    env: () => undefined,
    transport: async () => transport,
    onClose: () => {},
  } as unknown as Context;
  return { transport, context, asked, stderr, clock, abort };
}
