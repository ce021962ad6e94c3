import { describe, expect, it } from 'vitest';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { findTransport, listProviders, type Hooks } from '../../../src/lib/providers/registry.js';
import { Capture } from '../../support/capture.js';

const transport = (id: string, apiVersion = 1) => ({
  kind: 'transport' as const,
  id,
  apiVersion,
  summary: id,
  capabilities: { hostShell: false },
  load: () => Promise.reject(new Error('not loaded in these tests')),
});

interface Answers {
  readonly results?: Readonly<Record<string, unknown>>;
  readonly failures?: Readonly<Record<string, string>>;
}

function hooks({ results = {}, failures = {} }: Answers): Hooks {
  const runHook = async (event: string): Promise<unknown> => ({
    successes:
      event === 'zebu:transports'
        ? Object.entries(results).map(([name, result]) => ({ plugin: { name }, result }))
        : [],
    failures:
      event === 'zebu:transports'
        ? Object.entries(failures).map(([name, text]) => ({ plugin: { name }, error: new Error(text) }))
        : [],
  });
  return { runHook } as unknown as Hooks;
}

function console(): { io: ReturnType<typeof createConsole>; stderr: Capture } {
  const stderr = new Capture();
  return {
    stderr,
    io: createConsole({ stdout: new Capture(), stderr, stdin: {}, env: {}, json: false, debug: false }),
  };
}

describe('findTransport', () => {
  const two = { 'plugin-a': transport('ssh'), 'plugin-b': [transport('api'), transport('other')] };

  it('finds the one that is named, without loading any', async () => {
    expect((await findTransport(hooks({ results: two }), 'api', console().io)).id).toBe('api');
  });

  it('lists what there is when there is no such one, with the nearest', async () => {
    await expect(findTransport(hooks({ results: two }), 'shs', console().io)).rejects.toMatchObject({
      code: 'PROVIDER_UNKNOWN',
      message: 'proxmox.transport `shs` is not offered by any plugin; there is api, other, ssh',
      hint: 'Did you mean `ssh`?',
    });
  });

  it('refuses an id that two plugins offer, naming both', async () => {
    const twice = { 'plugin-a': transport('ssh'), 'plugin-c': transport('ssh') };
    await expect(findTransport(hooks({ results: twice }), 'ssh', console().io)).rejects.toMatchObject({
      code: 'PROVIDER_BROKEN',
      message: 'proxmox.transport `ssh` is offered by plugin-a and plugin-c',
    });
  });

  it.each([0, 99])('refuses the chosen one when it was made for contract version %i', async (version) => {
    await expect(
      findTransport(hooks({ results: { odd: transport('x', version) } }), 'x', console().io),
    ).rejects.toMatchObject({
      code: 'PROVIDER_BROKEN',
      message: expect.stringContaining(`of odd cannot be used: it was made for contract version ${version}`) as string,
    });
  });

  it('only warns of broken plugins that are not the chosen one', async () => {
    const { io, stderr } = console();
    const answers = {
      results: { ...two, odd: transport('x', 99), empty: {} },
      failures: { broken: 'Cannot find module y\nstack' },
    };
    expect((await findTransport(hooks(answers), 'ssh', io)).id).toBe('ssh');
    expect(io.warnings).toEqual([
      'The plugin broken offers nothing: Cannot find module y',
      'The plugin empty offers nothing: it does not describe a provider',
      "The plugin odd offers nothing: it was made for contract version 99, newer than this zebu's 1: update zebu",
    ]);
    expect(stderr.text).not.toContain('stack');
  });
});

describe('listProviders', () => {
  it('names the plugin of each', async () => {
    const { providers } = await listProviders(hooks({ results: { 'plugin-a': transport('ssh') } }));
    expect(providers).toEqual([{ kind: 'transport', id: 'ssh', plugin: 'plugin-a', summary: 'ssh' }]);
  });
});
