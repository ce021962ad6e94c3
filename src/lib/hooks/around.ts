import { randomUUID } from 'node:crypto';
import type { Config as OclifConfig } from '@oclif/core';
import {
  API_VERSION,
  isZebuError,
  ZebuError,
  type Moment,
  type Operation,
  type Operations,
  type Outcome,
} from '@zebu/kit';
import { hookName, toZebuError } from '@zebu/kit/core';
import type { Context } from '../context/context.js';
import { contractProblem } from '../providers/contract.js';

const BEFORE_MS = 60_000;
const AFTER_MS = 30_000;
/** After Ctrl-C everything has to be over in a few seconds, also this. */
const INTERRUPTED_MS = 2000;

interface Failure {
  readonly plugin: string;
  readonly error: Error;
}

/** Hooks of plugins that were made for this contract; the others are failures that name the plugin. */
function usable(config: OclifConfig, name: string): { readonly config: OclifConfig; readonly refused: Failure[] } {
  const refused: Failure[] = [];
  const plugins = new Map(
    [...config.plugins].filter(([, plugin]) => {
      if (plugin.hooks[name] === undefined) return false;
      const problem = contractProblem((plugin.pjson as { zebu?: { contract?: unknown } }).zebu?.contract);
      if (problem !== undefined) refused.push({ plugin: plugin.name, error: new Error(problem) });
      return problem === undefined;
    }),
  );
  // oclif runs a hook in all plugins it knows: this is a copy of its configuration with only some of them.
  return { config: Object.create(config, { plugins: { value: plugins } }) as OclifConfig, refused };
}

async function call(
  context: Context,
  moment: Moment,
  event: { readonly operation: Operation },
  limitMs: number,
): Promise<readonly Failure[]> {
  const name = hookName(moment, event.operation);
  const { config, refused } = usable(context.oclif, name);
  if (config.plugins.size === 0) return refused;
  const timeUp = AbortSignal.timeout(limitMs);
  const signal = moment === 'before' ? AbortSignal.any([context.signal, timeUp]) : timeUp;
  const { failures } = await config.runHook(name, { event, io: context.io, signal, env: context.env }, limitMs, true);
  return [...refused, ...failures.map(({ plugin, error }) => ({ plugin: plugin.name, error }))];
}

const firstLine = (error: Error): string => error.message.split('\n', 1)[0] ?? '';

/**
 * Runs an operation between the hooks that plugins have for it.
 * @param result what `after` hooks are told of a success
 * @throws HOOK_REFUSED when a `before` hook throws, with nothing changed; otherwise what `run` throws
 */
export async function around<O extends Operation, Result>(
  context: Context,
  operation: O,
  input: Operations[O]['input'],
  run: () => Promise<Result>,
  result: (value: Result) => Operations[O]['result'],
): Promise<Result> {
  const { clock, config, loaded, io } = context;
  const base = {
    contract: API_VERSION,
    operation,
    run: randomUUID(),
    app: config.app.name,
    environment: loaded.overlay ?? null,
    url: config.app.url ?? null,
    input,
  };
  const before = { ...base, moment: 'before' as const, time: clock.now().toISOString() };
  const [refusal] = await call(context, 'before', before, BEFORE_MS);
  if (context.signal.aborted) throw context.signal.reason;
  if (refusal !== undefined) {
    const { plugin, error } = refusal;
    const meant = isZebuError(error);
    throw new ZebuError(
      'HOOK_REFUSED',
      `The plugin ${plugin} ${meant ? 'refused' : 'failed before'} the ${operation}: ${firstLine(error)}`,
      {
        hint:
          (meant ? error.hint : undefined) ?? `Nothing was changed. To do without it: zebu plugins:uninstall ${plugin}`,
        details: { plugin, operation },
        cause: error,
      },
    );
  }
  const started = clock.elapsed();
  const tell = async (outcome: Outcome<O>): Promise<void> => {
    const after = {
      ...base,
      moment: 'after' as const,
      time: clock.now().toISOString(),
      seconds: Math.round((clock.elapsed() - started) / 1000),
      outcome,
    };
    for (const { plugin, error } of await call(
      context,
      'after',
      after,
      context.signal.aborted ? INTERRUPTED_MS : AFTER_MS,
    ))
      io.warn(`The plugin ${plugin} failed after the ${operation}: ${firstLine(error)}`);
  };
  let value: Result;
  try {
    value = await run();
  } catch (thrown) {
    const { code, exit, message } = toZebuError(thrown);
    await tell({ ok: false, error: { code, exit, message: io.redactor.clean(message) } });
    throw thrown;
  }
  await tell({ ok: true, result: result(value) });
  return value;
}
