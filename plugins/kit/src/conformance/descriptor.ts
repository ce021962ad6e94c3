import assert from 'node:assert/strict';
import { API_VERSION, type SecretSourceDescriptor, type TransportDescriptor } from '../providers.js';
import type { TransportKey } from '../transport-keys.js';
import type { ConformanceCase } from './case.js';

type Descriptor = SecretSourceDescriptor | TransportDescriptor;

const TYPES: ReadonlySet<string> = new Set(['array', 'boolean', 'number', 'string']);

/** As zebu checks it, and what zebu does not: whether the default is one of the values. */
function checkKey(name: string, key: TransportKey): void {
  assert.match(name, /^[a-z][a-z0-9_]*$/, `${name}: lower-case letters, digits and underscores`);
  assert.ok(TYPES.has(key.type), `${name}: type is ${String(key.type)}`);
  assert.match(key.description, /^\S.*\.$/, `${name}: its description is one sentence`);
  const { default: value } = key;
  if (value === undefined) return;
  assert.equal(Array.isArray(value) ? 'array' : typeof value, key.type, `${name}: type of its default`);
  if (key.type === 'string' && key.pattern !== undefined)
    assert.match(String(value), new RegExp(key.pattern), `${name}: its default`);
}

/** What `zebu` asks of the file that a plugin names under `oclif.hooks`. */
export function descriptorCases(hook: () => Promise<Descriptor | readonly Descriptor[]>): readonly ConformanceCase[] {
  const each = async (check: (descriptor: Descriptor) => Promise<void> | void): Promise<void> => {
    const answer = await hook();
    const descriptors = Array.isArray(answer) ? (answer as readonly Descriptor[]) : [answer as Descriptor];
    assert.ok(descriptors.length > 0, 'the hook returns no descriptor');
    for (const descriptor of descriptors) await check(descriptor);
  };
  return [
    {
      name: 'describes itself: kind, id, one line of summary',
      run: () =>
        each(({ kind, id, summary }) => {
          assert.ok(kind === 'transport' || kind === 'secrets', `kind is ${String(kind)}`);
          assert.match(id, /^[a-z][a-z0-9-]*$/, 'id: lower-case letters, digits and hyphens');
          assert.match(summary, /^\S.*$/, 'summary: one line');
        }),
    },
    {
      name: `is made for contract version ${API_VERSION}`,
      run: () => each(({ apiVersion }) => assert.equal(apiVersion, API_VERSION)),
    },
    {
      name: 'declares keys that zebu.yml can have: named and typed, each with a sentence and a default that it takes itself',
      run: () =>
        each((descriptor) => {
          if (descriptor.kind === 'transport')
            for (const [name, key] of Object.entries(descriptor.keys ?? {})) checkKey(name, key);
        }),
    },
    {
      name: 'names only its own keys, and host and port, for CI and init',
      run: () =>
        each((descriptor) => {
          if (descriptor.kind !== 'transport') return;
          const { keys = {}, ci, init } = descriptor;
          for (const { key } of [...(ci?.files ?? []), ...(init?.later ?? [])])
            assert.ok(key in keys || key === 'host' || key === 'port', `${key} is no key of it`);
        }),
    },
    {
      name: 'loads its factory when it is asked to',
      run: () =>
        each(async ({ kind, load }) => {
          const factory = (await load()) as unknown as Readonly<Record<string, unknown>>;
          assert.equal(typeof factory[kind === 'transport' ? 'connect' : 'open'], 'function');
        }),
    },
  ];
}
