import type { Config as OclifConfig } from '@oclif/core';
import { describe, expect, it } from 'vitest';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { ZebuError } from '../../../plugins/kit/src/errors.js';
import type { Context } from '../../../src/lib/context/context.js';
import { around } from '../../../src/lib/hooks/around.js';
import { Capture } from '../../support/capture.js';

interface FakePlugin {
  readonly name: string;
  readonly hook: string;
  readonly contract?: number;
  readonly run: (event: unknown) => unknown;
}

/** What oclif does with hooks, reduced to what is relied on. */
class FakeOclif {
  readonly plugins: Map<string, unknown>;

  constructor(plugins: readonly FakePlugin[]) {
    this.plugins = new Map(
      plugins.map((plugin) => [
        plugin.name,
        { ...plugin, hooks: { [plugin.hook]: [{}] }, pjson: { zebu: { contract: plugin.contract } } },
      ]),
    );
  }

  async runHook(_name: string, { event }: { event: unknown }): Promise<unknown> {
    const failures: unknown[] = [];
    for (const plugin of this.plugins.values() as Iterable<FakePlugin>) {
      try {
        await plugin.run(event);
      } catch (error) {
        failures.push({ plugin, error });
      }
    }
    return { successes: [], failures };
  }
}

function setUp(...plugins: readonly FakePlugin[]): {
  context: Context;
  abort: AbortController;
  warnings: readonly string[];
} {
  const abort = new AbortController();
  const io = createConsole({
    stdout: new Capture(),
    stderr: new Capture(),
    stdin: {},
    env: {},
    json: false,
    debug: false,
  });
  let elapsed = 0;
  const context = {
    config: { app: { name: 'shop', url: 'https://shop.example' } },
    loaded: { overlay: 'staging' },
    io,
    signal: abort.signal,
    clock: { now: () => new Date(0), elapsed: () => (elapsed += 2000), sleep: async () => {} },
    env: () => undefined,
    oclif: new FakeOclif(plugins) as unknown as OclifConfig,
  } as unknown as Context;
  return { context, abort, warnings: io.warnings };
}

const input = { ref: 'v1', kind: 'tag', commit: null } as const;
const deployed = { release: 'r1', ref: 'v1', commit: 'c', previous: null, seconds: 1, host: '10.0.0.2' };

describe('hooks around an operation', () => {
  it('tells both moments of one run the same things, and the outcome after it', async () => {
    const seen: unknown[] = [];
    const { context } = setUp(
      { name: 'a', hook: 'zebu:before-deploy', run: (event) => seen.push(event) },
      { name: 'b', hook: 'zebu:after-deploy', contract: 1, run: (event) => seen.push(event) },
    );
    const value = await around(
      context,
      'deploy',
      input,
      async () => deployed,
      (result) => result,
    );
    expect(value).toBe(deployed);
    const common = { contract: 1, operation: 'deploy', app: 'shop', environment: 'staging', input };
    expect(seen).toEqual([
      expect.objectContaining({ ...common, moment: 'before' }),
      expect.objectContaining({ ...common, moment: 'after', seconds: 2, outcome: { ok: true, result: deployed } }),
    ]);
    const [first, second] = seen as { run: string }[];
    expect(first?.run).toBe(second?.run);
  });

  it('is refused by a before hook that throws, and does nothing', async () => {
    const { context } = setUp({
      name: 'freeze',
      hook: 'zebu:before-deploy',
      run: () => {
        throw new ZebuError('VM_NOT_READY', 'no deploys on Fridays', { hint: 'Wait until Monday.' });
      },
    });
    let ran = false;
    const run = async (): Promise<typeof deployed> => {
      ran = true;
      return deployed;
    };
    await expect(around(context, 'deploy', input, run, (result) => result)).rejects.toMatchObject({
      code: 'HOOK_REFUSED',
      message: 'The plugin freeze refused the deploy: no deploys on Fridays',
      hint: 'Wait until Monday.',
    });
    expect(ran).toBe(false);
  });

  it('refuses when a guard was made for another contract, without calling it', async () => {
    const { context } = setUp({
      name: 'old-guard',
      hook: 'zebu:before-deploy',
      contract: 0,
      run: () => expect.unreachable(),
    });
    await expect(
      around(
        context,
        'deploy',
        input,
        async () => deployed,
        (result) => result,
      ),
    ).rejects.toMatchObject({
      code: 'HOOK_REFUSED',
      message: expect.stringContaining(
        'old-guard failed before the deploy: it was made for contract version 0',
      ) as string,
    });
  });

  it('only warns of an after hook that fails, and tells it of a failure', async () => {
    let outcome: unknown;
    const { context, warnings } = setUp({
      name: 'notifier',
      hook: 'zebu:after-deploy',
      run: (event) => {
        outcome = (event as { outcome: unknown }).outcome;
        throw new Error('no route\nstack');
      },
    });
    const failing = around(
      context,
      'deploy',
      input,
      async () => {
        throw new ZebuError('DEPLOY_RESTORED', 'not healthy');
      },
      () => deployed,
    );
    await expect(failing).rejects.toMatchObject({ code: 'DEPLOY_RESTORED' });
    expect(outcome).toEqual({ ok: false, error: { code: 'DEPLOY_RESTORED', exit: 7, message: 'not healthy' } });
    expect(warnings).toEqual(['The plugin notifier failed after the deploy: no route']);
  });
});
