import assert from 'node:assert/strict';
import { API_VERSION, type SecretSourceDescriptor, type TransportDescriptor } from '../providers.js';
import type { ConformanceCase } from './case.js';

type Descriptor = SecretSourceDescriptor | TransportDescriptor;

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
      name: 'loads its factory when it is asked to',
      run: () =>
        each(async ({ kind, load }) => {
          const factory = (await load()) as unknown as Readonly<Record<string, unknown>>;
          assert.equal(typeof factory[kind === 'transport' ? 'connect' : 'open'], 'function');
        }),
    },
  ];
}
