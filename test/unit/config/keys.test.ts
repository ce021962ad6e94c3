import { describe, expect, it } from 'vitest';
import type { TransportDeclaration } from '@zebu/kit';
import { deriveKeys } from '../../../src/lib/config/json-schema.js';
import { configKeys, type ConfigKey } from '../../../src/lib/config/keys.js';
import { schemaFor } from '../../../src/lib/config/schema.js';

describe('the keys of zebu.yml', () => {
  const keys = deriveKeys();

  it('gives every key a variable of its own and a sentence for the reference', () => {
    expect(new Set(keys.map((key) => key.variable)).size).toBe(keys.length);
    expect(keys.filter((key) => key.description === '').map((key) => key.path)).toEqual([]);
  });

  it('builds in no address, host or bridge', () => {
    const addressed = keys.filter((key) => /\.(host|bridge|gateway|node|url|volume)$/.test(key.path));
    expect(addressed.length).toBeGreaterThan(5);
    expect(addressed.filter((key) => key.default !== undefined)).toEqual([]);
  });

  it('keeps ZEBU_SECRETS free for what GitHub hands over', () => {
    expect(keys.find((key) => key.path === 'secrets')?.variable).toBe('ZEBU_SECRET_DECLARATIONS');
  });
});

describe('keys that transports declare', () => {
  const relay: TransportDeclaration = {
    id: 'relay',
    keys: {
      relay: { type: 'string', minLength: 2, description: 'its address.' },
      lanes: { type: 'number', integer: true, minimum: 1, maximum: 8, default: 2, description: 'lanes.' },
      quiet: { type: 'boolean', description: 'whether it is quiet.' },
      hops: { type: 'array', default: ['a'], description: 'relays on the way.' },
    },
  };
  const badge: TransportDeclaration = {
    id: 'badge',
    keys: {
      relay: {
        type: 'string',
        pattern: '^b',
        expected: 'must begin with b',
        default: 'b',
        description: 'its address.',
      },
      hops: { type: 'array', description: 'who looks at the badge.' },
    },
  };

  it('are the same when they are added to known ones as when all are derived from the schema', async () => {
    const added = await configKeys([relay]);
    expect(added.length).toBe((await configKeys()).length + 4);
    // What zebu's own keys say of other transports is said where the whole schema is shown.
    const own = /^proxmox\.(transport|host|port)$/;
    const said = (all: readonly ConfigKey[]): readonly unknown[] =>
      all.map((key) => (own.test(key.path) ? { ...key, description: '' } : key));
    expect(said(added)).toEqual(said(deriveKeys([relay])));
  });

  it('are one where several declare them, by the rules of the one that is used', () => {
    const derived = deriveKeys([relay, badge]);
    const about = (path: string): unknown => derived.find((key) => key.path === `proxmox.${path}`)?.description;
    expect(about('relay')).toBe('`relay`, `badge`: its address.');
    expect(about('hops')).toBe('`relay`: relays on the way. `badge`: who looks at the badge.');
    const proxmox = (chosen: string, text: string): unknown => {
      const parsed = schemaFor([relay, badge], chosen).safeParse({ app: { name: 'shop' }, proxmox: { relay: text } });
      return parsed.success || parsed.error.issues.map(({ message }) => message);
    };
    expect(proxmox('badge', 'c')).toEqual(['must begin with b']);
    expect(proxmox('badge', 'bx')).toBe(true);
    expect(proxmox('relay', 'cx')).toBe(true);
    expect(proxmox('relay', 'c')).toEqual([expect.stringMatching(/^Too small/)]);
    const defaults = (chosen: string): unknown => {
      const { proxmox: section } = schemaFor([relay, badge], chosen).parse({ app: { name: 'shop' } });
      return (section as Record<string, unknown>)['relay'];
    };
    expect([defaults('badge'), defaults('relay')]).toEqual(['b', undefined]);
  });
});
