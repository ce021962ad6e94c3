import { describe, expect, it } from 'vitest';
import type { TransportDescriptor } from '@zebu/kit';
import { declarationProblem } from '../../../src/lib/providers/declaration.js';
import { installedTransports } from '../../../src/lib/providers/installed.js';
import { describedTransport, offeredTransports, transportsWithShell } from '../../../src/lib/providers/registry.js';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { Capture } from '../../support/capture.js';
import { transportHooks } from '../../support/own-transports.js';

const relay = (extra: object): TransportDescriptor => ({
  kind: 'transport',
  id: 'relay',
  apiVersion: 1,
  summary: 'a relay',
  capabilities: { hostShell: true },
  load: () => Promise.reject(new Error('nobody loads it')),
  ...extra,
});

const reasons = async (...others: readonly TransportDescriptor[]): Promise<readonly string[]> => {
  const hooks = transportHooks(...others.map((each, at) => [`zebu-plugin-${at}`, each] as const));
  return (await offeredTransports(hooks)).broken.map(({ reason }) => reason);
};

const text = { type: 'string', description: 'x.' };

describe('what a transport of somebody else declares', () => {
  it('is taken as the contract has it', async () => {
    const full = relay({
      keys: {
        relay: {
          ...text,
          minLength: 1,
          pattern: '^x',
          expected: 'must be x',
          default: 'x',
          tells: 'host',
          credential: 'file',
        },
        lanes: { type: 'number', description: 'x.', integer: true, minimum: 1, maximum: 2, default: 1 },
        quiet: { type: 'boolean', description: 'x.', default: true },
        hops: { type: 'array', description: 'x.', default: ['a'] },
        user: text,
      },
      host: { or: 'a name' },
      port: { default: 1, or: 'another' },
      ci: { files: [{ secret: 'A', file: 'a', key: 'relay' }], variables: ['B'] },
      init: {
        needs: 'a',
        variables: ['B'],
        later: [{ key: 'relay', example: 'a', where: 'b' }],
        hosts: async () => [],
      },
    });
    expect(await reasons(full, { ...relay({}), id: 'other' })).toEqual([]);
  });

  it('is so of what comes with zebu, which is not looked at again at each start', async () => {
    const { providers } = await offeredTransports(transportHooks());
    expect(providers).toHaveLength(2);
    for (const { descriptor } of providers) expect(declarationProblem(descriptor, [])).toBeUndefined();
  });

  it.each([
    [{ keys: { timeout: text } }, 'keys.timeout: this key is zebu’s own'],
    [{ keys: { 'Bad Key': text } }, 'keys.Bad Key: a key has lower-case letters, digits and underscores'],
    [{ keys: { a: { type: 'date', description: 'x.' } } }, 'keys.a.type: Invalid'],
    [{ keys: { a: { type: 'string' } } }, 'keys.a.description: Invalid'],
    [{ keys: { a: { ...text, pattern: '(' } } }, 'keys.a.pattern: not a regular expression'],
    [{ keys: { a: { ...text, default: 1 } } }, 'keys.a.default: Invalid'],
    [{ keys: [] }, 'keys: Invalid'],
    [{ port: { default: '8006' } }, 'port.default: Invalid'],
    [{ ci: { files: [{ secret: 'A B', file: 'a', key: 'b' }] } }, 'ci.files.0.secret: a name of'],
    [{ ci: { files: [{ secret: 'A', file: '../a', key: 'b' }] } }, 'ci.files.0.file: a plain file name'],
    [{ init: { later: [{ key: 'a', example: 'x\ny: 1', where: 'z' }] } }, 'init.later.0.example: one line of text'],
  ])('and else the plugin offers nothing, with what is wrong: %j', async (extra, said) => {
    const found = await reasons(relay(extra));
    expect(found).toEqual([expect.stringContaining(`what it declares is not as the contract has it: ${said}`)]);
    expect(found[0]).not.toContain('\n');
  });

  it('may not be another type than a key has already, of zebu’s own transports or of another plugin', async () => {
    const lanes = (type: string): object => ({ keys: { lanes: { type, description: 'x.' } } });
    expect(await reasons(relay({ keys: { user: { type: 'number', description: 'x.' } } }))).toEqual([
      'it declares `proxmox.user` as number, which is string for the transport ssh',
    ]);
    expect(await reasons(relay(lanes('number')), { ...relay(lanes('string')), id: 'other' })).toEqual([
      'it declares `proxmox.lanes` as string, which is number for the transport relay',
    ]);
  });

  it('breaks what chooses it, and is a warning to all else', async () => {
    const io = createConsole({
      ...{ stdout: new Capture(), stderr: new Capture(), stdin: {}, env: {} },
      json: false,
      debug: false,
    });
    const hooks = transportHooks(['zebu-plugin-relay', relay({ keys: { timeout: text } })]);
    await expect(describedTransport(hooks, 'relay', io)).rejects.toMatchObject({
      code: 'PROVIDER_BROKEN',
      message: expect.stringContaining('`relay` of zebu-plugin-relay cannot be used: what it declares') as string,
    });
    expect((await describedTransport(hooks, 'ssh', io)).descriptor.id).toBe('ssh');
    expect(io.warnings).toHaveLength(1);
  });
});

describe('transports that are installed', () => {
  const config = (type: string, ...hooks: readonly string[]) => ({
    plugins: new Map([['x', { type, hooks: Object.fromEntries(hooks.map((name) => [name, ['./hook.js']])) }]]),
    ...transportHooks(['zebu-plugin-relay', relay({})]),
  });
  const declared = async (made: ReturnType<typeof config>): Promise<readonly string[]> =>
    (await installedTransports(made as unknown as Parameters<typeof installedTransports>[0])).declared.map(
      ({ id }) => id,
    );

  it('are asked where a plugin of somebody else has one, and only they declare anything', async () => {
    expect(await declared(config('user', 'zebu:transports'))).toEqual(['relay']);
    expect(await declared(config('user', 'zebu:secret-sources'))).toEqual([]);
    expect(await declared(config('core', 'zebu:transports'))).toEqual([]);
  });

  it('are named for what they can, as the end of a sentence', async () => {
    const hooks = transportHooks(
      ['zebu-plugin-relay', relay({})],
      ['zebu-plugin-odd', { ...relay({ capabilities: undefined }), id: 'odd' }],
    );
    expect(await transportsWithShell(hooks, true)).toBe('ssh or relay');
    expect(await transportsWithShell(hooks, false)).toBe('api or odd');
    const none = { runHook: async () => ({ successes: [], failures: [] }) } as unknown as typeof hooks;
    expect(await transportsWithShell(none, true)).toBe('one with a shell on the host');
  });
});
