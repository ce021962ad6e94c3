import { describe, expect, it } from 'vitest';
import { ZebuError, type SecretSourceContext, type Transport, type TransportContext } from '@zebu/kit';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { blame } from '../../../src/lib/providers/blamed.js';
import { connectWith, listProviders, openWith, type Hooks } from '../../../src/lib/providers/registry.js';
import { Capture } from '../../support/capture.js';

const transport = (id: string, apiVersion = 1) => ({
  kind: 'transport' as const,
  id,
  apiVersion,
  summary: id,
  capabilities: { hostShell: false },
  load: async () => ({ connect: async () => ({ id, where: `${id} of the test` }) }),
});

/** Loads the transport that is named, as a command does. */
const find = (config: Hooks, id: string, io = console().io): Promise<Transport> =>
  connectWith(config, id, { io } as unknown as TransportContext);

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

describe('the transport', () => {
  const two = { 'plugin-a': transport('ssh'), 'plugin-b': [transport('api'), transport('other')] };

  it('is the one that is named', async () => {
    expect((await find(hooks({ results: two }), 'api')).id).toBe('api');
  });

  it('lists what there is when there is no such one, with the nearest', async () => {
    await expect(find(hooks({ results: two }), 'shs')).rejects.toMatchObject({
      code: 'PROVIDER_UNKNOWN',
      message: 'proxmox.transport `shs` is not offered by any plugin; there is api, other, ssh',
      hint: 'Did you mean `ssh`?',
    });
  });

  it('refuses an id that two plugins offer, naming both', async () => {
    const twice = { 'plugin-a': transport('ssh'), 'plugin-c': transport('ssh') };
    await expect(find(hooks({ results: twice }), 'ssh')).rejects.toMatchObject({
      code: 'PROVIDER_BROKEN',
      message: 'proxmox.transport `ssh` is offered by plugin-a and plugin-c',
    });
  });

  it.each([0, 99])('refuses the chosen one when it was made for contract version %i', async (version) => {
    await expect(find(hooks({ results: { odd: transport('x', version) } }), 'x')).rejects.toMatchObject({
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
    expect((await find(hooks(answers), 'ssh', io)).id).toBe('ssh');
    expect(io.warnings).toEqual([
      'The plugin broken offers nothing: Cannot find module y',
      'The plugin empty offers nothing: it does not describe a provider',
      "The plugin odd offers nothing: it was made for contract version 99, newer than this zebu's 1: update zebu",
    ]);
    expect(stderr.text).not.toContain('stack');
  });
});

describe('what a plugin throws', () => {
  /** A transport whose every part throws what is given; as classes do, it keeps something to itself. */
  class Throwing {
    readonly id = 'x';
    readonly #thrown: () => Error;
    readonly hostShell = { exec: async (): Promise<never> => Promise.reject(this.#thrown()) };
    constructor(thrown: () => Error) {
      this.#thrown = thrown;
    }
    async doRequest(): Promise<never> {
      throw this.#thrown();
    }
    close(): void {
      throw this.#thrown();
    }
  }
  const throwing = (thrown: () => Error, type = 'user'): Promise<Transport> => {
    const made = { ...transport('x'), load: async () => ({ connect: async () => new Throwing(thrown) }) };
    const runHook = async (): Promise<unknown> => ({
      successes: [{ plugin: { name: 'zebu-plugin-x', type }, result: made }],
      failures: [],
    });
    return find({ runHook } as unknown as Hooks, 'x');
  };
  const defect = {
    code: 'PROVIDER_BROKEN',
    message: 'The plugin zebu-plugin-x failed: x is not a function',
    hint: expect.stringContaining('zebu plugins:update') as string,
  };

  it('unforeseen is a defect of the plugin, in one line that names it', async () => {
    const made = await throwing(() => new TypeError('x is not a function\n  at somewhere'));
    await expect(made.doRequest('GET', '/', '/')).rejects.toMatchObject(defect);
    await expect(made.hostShell?.exec(['true'])).rejects.toMatchObject(defect);
    expect(() => made.close()).toThrow(expect.objectContaining(defect) as Error);
    expect(made.id).toBe('x');
    expect(blame('a word', 'zebu-plugin-x')).toMatchObject({ message: 'The plugin zebu-plugin-x failed: a word' });
  });

  it('as an error of the contract keeps its code, and names the plugin unless Proxmox said it', async () => {
    const unreachable = new ZebuError('UNREACHABLE', 'No answer', { hint: 'Wait.', details: { port: 1 } });
    await expect((await throwing(() => unreachable)).doRequest('GET', '/', '/')).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: 'No answer (from plugin zebu-plugin-x)',
      hint: 'Wait.',
      details: { port: 1 },
    });
    const refused = new ZebuError('PROXMOX_REFUSED', 'no such VM');
    await expect((await throwing(() => refused)).doRequest('GET', '/', '/')).rejects.toBe(refused);
  });

  it('while it is loaded is no different, and what comes with zebu is not blamed', async () => {
    const odd = { ...transport('x'), load: () => Promise.reject(new Error('Cannot find module y')) };
    await expect(find(hooks({ results: { odd } }), 'x')).rejects.toMatchObject({
      code: 'PROVIDER_BROKEN',
      message: 'The plugin odd failed: Cannot find module y',
    });
    const bug = new TypeError('x is not a function');
    await expect((await throwing(() => bug, 'core')).doRequest('GET', '/', '/')).rejects.toBe(bug);
  });

  it('in a source of secrets names it too', async () => {
    const read = async (): Promise<never> => Promise.reject(new Error('the store is shut'));
    const source = { ...transport('vault'), kind: 'secrets', load: async () => ({ open: async () => ({ read }) }) };
    const runHook = async (): Promise<unknown> => ({
      successes: [{ plugin: { name: 'zebu-plugin-vault', type: 'link' }, result: source }],
      failures: [],
    });
    const config = { runHook } as unknown as Hooks;
    const opened = await openWith(config, 'vault', { io: console().io } as unknown as SecretSourceContext);
    await expect(opened.read(['KEY'])).rejects.toMatchObject({
      code: 'PROVIDER_BROKEN',
      message: 'The plugin zebu-plugin-vault failed: the store is shut',
    });
  });
});

describe('listProviders', () => {
  it('names the plugin of each', async () => {
    const { providers } = await listProviders(hooks({ results: { 'plugin-a': transport('ssh') } }));
    expect(providers).toEqual([{ kind: 'transport', id: 'ssh', plugin: 'plugin-a', summary: 'ssh' }]);
  });
});
